# A Lambda authorizer in two versions: of tokens, invoked by permission; and of requests, invoked by a role.
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
variable "endpoint" { type = string }
variable "v" { default = "1" }
variable "package" { type = string }
locals { two = var.v == "2" }
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_metadata_api_check     = true
  skip_credentials_validation = false
  skip_requesting_account_id  = false
  endpoints {
    apigateway = var.endpoint
    iam        = var.endpoint
    lambda     = var.endpoint
    sts        = var.endpoint
  }
}
resource "aws_lambda_function" "gate" {
  function_name    = "gate"
  role             = "arn:aws:iam::000000000000:role/any"
  runtime          = "nodejs22.x"
  handler          = "index.handler"
  filename         = var.package
  source_code_hash = filebase64sha256(var.package)
}
resource "aws_lambda_permission" "gate" {
  count         = local.two ? 0 : 1
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.gate.function_name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_api_gateway_rest_api.w.execution_arn}/authorizers/${aws_api_gateway_authorizer.gate.id}"
}
resource "aws_iam_role" "asker" {
  name = "asker"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "apigateway.amazonaws.com" } }]
  })
}
resource "aws_iam_role_policy" "asker" {
  role = aws_iam_role.asker.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "lambda:InvokeFunction", Resource = aws_lambda_function.gate.arn }]
  })
}
resource "aws_api_gateway_rest_api" "w" { name = "guarded" }
resource "aws_api_gateway_authorizer" "gate" {
  rest_api_id                      = aws_api_gateway_rest_api.w.id
  name                             = "gate"
  type                             = local.two ? "REQUEST" : "TOKEN"
  authorizer_uri                   = aws_lambda_function.gate.invoke_arn
  authorizer_credentials           = local.two ? aws_iam_role.asker.arn : null
  identity_source                  = local.two ? "method.request.header.X-Token,method.request.querystring.team" : "method.request.header.Authorization"
  identity_validation_expression   = local.two ? null : "[a-z]+"
  authorizer_result_ttl_in_seconds = local.two ? 0 : 60
}
resource "aws_api_gateway_method" "root" {
  rest_api_id   = aws_api_gateway_rest_api.w.id
  resource_id   = aws_api_gateway_rest_api.w.root_resource_id
  http_method   = "GET"
  authorization = "CUSTOM"
  authorizer_id = aws_api_gateway_authorizer.gate.id
}
resource "aws_api_gateway_integration" "root" {
  rest_api_id       = aws_api_gateway_rest_api.w.id
  resource_id       = aws_api_gateway_rest_api.w.root_resource_id
  http_method       = aws_api_gateway_method.root.http_method
  type              = "MOCK"
  request_templates = { "application/json" = "{\"statusCode\": 200}" }
}
resource "aws_api_gateway_method_response" "root" {
  rest_api_id = aws_api_gateway_rest_api.w.id
  resource_id = aws_api_gateway_rest_api.w.root_resource_id
  http_method = aws_api_gateway_method.root.http_method
  status_code = "200"
}
resource "aws_api_gateway_integration_response" "root" {
  rest_api_id        = aws_api_gateway_rest_api.w.id
  resource_id        = aws_api_gateway_rest_api.w.root_resource_id
  http_method        = aws_api_gateway_method.root.http_method
  status_code        = aws_api_gateway_method_response.root.status_code
  response_templates = { "application/json" = "$context.authorizer.type" }
  depends_on         = [aws_api_gateway_integration.root]
}
resource "aws_api_gateway_deployment" "d" {
  rest_api_id = aws_api_gateway_rest_api.w.id
  triggers    = { v = var.v }
  lifecycle { create_before_destroy = true }
  depends_on = [aws_api_gateway_integration_response.root, aws_api_gateway_authorizer.gate]
}
resource "aws_api_gateway_stage" "prod" {
  rest_api_id   = aws_api_gateway_rest_api.w.id
  deployment_id = aws_api_gateway_deployment.d.id
  stage_name    = "prod"
}
output "api" { value = aws_api_gateway_rest_api.w.id }
output "authorizer" { value = aws_api_gateway_authorizer.gate.id }
