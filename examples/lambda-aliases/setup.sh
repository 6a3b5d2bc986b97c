# One function with two aliases, and an API whose stages call it by one of them: "Use stage variables for a REST API in API
# Gateway" of AWS's guide as calls of the AWS CLI. `npm run example lambda-aliases` runs this with the variables that the
# AWS CLI needs (AWS_ENDPOINT_URL and its like).
fn() { aws lambda "$@" --output text; }
agw() { aws apigateway "$@" --output text; }
work=$(mktemp -d)
pack() { (cd "$work" && rm -f code.zip && python3 -m zipfile -c code.zip index.mjs); }

# Version 1, by --publish.
cp index.mjs "$work" && pack
arn=$(fn create-function --function-name greet --runtime nodejs22.x --handler index.handler \
  --role arn:aws:iam::000000000000:role/greet --zip-file "fileb://$work/code.zip" --publish --query FunctionArn)

# Version 2, by publish-version. Publishing again without a change answers the same version.
sed 's/"Hello"/"Good morning"/' index.mjs >"$work/index.mjs" && pack
fn update-function-code --function-name greet --zip-file "fileb://$work/code.zip" >/dev/null
fn publish-version --function-name greet --description "politer" >/dev/null
rm -r "$work"

fn create-alias --function-name greet --name prod --function-version 1 >/dev/null
fn create-alias --function-name greet --name dev --function-version 2 >/dev/null

api=$(agw create-rest-api --name greetings --query id)
root=$(agw get-resources --rest-api-id "$api" --query 'items[0].id')
method="--rest-api-id $api --resource-id $root --http-method GET"
agw put-method $method --authorization-type NONE >/dev/null
# The shell must leave the stage variable alone: single quotes.
uri="arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/$arn"':${stageVariables.alias}/invocations'
agw put-integration $method --type AWS_PROXY --integration-http-method POST --uri "$uri" >/dev/null

# Each alias has a policy of its own. One that is forgotten is a 500, and x-portico-hint has the command.
for alias in prod dev; do
  fn add-permission --function-name "greet:$alias" --statement-id gateway --action lambda:InvokeFunction \
    --principal apigateway.amazonaws.com --source-arn "arn:aws:execute-api:us-east-1:000000000000:$api/*/GET/" >/dev/null
done

deployment=$(agw create-deployment --rest-api-id "$api" --query id)
for alias in prod dev; do
  agw create-stage --rest-api-id "$api" --stage-name "$alias" --deployment-id "$deployment" --variables "alias=$alias" >/dev/null
done
# A stage whose alias nobody has made: `portico status` names it.
agw create-stage --rest-api-id "$api" --stage-name test --deployment-id "$deployment" --variables alias=test >/dev/null

echo "The API answers at $AWS_ENDPOINT_URL/_aws/execute-api/$api"
