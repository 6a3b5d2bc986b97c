# HTTP APIs, in two versions of each resource that can be changed in place.
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
    apigatewayv2 = var.endpoint
    lambda       = var.endpoint
    logs         = var.endpoint
    sts          = var.endpoint
  }
}
resource "aws_lambda_function" "pets" {
  function_name    = "pets"
  role             = "arn:aws:iam::000000000000:role/any"
  runtime          = "nodejs22.x"
  handler          = "index.handler"
  filename         = var.package
  source_code_hash = filebase64sha256(var.package)
}
resource "aws_lambda_permission" "pets" {
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.pets.function_name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.pets.execution_arn}/*"
}
resource "aws_cloudwatch_log_group" "pets" { name = "/http/pets" }

resource "aws_apigatewayv2_api" "pets" {
  name                         = local.two ? "dogs" : "pets"
  protocol_type                = "HTTP"
  description                  = local.two ? null : "all pets"
  version                      = local.two ? "2" : "1"
  disable_execute_api_endpoint = false
  dynamic "cors_configuration" {
    for_each = local.two ? [] : [1]
    content {
      allow_origins     = ["https://a.example", "https://b.example"]
      allow_methods     = ["GET", "POST"]
      allow_headers     = ["X-One", "content-type"]
      expose_headers    = ["X-Two"]
      allow_credentials = true
      max_age           = 60
    }
  }
  tags = { v = var.v }
}
resource "aws_apigatewayv2_api" "quick" {
  name          = "quick"
  protocol_type = "HTTP"
  target        = "https://a.example"
  route_key     = "ANY /quick"
  cors_configuration { allow_origins = local.two ? ["*"] : ["https://a.example"] }
}
resource "aws_apigatewayv2_integration" "url" {
  api_id               = aws_apigatewayv2_api.pets.id
  integration_type     = "HTTP_PROXY"
  integration_method   = local.two ? "ANY" : "GET"
  integration_uri      = "https://${local.two ? "b" : "a"}.example/{proxy}"
  description          = local.two ? null : "a URL"
  timeout_milliseconds = local.two ? 2000 : 1000
  request_parameters   = local.two ? { "append:header.x-one" = "1" } : { "append:header.x-one" = "1", "remove:querystring.q" = "''" }
  # The provider removes a status whose mappings change, so that each keeps its own.
  response_parameters {
    status_code = local.two ? 404 : 403
    mappings    = { "overwrite:statuscode" = "400" }
  }
  response_parameters {
    status_code = 500
    mappings    = { "overwrite:statuscode" = "503", "append:header.x-two" = "2" }
  }
}
resource "aws_apigatewayv2_integration" "pets" {
  api_id                 = aws_apigatewayv2_api.pets.id
  integration_type       = "AWS_PROXY"
  integration_uri        = aws_lambda_function.pets.invoke_arn
  payload_format_version = local.two ? "1.0" : "2.0"
}
resource "aws_apigatewayv2_authorizer" "users" {
  api_id           = aws_apigatewayv2_api.pets.id
  name             = local.two ? "people" : "users"
  authorizer_type  = "JWT"
  identity_sources = [local.two ? "$request.header.X-Token" : "$request.header.Authorization"]
  jwt_configuration {
    audience = local.two ? ["one", "two"] : ["one"]
    issuer   = "https://issuer.example"
  }
}
resource "aws_apigatewayv2_authorizer" "gate" {
  api_id                            = aws_apigatewayv2_api.pets.id
  name                              = "gate"
  authorizer_type                   = "REQUEST"
  authorizer_uri                    = aws_lambda_function.pets.invoke_arn
  authorizer_payload_format_version = local.two ? "1.0" : "2.0"
  enable_simple_responses           = !local.two
  authorizer_result_ttl_in_seconds  = local.two ? 0 : 60
  identity_sources                  = local.two ? ["$request.header.A", "$request.querystring.b"] : ["$request.header.A"]
}
resource "aws_apigatewayv2_route" "pets" {
  api_id    = aws_apigatewayv2_api.pets.id
  route_key = local.two ? "GET /dogs" : "GET /pets"
  target    = "integrations/${aws_apigatewayv2_integration.pets.id}"
}
resource "aws_apigatewayv2_route" "users" {
  api_id               = aws_apigatewayv2_api.pets.id
  route_key            = "POST /users/{id}"
  target               = "integrations/${aws_apigatewayv2_integration.url.id}"
  authorization_type   = local.two ? "NONE" : "JWT"
  authorizer_id        = local.two ? null : aws_apigatewayv2_authorizer.users.id
  authorization_scopes = local.two ? null : ["users:write"]
  operation_name       = local.two ? null : "postUser"
}
resource "aws_apigatewayv2_route" "gate" {
  api_id             = aws_apigatewayv2_api.pets.id
  route_key          = "ANY /gate/{proxy+}"
  target             = "integrations/${aws_apigatewayv2_integration.url.id}"
  authorization_type = "CUSTOM"
  authorizer_id      = aws_apigatewayv2_authorizer.gate.id
}
resource "aws_apigatewayv2_route" "default" {
  api_id             = aws_apigatewayv2_api.pets.id
  route_key          = "$default"
  target             = "integrations/${aws_apigatewayv2_integration.url.id}"
  authorization_type = "AWS_IAM"
}
resource "aws_apigatewayv2_stage" "default" {
  api_id      = aws_apigatewayv2_api.pets.id
  name        = "$default"
  auto_deploy = true
  description = local.two ? null : "deploys by itself"
  default_route_settings {
    detailed_metrics_enabled = !local.two
    throttling_burst_limit   = local.two ? 200 : 100
    throttling_rate_limit    = local.two ? 50.5 : 40
  }
  dynamic "route_settings" {
    for_each = local.two ? [] : [1]
    content {
      route_key              = aws_apigatewayv2_route.users.route_key
      throttling_burst_limit = 5
      throttling_rate_limit  = 2
    }
  }
  dynamic "access_log_settings" {
    for_each = local.two ? [] : [1]
    content {
      destination_arn = aws_cloudwatch_log_group.pets.arn
      format          = "$context.requestId $context.status"
    }
  }
  stage_variables = local.two ? { b = "3" } : { a = "1", b = "2" }
  tags            = { v = var.v }
}
resource "aws_apigatewayv2_deployment" "pets" {
  api_id      = aws_apigatewayv2_api.pets.id
  description = local.two ? "two" : "one"
  depends_on = [
    aws_apigatewayv2_route.pets, aws_apigatewayv2_route.users, aws_apigatewayv2_route.gate, aws_apigatewayv2_route.default
  ]
}
resource "aws_apigatewayv2_stage" "by_hand" {
  api_id        = aws_apigatewayv2_api.pets.id
  name          = "by-hand"
  deployment_id = aws_apigatewayv2_deployment.pets.id
}

resource "aws_apigatewayv2_vpc_link" "inside" {
  name               = local.two ? "within" : "inside"
  subnet_ids         = ["subnet-1"]
  security_group_ids = ["sg-1"]
  tags               = { v = var.v }
}
resource "aws_apigatewayv2_domain_name" "pets" {
  domain_name = "pets.example.com"
  domain_name_configuration {
    certificate_arn = "arn:aws:acm:us-east-1:000000000000:certificate/${var.v}"
    endpoint_type   = "REGIONAL"
    security_policy = "TLS_1_2"
  }
  tags = { v = var.v }
}
resource "aws_apigatewayv2_api_mapping" "pets" {
  api_id          = aws_apigatewayv2_api.pets.id
  domain_name     = aws_apigatewayv2_domain_name.pets.id
  stage           = local.two ? aws_apigatewayv2_stage.by_hand.id : aws_apigatewayv2_stage.default.id
  api_mapping_key = local.two ? "v2/pets" : "v1"
}

data "aws_apigatewayv2_api" "pets" { api_id = aws_apigatewayv2_api.pets.id }
data "aws_apigatewayv2_apis" "tagged" {
  protocol_type = "HTTP"
  tags          = { v = var.v }
  depends_on    = [aws_apigatewayv2_api.pets]
}
data "aws_apigatewayv2_export" "pets" {
  api_id        = aws_apigatewayv2_api.pets.id
  specification = "OAS30"
  output_type   = "JSON"
  depends_on    = [aws_apigatewayv2_deployment.pets]
}
data "aws_apigatewayv2_vpc_link" "inside" {
  vpc_link_id = aws_apigatewayv2_vpc_link.inside.id
}
output "api" { value = aws_apigatewayv2_api.pets.id }
output "found" {
  value = {
    name  = data.aws_apigatewayv2_api.pets.name
    ids   = data.aws_apigatewayv2_apis.tagged.ids
    link  = data.aws_apigatewayv2_vpc_link.inside.name
    title = jsondecode(data.aws_apigatewayv2_export.pets.body).info.title
  }
}
# What each resource is imported by.
output "ids" {
  value = {
    "aws_apigatewayv2_api.pets"         = aws_apigatewayv2_api.pets.id
    "aws_apigatewayv2_integration.url"  = "${aws_apigatewayv2_api.pets.id}/${aws_apigatewayv2_integration.url.id}"
    "aws_apigatewayv2_integration.pets" = "${aws_apigatewayv2_api.pets.id}/${aws_apigatewayv2_integration.pets.id}"
    "aws_apigatewayv2_authorizer.users" = "${aws_apigatewayv2_api.pets.id}/${aws_apigatewayv2_authorizer.users.id}"
    "aws_apigatewayv2_authorizer.gate"  = "${aws_apigatewayv2_api.pets.id}/${aws_apigatewayv2_authorizer.gate.id}"
    "aws_apigatewayv2_route.pets"       = "${aws_apigatewayv2_api.pets.id}/${aws_apigatewayv2_route.pets.id}"
    "aws_apigatewayv2_route.users"      = "${aws_apigatewayv2_api.pets.id}/${aws_apigatewayv2_route.users.id}"
    "aws_apigatewayv2_stage.default"    = "${aws_apigatewayv2_api.pets.id}/${aws_apigatewayv2_stage.default.name}"
    "aws_apigatewayv2_vpc_link.inside"  = aws_apigatewayv2_vpc_link.inside.id
    "aws_apigatewayv2_domain_name.pets" = aws_apigatewayv2_domain_name.pets.id
    "aws_apigatewayv2_api_mapping.pets" = "${aws_apigatewayv2_api_mapping.pets.id}/${aws_apigatewayv2_domain_name.pets.id}"
    "aws_apigatewayv2_deployment.pets"  = "${aws_apigatewayv2_api.pets.id}/${aws_apigatewayv2_deployment.pets.id}"
  }
}
