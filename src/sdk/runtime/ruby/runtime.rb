# frozen_string_literal: true

require "json"
require "net/http"
require "openssl"
require "time"
require "uri"

module ServiceModule
  # Sends an API's requests: parameters, body, API key, signature, time limits, retries; and reads its answers.
  module Runtime
    # A structure of the API: attributes here, a JSON object on the wire.
    class Structure
      class << self
        # name → [wire name, shape]
        def shapes
          @shapes ||= {}
        end

        def member(name, wire, shape = nil)
          shapes[name] = [wire, shape]
          attr_accessor name
        end

        # The member that is written so: in Ruby's way or in the API's.
        def name_of(key)
          text = key.to_s
          shapes.each_key.find { |name| name.to_s == text } || shapes.each_key.find { |name| shapes[name][0] == text }
        end
      end

      def initialize(values = {})
        values.each { |key, value| self[key] = value }
      end

      def [](key)
        name = Runtime.class_of(self).name_of(key)
        name && instance_variable_get("@#{name}")
      end

      def []=(key, value)
        name = Runtime.class_of(self).name_of(key)
        Kernel.raise ArgumentError, "unexpected value at #{key.inspect}" unless name
        instance_variable_set("@#{name}", value)
      end

      # Hashes and arrays, by the names that Ruby has; what is nil is left out.
      def to_h
        pairs = Runtime.class_of(self).shapes.keys.map { |name| [name, instance_variable_get("@#{name}")] }
        pairs.reject { |_, value| value.nil? }.to_h { |name, value| [name, Runtime.plain(value)] }
      end

      def ==(other)
        other.instance_of?(Runtime.class_of(self)) && to_h == other.to_h
      end
      alias eql? ==

      def hash
        to_h.hash
      end

      def inspect
        "#<#{Runtime.class_of(self)} #{to_h.inspect}>"
      end
      alias to_s inspect
    end

    # An answer: `resp.result`, `resp.to_h`, `resp.status_code`, `resp.headers`.
    class Response
      attr_reader :data, :status_code, :headers, :raw_body

      def initialize(data, status_code, headers, raw_body)
        @data = data
        @status_code = status_code
        @headers = headers
        @raw_body = raw_body
      end

      def successful?
        status_code < 300
      end

      def to_h
        Runtime.plain(data)
      end

      def [](key)
        data[key]
      end

      def inspect
        "#<response #{status_code} #{data.inspect}>"
      end

      def respond_to_missing?(name, include_private = false)
        Runtime.class_of(data).shapes.key?(name) || super
      end

      def method_missing(name, *arguments)
        Runtime.class_of(data).shapes.key?(name) && arguments.empty? ? data[name] : super
      end
    end

    # What answers an operation that has no model.
    class Nothing < Structure
    end

    # An answer that is not 2xx.
    class ServiceError < StandardError
      attr_reader :status_code, :headers, :data, :raw_body

      def initialize(data, status_code, headers, raw_body)
        super("the API answered #{status_code}")
        @data = data
        @status_code = status_code
        @headers = headers
        @raw_body = raw_body
      end

      # As the API names it, or nil.
      def code
        headers["x-amzn-errortype"]
      end
    end

    # No answer: the connection failed (`cause` says how), or it took too long.
    class NetworkingError < StandardError
      def initialize(error)
        super("#{error.class}: #{error.message}")
        @is_timeout = error.is_a?(Timeout::Error)
      end

      def timeout?
        @is_timeout
      end
    end

    Credentials = Struct.new(:access_key_id, :secret_access_key, :session_token)

    module_function

    def class_of(object)
      Kernel.instance_method(:class).bind(object).call
    end

    # Structures as hashes, by the names that Ruby has.
    def plain(value)
      case value
      when Structure then value.to_h
      when Array then value.map { |item| plain(item) }
      when Hash then value.transform_values { |item| plain(item) }
      else value
      end
    end

    # A shape is nil (as it is), [items], { nil => values } or a lambda that answers a structure's class.
    def decode(value, shape)
      case shape
      when Array then value.is_a?(Array) ? value.map { |item| decode(item, shape[0]) } : value
      when Hash then value.is_a?(Hash) ? value.transform_values { |item| decode(item, shape[nil]) } : value
      when Proc then value.is_a?(Hash) ? decode_structure(value, shape.call) : value
      else value
      end
    end

    def decode_structure(values, type)
      structure = type.new
      type.shapes.each { |name, (wire, shape)| structure[name] = decode(values[wire], shape) if values.key?(wire) }
      structure
    end

    # For JSON: hashes may have the names of Ruby or those of the API.
    def encode(value, shape)
      case shape
      when Array then value.is_a?(Array) ? value.map { |item| encode(item, shape[0]) } : value
      when Hash then value.is_a?(Hash) ? value.transform_values { |item| encode(item, shape[nil]) } : value
      when Proc then encode_structure(value, shape.call)
      else value
      end
    end

    def encode_structure(value, type)
      return value unless value.is_a?(Hash) || value.is_a?(Structure)

      structure = value.is_a?(Structure) ? value : type.new(value)
      pairs = type.shapes.map { |name, (wire, shape)| [wire, encode(structure[name], shape)] }
      pairs.reject { |_, item| item.nil? }.to_h
    end

    # RFC 3986: everything but unreserved characters.
    def quote(text)
      text.to_s.b.gsub(/[^A-Za-z0-9\-._~]/n) { |char| format("%%%02X", char.ord) }
    end

    # Does what all clients have in common. The client is another object: operations may have any name.
    class Sender
      DEFAULTS = { retry_limit: 3, http_open_timeout: 15, http_read_timeout: 60, http_wire_trace: false }.freeze
      NETWORK_ERRORS = [SystemCallError, SocketError, IOError, Timeout::Error, OpenSSL::SSL::SSLError].freeze
      IDEMPOTENT = %w[GET HEAD OPTIONS PUT DELETE].freeze

      def initialize(api, options)
        @config = DEFAULTS.merge(api).merge(options.compact)
        @endpoint = URI.parse(@config[:endpoint].to_s.chomp("/"))
      end

      # An operation's call: its facts, what its caller gave, and what the API does not know of.
      def call(operation, params, options)
        inputs = operation[:inputs]
        params = params.to_h.transform_keys { |key| input_name(inputs, key) }
        path = operation[:path].gsub(/\{([^}+]+)(\+?)\}/) { segment(params, inputs, Regexp.last_match) }
        query = values_in(:query, inputs, params)
        headers = values_in(:header, inputs, params).to_h
        body = params[:body_member]
        body = Runtime.encode(body, operation[:body]) if operation[:body]
        status, answer_headers, raw = request(
          operation[:method], path, query: query, headers: headers, body: body,
          content_type: operation[:content_type], options: options
        )
        value = read(raw, answer_headers)
        unless status < 300
          type, shape = operation[:failures].fetch(status, [operation[:failure], nil])
          raise type.new(Runtime.decode(value, shape), status, answer_headers, raw)
        end
        Response.new(result(operation, status, answer_headers, value), status, answer_headers, raw)
      end

      # Status, headers and body of any request to the API.
      def request(method, path, query: [], headers: {}, body: nil, content_type: nil, options: {})
        settings = @config.merge(options.slice(:http_open_timeout, :http_read_timeout, :retry_limit))
        search = (query + pairs(options[:query])).map { |name, value| "#{Runtime.quote(name)}=#{Runtime.quote(value)}" }
        mark = path.include?("?") ? "&" : "?"
        target = "#{@endpoint.path}#{path}#{"#{mark}#{search.join('&')}" unless search.empty?}"
        bytes = body.nil? || body.is_a?(String) ? body : JSON.generate(Runtime.plain(body))
        all = { "accept" => "application/json" }
        all["content-type"] = content_type || "application/json" if bytes
        all["x-api-key"] = @config[:api_key] if @config[:api_key]
        [headers, options[:headers] || {}].each { |some| some.each { |name, value| all[name.to_s.downcase] = value.to_s } }
        send_with_retries(method, target, all, bytes, settings)
      end

      private

      def input_name(inputs, key)
        text = key.to_s
        found = inputs.find { |name, _| name.to_s == text } || inputs.find { |_, (wire, _)| wire == text }
        raise ArgumentError, "unexpected value at params[#{key.inspect}]" unless found

        found[1][1].include?(:body) ? :body_member : found[0]
      end

      def values_in(place, inputs, params)
        inputs.select { |_, (_, places)| places.include?(place) }.flat_map { |name, (wire, _)| pairs(wire => params[name]) }
      end

      def pairs(values)
        (values || {}).flat_map { |name, value| Array(value.is_a?(Hash) ? [value] : value).map { |one| [name.to_s, one] } }
      end

      def segment(params, inputs, match)
        wire = match[1]
        name, = inputs.find { |_, (one, places)| one == wire && places.include?(:path) }
        value = params[name]
        raise ArgumentError, "missing required parameter params[#{name.inspect}]" if value.nil?

        segments = match[2].empty? ? [value.to_s] : value.to_s.split("/", -1)
        # A URL can't have such a segment: it would name another resource.
        if value.to_s.empty? || segments.any? { |one| [".", ".."].include?(one) }
          raise ArgumentError, "#{wire} must not be #{value.to_s.inspect}"
        end

        segments.map { |one| Runtime.quote(one) }.join("/")
      end

      def result(operation, status, headers, value)
        data = operation[:result].new
        operation[:result_headers].each { |name, header| data[name] = headers[header.downcase] }
        name, shape = operation[:answers][status]
        data[name] = Runtime.decode(value, shape) if name
        data
      end

      # By its media type: JSON, text, or else bytes. Nil if there is nothing.
      def read(raw, headers)
        return nil if raw.empty?

        type = headers["content-type"].to_s
        return raw.dup.force_encoding(Encoding::UTF_8) if type.start_with?("text/")

        type.match?(%r{\A[^;]*[/+]json\b}i) ? JSON.parse(raw) : raw
      rescue JSON::ParserError
        raw
      end

      def send_with_retries(method, target, headers, body, settings)
        attempt = 0
        begin
          status, *rest = send_once(method, target, headers, body, settings)
          raise Again if attempt < settings[:retry_limit] && again?(method, status)

          [status, *rest]
        rescue Again, *NETWORK_ERRORS => error
          attempt += 1
          retriable = error.is_a?(Again) || error.is_a?(Errno::ECONNREFUSED) || IDEMPOTENT.include?(method)
          raise NetworkingError, error unless retriable && attempt <= settings[:retry_limit] && !error.is_a?(Timeout::Error)

          sleep([0.3 * 2**attempt * rand, 20].min)
          retry
        end
      end

      # The answer calls for another attempt.
      class Again < StandardError
      end
      private_constant :Again

      def again?(method, status)
        status == 429 || (status >= 500 && status != 501 && IDEMPOTENT.include?(method))
      end

      def send_once(method, target, headers, body, settings)
        http = Net::HTTP.new(@endpoint.hostname, @endpoint.port)
        http.use_ssl = @endpoint.scheme == "https"
        http.open_timeout = settings[:http_open_timeout]
        http.read_timeout = settings[:http_read_timeout]
        http.max_retries = 0
        http.set_debug_output($stdout) if settings[:http_wire_trace]
        request = Net::HTTPGenericRequest.new(method, !body.nil?, method != "HEAD", target)
        signed(method, target, headers, body.to_s).each { |name, value| request[name] = value }
        request.body = body if body
        answer = http.start { |connection| connection.request(request) }
        [answer.code.to_i, answer.to_hash.transform_values { |values| values.join(", ") }, answer.body.to_s]
      end

      def credentials
        given = @config[:credentials]
        given = given.credentials if given.respond_to?(:credentials)
        return given if given

        key = @config[:access_key_id] || @config[:access_key]
        secret = @config[:secret_access_key] || @config[:secret_key]
        Credentials.new(key, secret, @config[:session_token]) if key && secret
      end

      def hmac(key, text)
        OpenSSL::HMAC.digest("SHA256", key, text)
      end

      # Adds the signature's headers. AWS: IAM user guide, "Create a signed AWS API request".
      def signed(method, target, headers, body)
        keys = credentials
        host = @endpoint.port == @endpoint.default_port ? @endpoint.host : "#{@endpoint.host}:#{@endpoint.port}"
        return headers.merge("host" => host) unless keys

        moment = Time.now.utc.strftime("%Y%m%dT%H%M%SZ")
        all = headers.merge("host" => host, "x-amz-date" => moment)
        all["x-amz-security-token"] = keys.session_token if keys.session_token
        # 1. The canonical request; path segments are encoded once more, as for all services but S3.
        path, query = target.split("?", 2)
        names = all.keys.sort.join(";")
        canonical_request = [
          method,
          path.split("/", -1).map { |segment| Runtime.quote(segment) }.join("/"),
          query.to_s.split("&").sort.join("&"),
          *all.sort.map { |name, value| "#{name}:#{value.strip.gsub(/ +/, ' ')}" },
          "",
          names,
          OpenSSL::Digest.hexdigest("SHA256", body)
        ].join("\n")
        # 2. The string to sign.
        scope = "#{moment[0, 8]}/#{@config[:region]}/execute-api/aws4_request"
        to_sign = ["AWS4-HMAC-SHA256", moment, scope, OpenSSL::Digest.hexdigest("SHA256", canonical_request)].join("\n")
        # 3. The signing key, and 4. the signature.
        key = scope.split("/").reduce("AWS4#{keys.secret_access_key}") { |secret, part| hmac(secret, part) }
        signature = OpenSSL::HMAC.hexdigest("SHA256", key, to_sign)
        credential = "Credential=#{keys.access_key_id}/#{scope}"
        all.merge("authorization" => "AWS4-HMAC-SHA256 #{credential}, SignedHeaders=#{names}, Signature=#{signature}")
      end
    end
  end
end
