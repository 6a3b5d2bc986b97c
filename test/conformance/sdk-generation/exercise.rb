# Uses a generated Ruby SDK as its user would, and prints what it saw as JSON. The gem is installed.
require "base64"
require "json"
require "simplecalc-sdk"

def assert(is_true, message = nil)
  raise(message || "not so") unless is_true
end

def error_of(type)
  yield
  nil
rescue type => error
  error
end

seen = {}
plain = SimpleCalc::Client.new(retry_limit: 0)
assert((%i[get_api_root get_ab_op post_api_root] - plain.operation_names).empty?)

# As AWS's guide calls them.
seen["sum"] = plain.get_api_root({ a: "1", b: "2", op: "+" }).result.output.c
resp = plain.post_api_root(input: { a: 6, b: 7, op: "*" })
assert(resp.to_h == { result: { input: { a: 6, b: 7, op: "*" }, output: { c: 42 } } }, resp.to_h.inspect)
seen["product"] = resp.result.output.c
seen["inPath"] = plain.get_ab_op({ a: 1, b: 2, op: "ä /?&%+ '()!" }).result.input.op

pet = {
  name: "Rex",
  kind: "dog's \"friend\"",
  weight: 1.5,
  is_tame: false,
  tags: ["a"],
  friends: [{ name: "Tom" }],
  owner: SimpleCalc::Types::PetOwner.new(name: "Ann", e_mail: "a@b"),
  scores: { "x" => 1 },
  "class" => "c",
  "end" => "e",
  "größe" => "ß",
  anything: { free: [1, nil] }
}
created = plain.post_pets(pet: pet)
assert(created.pet.friends[0].is_a?(SimpleCalc::Types::Pet) && created.pet.class_ == "c" && created.pet.is_tame == false)
wire = JSON.parse(created.raw_body)
assert(SimpleCalc::Runtime.encode(created.pet, -> { SimpleCalc::Types::Pet }) == wire)
seen["created"] = [created.status_code, created.location, wire]
unexpected = error_of(ArgumentError) { plain.post_pets(pet: { nmae: "Rex" }) }
assert(unexpected.message == "unexpected value at :nmae", unexpected.message)

# It tries again after 429.
assert(SimpleCalc::Client.new.get_pets_pet_id(pet_id: "429").pet.id == 429)
client = SimpleCalc::Client.new(
  access_key_id: "AKIDSDK",
  secret_access_key: "secret/+=",
  session_token: "token/+=",
  region: "eu-west-1",
  api_key: "key-1"
)
more = { headers: { "X-More" => "more" }, query: { z: "*'()!", y: "" } }
seen["echo"] = client.list_pets({ type: "a b&c=d/é", page: 2, x_trace: "t 1" }, more).empty
seen["signedBody"] = client.post_pets(pet: { name: "ü" }).pet.name
put = client.put_photo(body: [0, 255, 137, 10].pack("C*")).empty
seen["put"] = [put["headers"]["content-type"], put["body"]]
seen["photo"] = Base64.strict_encode64(plain.get_photo.raw_body)
seen["file"] = JSON.parse(client.get_files_proxy(proxy: "a/b c/ü.txt").raw_body)["target"]
assert(plain.list_pets(page: [1, 2]).empty["target"] == "/echo?page=1&page=2")
assert(JSON.parse(plain.request("DELETE", "/x/y?q=1", { z: 1 })[2])["target"] == "/echo?q=1")

assert(plain.delete_pets_pet_id(pet_id: 1).status_code == 204)

missing = error_of(SimpleCalc::Errors::NotFound) { plain.get_pets_pet_id(pet_id: "404") }
seen["error404"] = [missing.status_code, missing.data.code, missing.data.message, missing.headers["x-reason"]]
wrong = error_of(SimpleCalc::Errors::ServiceError) { plain.get_pets_pet_id(pet_id: "500") }
seen["error500"] = [wrong.status_code, wrong.data]
seen["dots"] = error_of(ArgumentError) { plain.get_pets_pet_id(pet_id: "..") }.message
absent = error_of(ArgumentError) { plain.get_pets_pet_id }
assert(absent.message == "missing required parameter params[:pet_id]", absent.message)
seen["timeout"] = error_of(SimpleCalc::Errors::NetworkingError) { plain.get_slow({}, http_read_timeout: 0.05) }.timeout?
nowhere = SimpleCalc::Client.new(endpoint: "http://127.0.0.1:1/x", retry_limit: 0)
seen["unreachable"] = !error_of(SimpleCalc::Errors::NetworkingError) { nowhere.get_api_root }.timeout?
puts JSON.generate(seen)
