# Makes a WebSocket API with the AWS CLI, call by call. `npm run example websocket-calculator` runs this with the variables that
# the AWS CLI needs (AWS_ENDPOINT_URL and its like).
agw() { aws apigatewayv2 "$@" --output text; }

api=$(agw create-api --name Calculator --protocol-type WEBSOCKET --route-selection-expression '${request.body.action}' --query ApiId)

# A message's `op` chooses the request template, which computes; the status that it makes chooses the integration response.
integration=$(agw create-integration --api-id "$api" --integration-type MOCK --template-selection-expression '${request.body.op}' \
  --request-templates file://operations.json --query IntegrationId)
response() {
  agw create-integration-response --api-id "$api" --integration-id "$integration" --integration-response-key "$1" \
    --response-templates "file://$2" >/dev/null
}
response '$default' result.json
response '/4\d\d/' refusal.json

# Both of these make a route two-way: without them its clients are sent nothing.
route=$(agw create-route --api-id "$api" --route-key calculate --target "integrations/$integration" \
  --route-response-selection-expression '$default' --query RouteId)
agw create-route-response --api-id "$api" --route-id "$route" --route-response-key '$default' >/dev/null

agw create-stage --api-id "$api" --stage-name dev --auto-deploy >/dev/null
url=ws://${AWS_ENDPOINT_URL#http://}/_aws/execute-api/$api/dev
echo "The page: file://$PWD/page.html?api=$url"
echo "The API answers at $url"
