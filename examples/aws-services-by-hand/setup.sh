# AWS's walk-throughs for DynamoDB and Step Functions, whose steps in the console are these calls of the AWS CLI.
# `npm run example aws-services-by-hand` runs this with the variables that the AWS CLI needs (AWS_ENDPOINT_URL and its like).
agw() { aws apigateway "$@" --output text; }

# The execution role that API Gateway assumes.
trust='{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"}, "Action": "sts:AssumeRole"}}'
role=$(aws iam create-role --role-name api-to-services --assume-role-policy-document "$trust" --query Role.Arn --output text)
for policy in AmazonDynamoDBFullAccess AWSStepFunctionsFullAccess; do
  aws iam attach-role-policy --role-name api-to-services --policy-arn "arn:aws:iam::aws:policy/$policy"
done
templates=../aws-dynamodb/templates
api=$(agw create-rest-api --name "By hand" --query id)
root=$(agw get-resources --rest-api-id "$api" --query 'items[0].id')

make_resource() { agw create-resource --rest-api-id "$api" --parent-id "$1" --path-part "$2" --query id; }

# RESOURCE VERB SERVICE:action/NAME TARGET: a method, and an integration of the type AWS with an execution role. API Gateway says the
# action in the query alone; servers outside AWS read it in X-Amz-Target. AWS takes both.
make_method() {
  target="{\"integration.request.header.X-Amz-Target\": \"'$4'\", \"integration.request.header.Content-Type\": \"'application/x-amz-json-1.0'\"}"
  method="--rest-api-id $api --resource-id $1 --http-method $2"
  agw put-method $method --authorization-type NONE >/dev/null
  agw put-method-response $method --status-code 200 >/dev/null
  agw put-integration $method --type AWS --integration-http-method POST \
    --uri "arn:aws:apigateway:us-east-1:$3" --credentials $role --request-parameters "$target" >/dev/null
  agw put-integration-response $method --status-code 200 >/dev/null
}

# A file as the value of a PATCH: JSON in JSON.
patch() { printf '[{"op": "add", "path": "%s", "value": %s}]' "$1" "$(node -p 'JSON.stringify(fs.readFileSync(process.argv[1], "utf8"))' "$2")"; }

# DynamoDB: POST /comments is PutItem, GET /comments/{pageId} is Query.
comments=$(make_resource "$root" comments)
make_method "$comments" POST dynamodb:action/PutItem DynamoDB_20120810.PutItem
agw update-integration $method --patch-operations "$(patch /requestTemplates/application~1json $templates/put-item.vtl)" >/dev/null

page=$(make_resource "$comments" '{pageId}')
make_method "$page" GET dynamodb:action/Query DynamoDB_20120810.Query
agw update-integration $method --patch-operations "$(patch /requestTemplates/application~1json $templates/query.vtl)" >/dev/null
agw update-integration-response $method --status-code 200 \
  --patch-operations "$(patch /responseTemplates/application~1json $templates/comments.vtl)" >/dev/null

# Step Functions: POST /execution is StartExecution, with the caller's body as it is.
execution=$(make_resource "$root" execution)
make_method "$execution" POST states:action/StartExecution AWSStepFunctions.StartExecution

agw create-deployment --rest-api-id "$api" --stage-name alpha >/dev/null
echo "The API answers at $AWS_ENDPOINT_URL/_aws/execute-api/$api/alpha"
