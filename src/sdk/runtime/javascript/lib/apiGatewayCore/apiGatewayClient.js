// Makes requests of calls: parameters, body, API key, signature.
(() => {
  globalThis.apiGateway ??= {};
  const { apiGateway } = globalThis;
  apiGateway.core ??= {};

  /** A body as it is sent: text and bytes as they are, everything else as JSON. As in AWS's SDK `{}` is none. */
  async function encodeBody(verb, body) {
    if (verb === "GET" || verb === "HEAD" || body === undefined || body === null || body === "") return undefined;
    if (typeof body === "string") return body;
    if (typeof Blob === "function" && body instanceof Blob) return new Uint8Array(await body.arrayBuffer());
    if (body instanceof ArrayBuffer) return new Uint8Array(body);
    if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
    if (body instanceof URLSearchParams) return body.toString();
    if (typeof body === "object" && !Array.isArray(body) && Object.keys(body).length === 0) return undefined;
    return JSON.stringify(body);
  }

  const defaults = {
    accessKey: "",
    secretKey: "",
    sessionToken: "",
    apiKey: "",
    defaultContentType: "application/json",
    defaultAcceptType: "application/json",
  };

  /** Answers what gives the client its operations. */
  apiGateway.core.clientDefinition = (client, config, api) => {
    const { core } = apiGateway;
    const { utils } = core;
    const given = Object.entries(config ?? {}).filter(([, value]) => !utils.isNothing(value));
    const settings = { ...defaults, ...api, ...Object.fromEntries(given) };
    const base = String(settings.invokeUrl).replace(/\/$/, "");
    const http = core.simpleHttpClientFactory.newClient();
    const signer =
      settings.accessKey !== "" && settings.secretKey !== "" ? core.sigV4ClientFactory.newClient(settings) : undefined;

    /** The operation's own parameters of one place. */
    const pick = (params, names) => Object.fromEntries((names ?? []).map((name) => [name, params[name]]));

    async function send(operation, path, params, body, additional) {
      const query = utils.queryString(utils.merge(pick(params, operation.queryParams), additional.queryParams));
      const headers = utils.merge(
        pick(params, operation.headers),
        settings.apiKey === "" ? {} : { "x-api-key": settings.apiKey },
        additional.headers,
      );
      const data = await encodeBody(operation.verb, body);
      const setDefault = (name, value) => {
        if (utils.headerName(headers, name) === undefined) headers[name] = value;
      };
      setDefault("Accept", settings.defaultAcceptType);
      if (data !== undefined) setDefault("Content-Type", operation.contentType ?? settings.defaultContentType);
      const url = `${base}${path}${query === "" ? "" : `?${query}`}`;
      const bytes = typeof data === "string" ? new TextEncoder().encode(data) : (data ?? new Uint8Array(0));
      return http.makeRequest({
        url,
        verb: operation.verb,
        headers: signer === undefined ? headers : signer.sign(operation.verb, url, headers, bytes),
        body: data === undefined ? undefined : bytes,
        responseType: additional.config?.responseType,
        timeout: additional.config?.timeout ?? settings.timeout,
      });
    }

    return (names, operation) => {
      // As in AWS's SDK, a parameter that is missing throws at once.
      const call = (params, body, additionalParams) => {
        const values = params ?? {};
        for (const name of operation.required ?? []) utils.assertDefined(values[name], name);
        const path = operation.path === "/" ? "/" : utils.expandPath(operation.path, values);
        return send(operation, path, values, body, additionalParams ?? {});
      };
      for (const name of names) client[name] = call;
    };
  };
})();
