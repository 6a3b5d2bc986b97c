# Makes an API with the AWS CLI, call by call. `npm run example cors-by-hand` runs this with the variables that the AWS CLI
# needs (AWS_ENDPOINT_URL and its like). Up to `$PORTICO cors` it would make the same API on AWS.
agw() { aws apigateway "$@" --output text; }

api=$(agw create-rest-api --name "CORS by hand" --query id)
root=$(agw get-resources --rest-api-id "$api" --query 'items[0].id')

# A resource whose PUT is a MOCK that answers what it is sent.
make_resource() {
  id=$(agw create-resource --rest-api-id "$api" --parent-id "$root" --path-part "$1" --query id)
  put="--rest-api-id $api --resource-id $id --http-method PUT"
  agw put-method $put --authorization-type NONE >/dev/null
  agw put-method-response $put --status-code 200 >/dev/null
  agw put-integration $put --type MOCK --request-templates file://mock.json >/dev/null
  agw put-integration-response $put --status-code 200 --response-templates '{"application/json": "{\"saved\": true}"}' >/dev/null
  echo "$id"
}
by_hand=$(make_resource by-hand)
make_resource by-command >/dev/null

# /by-hand: the preflight is a MOCK, too. A method response declares the headers, an integration response sets them; a value in
# single quotes is a constant.
header=method.response.header.Access-Control-Allow
options="--rest-api-id $api --resource-id $by_hand --http-method OPTIONS"
agw put-method $options --authorization-type NONE >/dev/null
agw put-method-response $options --status-code 200 \
  --response-parameters "$header-Headers=false,$header-Methods=false,$header-Origin=false" >/dev/null
agw put-integration $options --type MOCK --passthrough-behavior NEVER --request-templates file://mock.json >/dev/null
agw put-integration-response $options --status-code 200 --response-parameters \
  "{\"$header-Headers\": \"'Content-Type,X-Trace'\", \"$header-Methods\": \"'OPTIONS,PUT'\", \"$header-Origin\": \"'*'\"}" >/dev/null

# The PUT names the origin as well.
put="--rest-api-id $api --resource-id $by_hand --http-method PUT --status-code 200"
agw update-method-response $put --patch-operations "op=add,path=/responseParameters/$header-Origin,value=false" >/dev/null
agw update-integration-response $put \
  --patch-operations "op=add,path=/responseParameters/$header-Origin,value=\"'*'\"" >/dev/null

# And so do the errors that the gateway makes by itself.
for type in DEFAULT_4XX DEFAULT_5XX; do
  agw put-gateway-response --rest-api-id "$api" --response-type $type \
    --response-parameters "{\"gatewayresponse.header.Access-Control-Allow-Origin\": \"'*'\"}" >/dev/null
done

# /by-command: all of it in one command, which deploys then.
$PORTICO cors "$api" --path /by-command --headers Content-Type,X-Trace --deploy dev --endpoint "$AWS_ENDPOINT_URL"

echo "The API answers at $AWS_ENDPOINT_URL/_aws/execute-api/$api/dev"
