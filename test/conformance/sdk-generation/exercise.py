# Uses a generated Python SDK as its user would, and prints what it saw as JSON. Arguments: the SDK's folder.
import base64
import json
import sys

sys.path.insert(0, sys.argv[1])

from simple_calc_sdk import ApiConnectionError, ApiError, Credentials, Options, SimpleCalcClient, errors, models  # noqa: E402

seen = {}
plain = SimpleCalcClient()
seen["sum"] = plain.get_api_root(a=1, b=2, op="+").body.output.c
seen["product"] = plain.post_api_root(body=models.Input(a=6, b=7, op="*")).body.output.c
seen["inPath"] = plain.get_ab_op(a=1, b=2, op="ä /?&%+ '()!").body.input.op
members = {wire: attribute for attribute, (wire, _) in models.Pet._members.items()}
plain_values = {
    "name": "Rex",
    "kind": "dog's \"friend\"",
    "weight": 1.5,
    "isTame": False,
    "tags": ["a"],
    "scores": {"x": 1},
    "class": "c",
    "end": "e",
    "größe": "ß",
    "anything": {"free": [1, None]},
}
pet = models.Pet(**{members[name]: value for name, value in plain_values.items()})
pet.friends = [models.Pet(name="Tom")]
pet.owner = models.PetOwner(name="Ann", e_mail="a@b")
created = plain.post_pets(body=pet)
seen["created"] = [created.status, created.headers["location"], created.body.to_dict()]
assert isinstance(created.body.friends[0], models.Pet) and isinstance(created.body.owner, models.PetOwner)
assert created.body.class_ == "c" and created.body.is_tame is False

client = SimpleCalcClient(
    credentials=lambda: Credentials("AKIDSDK", "secret/+=", "token/+="), region="eu-west-1", api_key="key-1"
)
more = Options(headers={"X-More": "more"}, query={"z": "*'()!", "y": ""})
seen["echo"] = client.list_pets(type="a b&c=d/é", page=2, x_trace="t 1", options=more).body
seen["signedBody"] = client.post_pets(body=models.Pet(name="ü")).body.name
put = client.put_photo(body=bytes([0, 255, 137, 10])).body
seen["put"] = [put["headers"]["content-type"], put["body"]]
seen["photo"] = base64.b64encode(plain.get_photo().body).decode()
seen["file"] = client.get_files_proxy(proxy="a/b c/ü.txt").body["target"]
assert plain.list_pets(page=[1, 2]).body["target"] == "/echo?page=1&page=2"
assert plain.request("DELETE", "/x/y?q=1", {"z": 1}).body["target"] == "/echo?q=1"

deleted = plain.delete_pets_pet_id(pet_id=1)
assert deleted.status == 204 and deleted.body is None

for pet_id in ["404", "500"]:
    try:
        plain.get_pets_pet_id(pet_id=pet_id)
    except errors.NotFoundError as error:
        seen["error404"] = [error.status, error.body.code, error.body.message, error.headers["x-reason"]]
    except ApiError as error:
        seen["error500"] = [error.status, error.body]
try:
    plain.get_pets_pet_id(pet_id="..")
except ValueError as error:
    seen["dots"] = str(error)
try:
    plain.get_slow(options=Options(timeout=0.05))
except ApiConnectionError as error:
    seen["timeout"] = error.is_timeout
try:
    SimpleCalcClient(invoke_url="http://127.0.0.1:1/x").get_api_root()
except ApiConnectionError as error:
    seen["unreachable"] = not error.is_timeout
print(json.dumps(seen))
