# `npm run example http-aws-services` runs this with the variables that the AWS CLI needs (AWS_ENDPOINT_URL and its like).
agw() { aws apigatewayv2 "$@" --output text; }

# The execution role that API Gateway assumes.
trust='{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"}, "Action": "sts:AssumeRole"}}'
may='{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": ["sqs:*", "events:PutEvents", "kinesis:PutRecord", "states:*"], "Resource": "*"}}'
role=$(aws iam create-role --role-name http-to-services --assume-role-policy-document "$trust" --query Role.Arn --output text)
aws iam put-role-policy --role-name http-to-services --policy-name call --policy-document "$may"

api=$(agw create-api --name "HTTP to services" --protocol-type HTTP --query ApiId)

# ROUTE SUBTYPE PARAMETERS
make_route() {
  integration=$(agw create-integration --api-id "$api" --integration-type AWS_PROXY --payload-format-version 1.0 \
    --integration-subtype "$2" --credentials-arn "$role" --request-parameters "$3" --query IntegrationId)
  agw create-route --api-id "$api" --route-key "$1" --target "integrations/$integration" >/dev/null
}

queue=https://sqs.us-east-1.amazonaws.com/000000000000/orders
make_route 'POST /orders' SQS-SendMessage "{\"QueueUrl\": \"$queue\", \"MessageBody\": \"\$request.body\", \"MessageAttributes\": \"\$request.header.attributes\"}"
make_route 'GET /orders' SQS-ReceiveMessage "{\"QueueUrl\": \"$queue\", \"MaxNumberOfMessages\": \"10\", \"MessageAttributeNames\": \"All\"}"
make_route 'DELETE /orders' SQS-PurgeQueue "{\"QueueUrl\": \"$queue\"}"
make_route 'POST /events/{kind}' EventBridge-PutEvents \
  '{"Source": "shop", "DetailType": "$request.path.kind", "Detail": "$request.body", "Time": "2026-01-02T03:04:05Z"}'
make_route 'PUT /records/{key}' Kinesis-PutRecord \
  '{"StreamName": "orders", "PartitionKey": "$request.path.key", "Data": "$request.body"}'
make_route 'POST /greetings/{name}' StepFunctions-StartExecution \
  '{"StateMachineArn": "arn:aws:states:us-east-1:000000000000:stateMachine:greeting", "Name": "$request.path.name", "Input": "$request.body"}'

agw create-stage --api-id "$api" --stage-name '$default' --auto-deploy >/dev/null
echo "The API answers at $AWS_ENDPOINT_URL/_aws/execute-api/$api/\$default"
