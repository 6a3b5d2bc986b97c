# Makes a chat with the AWS CLI, call by call. `npm run example websocket-chat` runs this with the variables that the AWS CLI
# needs (AWS_ENDPOINT_URL and its like).
agw() { aws apigatewayv2 "$@" --output text; }

aws dynamodb create-table --table-name connections --billing-mode PAY_PER_REQUEST \
  --attribute-definitions AttributeName=connectionId,AttributeType=S \
  --key-schema AttributeName=connectionId,KeyType=HASH >/dev/null

# A page that is opened from a file has the origin "null"; name your site's here, and further ones after spaces.
work=$(mktemp -d)
python3 -m zipfile -c "$work/code.zip" index.mjs
function=$(aws lambda create-function --function-name chat --runtime nodejs24.x --handler index.handler \
  --role arn:aws:iam::000000000000:role/chat --zip-file "fileb://$work/code.zip" --timeout 10 \
  --environment 'Variables={ORIGINS=null}' --query FunctionArn --output text)
rm -r "$work"

api=$(agw create-api --name Chat --protocol-type WEBSOCKET --route-selection-expression '$request.body.action' --query ApiId)
aws lambda add-permission --function-name chat --statement-id chat --action lambda:InvokeFunction \
  --principal apigateway.amazonaws.com --source-arn "arn:aws:execute-api:us-east-1:000000000000:$api/*" >/dev/null
integration=$(agw create-integration --api-id "$api" --integration-type AWS_PROXY --integration-method POST \
  --integration-uri "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/$function/invocations" --query IntegrationId)
for key in '$connect' '$disconnect' '$default' sendmessage; do
  agw create-route --api-id "$api" --route-key "$key" --target "integrations/$integration" >/dev/null
done

agw create-stage --api-id "$api" --stage-name production --auto-deploy >/dev/null
url=ws://${AWS_ENDPOINT_URL#http://}/_aws/execute-api/$api/production
echo "The page: file://$PWD/page.html?api=$url"
echo "The API answers at $url"
