terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "endpoint" { type = string }
variable "package" { type = string }
variable "share" { type = number }

provider "aws" {
  region     = "us-east-1"
  access_key = "test"
  secret_key = "test"
  endpoints {
    apigateway = var.endpoint
    lambda     = var.endpoint
    sts        = var.endpoint
    iam        = var.endpoint
  }
}

resource "aws_lambda_function" "hello" {
  function_name    = "hello"
  role             = "arn:aws:iam::000000000000:role/hello"
  runtime          = "nodejs22.x"
  handler          = "index.handler"
  filename         = var.package
  source_code_hash = filebase64sha256(var.package)
  publish          = true
}

resource "aws_lambda_alias" "live" {
  name             = "live"
  description      = "What everybody gets"
  function_name    = aws_lambda_function.hello.function_name
  function_version = aws_lambda_function.hello.version
}

resource "aws_lambda_alias" "canary" {
  name             = "canary"
  function_name    = aws_lambda_function.hello.function_name
  function_version = "1"
  dynamic "routing_config" {
    for_each = var.share > 0 ? [var.share] : []
    content {
      additional_version_weights = { (aws_lambda_function.hello.version) = routing_config.value }
    }
  }
}

resource "aws_lambda_permission" "gateway" {
  for_each      = toset([aws_lambda_alias.live.name, aws_lambda_alias.canary.name])
  statement_id  = "gateway"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.hello.function_name
  qualifier     = each.key
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_api_gateway_rest_api.api.execution_arn}/*/*/*"
}

resource "aws_api_gateway_rest_api" "api" {
  name = "versions"
}

resource "aws_api_gateway_method" "root" {
  rest_api_id   = aws_api_gateway_rest_api.api.id
  resource_id   = aws_api_gateway_rest_api.api.root_resource_id
  http_method   = "GET"
  authorization = "NONE"
}

resource "aws_api_gateway_integration" "root" {
  rest_api_id             = aws_api_gateway_rest_api.api.id
  resource_id             = aws_api_gateway_rest_api.api.root_resource_id
  http_method             = aws_api_gateway_method.root.http_method
  type                    = "AWS_PROXY"
  integration_http_method = "POST"
  uri                     = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${aws_lambda_function.hello.arn}:$${stageVariables.alias}/invocations"
}

resource "aws_api_gateway_deployment" "api" {
  rest_api_id = aws_api_gateway_rest_api.api.id
  depends_on  = [aws_api_gateway_integration.root]
}

resource "aws_api_gateway_stage" "stage" {
  for_each      = toset(["live", "canary"])
  rest_api_id   = aws_api_gateway_rest_api.api.id
  deployment_id = aws_api_gateway_deployment.api.id
  stage_name    = each.key
  variables     = { alias = each.key }
}

output "api" { value = aws_api_gateway_rest_api.api.id }
output "version" { value = aws_lambda_function.hello.version }
output "qualified_arn" { value = aws_lambda_function.hello.qualified_arn }
