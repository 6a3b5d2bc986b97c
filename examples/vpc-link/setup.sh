# Makes a VPC link and an API with private integrations. `npm run example vpc-link` runs this with the variables that the AWS CLI
# needs (AWS_ENDPOINT_URL and its like). With the ARN of a load balancer of yours it would make the same on AWS.
agw() { aws apigateway "$@" --output text; }

balancer=arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/net/my-vpclink-test-nlb/1234567890abcdef
link=$(agw create-vpc-link --name my-test-vpc-link --target-arns "$balancer" --query id)
# On AWS this takes minutes.
until [ "$(agw get-vpc-link --vpc-link-id "$link" --query status)" = AVAILABLE ]; do sleep 1; done

api=$(agw create-rest-api --name "My VPC Link Test" --query id)
root=$(agw get-resources --rest-api-id "$api" --query 'items[0].id')

# private_method RESOURCE PATH CONNECTION
private_method() {
  method="--rest-api-id $api --resource-id $1 --http-method GET"
  agw put-method $method --authorization-type NONE >/dev/null
  agw put-integration $method --type HTTP_PROXY --integration-http-method GET \
    --uri "http://my-vpclink-test-nlb.internal$2" --connection-type VPC_LINK --connection-id "$3" >/dev/null
}
resource() { agw create-resource --rest-api-id "$api" --parent-id "$root" --path-part "$1" --query id; }

private_method "$root" /list "$link"
private_method "$(resource variable)" /variable '${stageVariables.vpcLinkId}'
private_method "$(resource missing)" /missing none00

agw create-deployment --rest-api-id "$api" --stage-name dev --variables "vpcLinkId=$link" >/dev/null
echo "The API answers at $AWS_ENDPOINT_URL/_aws/execute-api/$api/dev"
