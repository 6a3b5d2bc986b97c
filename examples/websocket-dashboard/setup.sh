# Makes a WebSocket API with the AWS CLI, call by call. `npm run example websocket-dashboard` runs this with the variables that
# the AWS CLI needs (AWS_ENDPOINT_URL and its like), and with the backend's URL in BACKEND.
agw() { aws apigatewayv2 "$@" --output text; }

api=$(agw create-api --name Dashboard --protocol-type WEBSOCKET --route-selection-expression '${request.body.action}' --query ApiId)

# integration TYPE METHOD PATH PARAMETERS [MORE…]
integration() {
  type=$1 method=$2 path=$3 parameters=$4
  shift 4
  agw create-integration --api-id "$api" --integration-type "$type" --integration-method "$method" \
    --integration-uri "$BACKEND$path" --request-parameters "$parameters" --query IntegrationId "$@"
}
# route KEY INTEGRATION [MORE…]
route() {
  key=$1 target=integrations/$2
  shift 2
  agw create-route --api-id "$api" --route-key "$key" --target "$target" --query RouteId "$@"
}
# two_way KEY INTEGRATION: its clients are sent what the integration answers.
two_way() {
  id=$(route "$1" "$2" --route-response-selection-expression '$default')
  agw create-route-response --api-id "$api" --route-id "$id" --route-response-key '$default' >/dev/null
}

# Who connects says who that is in the query, and is let in if the backend answers with 2xx.
viewer='"integration.request.path.id": "context.connectionId"'
connect=$(integration HTTP_PROXY PUT '/viewers/{id}' \
  "{$viewer, \"integration.request.querystring.user\": \"route.request.querystring.user\"}")
route '$connect' "$connect" --request-parameters '{"route.request.querystring.user": {"Required": true}}' >/dev/null
route '$disconnect' "$(integration HTTP_PROXY DELETE '/viewers/{id}' "{$viewer}")" >/dev/null

# The backend's answer as it is.
two_way status "$(integration HTTP_PROXY GET /status '{}')"

# Part of the message goes into the path and part into the body; the backend's status chooses the template of what is sent.
fan=$(integration HTTP PUT '/fans/{fan}' '{"integration.request.path.fan": "route.request.body.fan"}' \
  --request-templates '{"$default": "{\"on\": $input.json(\"$.on\")}"}')
agw create-integration-response --api-id "$api" --integration-id "$fan" --integration-response-key '$default' \
  --response-templates '{"$default": "{\"set\": $input.json(\"$\")}"}' >/dev/null
agw create-integration-response --api-id "$api" --integration-id "$fan" --integration-response-key '/4\d\d/' \
  --response-templates '{"$default": "{\"refused\": $input.json(\"$.error\")}"}' >/dev/null
two_way fan "$fan"

agw create-stage --api-id "$api" --stage-name dev --auto-deploy >/dev/null
url=ws://${AWS_ENDPOINT_URL#http://}/_aws/execute-api/$api/dev
echo "The page: file://$PWD/page.html?api=$url"
echo "The API answers at $url"
