# WebSocket APIs, in two versions of each resource that can be changed in place.
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
variable "endpoint" { type = string }
variable "v" { default = "1" }
locals {
  two = var.v == "2"
  # The function need not be there to be named.
  invocation = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:chat/invocations"
}
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_metadata_api_check     = true
  skip_credentials_validation = false
  skip_requesting_account_id  = false
  endpoints {
    apigateway   = var.endpoint
    apigatewayv2 = var.endpoint
    logs         = var.endpoint
    sts          = var.endpoint
  }
}
resource "aws_api_gateway_account" "logs" {
  cloudwatch_role_arn = "arn:aws:iam::000000000000:role/logs"
}
resource "aws_api_gateway_client_certificate" "chat" {}
resource "aws_api_gateway_vpc_link" "inside" {
  name        = "inside"
  target_arns = ["arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/net/inside/1"]
}
resource "aws_cloudwatch_log_group" "chat" { name = "/websocket/chat" }

resource "aws_apigatewayv2_api" "chat" {
  name                         = local.two ? "talk" : "chat"
  protocol_type                = "WEBSOCKET"
  description                  = local.two ? null : "all rooms"
  version                      = local.two ? "2" : "1"
  route_selection_expression   = local.two ? "$${request.body.service}/$${request.body.action}" : "$request.body.action"
  api_key_selection_expression = local.two ? "$context.authorizer.usageIdentifierKey" : "$request.header.x-api-key"
  disable_execute_api_endpoint = local.two
  tags                         = { v = var.v }
}
resource "aws_apigatewayv2_model" "message" {
  api_id       = aws_apigatewayv2_api.chat.id
  name         = "message"
  content_type = local.two ? "application/x-message" : "application/json"
  description  = local.two ? null : "what is sent"
  schema = jsonencode({
    "$schema" = "http://json-schema.org/draft-04/schema#"
    type      = "object"
    required  = local.two ? ["action", "room"] : ["action"]
  })
}
resource "aws_apigatewayv2_integration" "mock" {
  api_id                        = aws_apigatewayv2_api.chat.id
  integration_type              = "MOCK"
  passthrough_behavior          = local.two ? "NEVER" : "WHEN_NO_TEMPLATES"
  template_selection_expression = local.two ? "$request.body.kind" : "$request.body.action"
  request_templates             = local.two ? { "join" = "{\"statusCode\": 201}" } : { "join" = "{\"statusCode\": 200}" }
  timeout_milliseconds          = local.two ? 2000 : 1000
}
resource "aws_apigatewayv2_integration_response" "mock" {
  api_id                        = aws_apigatewayv2_api.chat.id
  integration_id                = aws_apigatewayv2_integration.mock.id
  integration_response_key      = local.two ? "/2\\d\\d/" : "$default"
  content_handling_strategy     = local.two ? "CONVERT_TO_BINARY" : "CONVERT_TO_TEXT"
  response_templates            = local.two ? { "join" = "hello again" } : { "join" = "hello" }
  template_selection_expression = local.two ? "$${integration.response.statuscode}" : "$request.body.action"
}
resource "aws_apigatewayv2_integration" "function" {
  api_id                    = aws_apigatewayv2_api.chat.id
  integration_type          = "AWS_PROXY"
  integration_uri           = local.invocation
  integration_method        = "POST"
  content_handling_strategy = local.two ? "CONVERT_TO_BINARY" : "CONVERT_TO_TEXT"
  credentials_arn           = local.two ? null : "arn:aws:iam::000000000000:role/any"
  description               = local.two ? null : "a function"
}
resource "aws_apigatewayv2_integration" "inside" {
  api_id             = aws_apigatewayv2_api.chat.id
  integration_type   = "HTTP_PROXY"
  integration_uri    = "http://${local.two ? "b" : "a"}.example"
  integration_method = local.two ? "PUT" : "POST"
  connection_type    = "VPC_LINK"
  connection_id      = local.two ? "$${stageVariables.link}" : aws_api_gateway_vpc_link.inside.id
  request_parameters = {
    "integration.request.header.connectionId" = local.two ? "'none'" : "context.connectionId"
  }
}
resource "aws_apigatewayv2_authorizer" "gate" {
  api_id           = aws_apigatewayv2_api.chat.id
  name             = local.two ? "door" : "gate"
  authorizer_type  = "REQUEST"
  authorizer_uri   = local.invocation
  identity_sources = local.two ? ["route.request.querystring.token"] : ["route.request.header.Auth", "stageVariables.a"]
}
resource "aws_apigatewayv2_route" "connect" {
  api_id             = aws_apigatewayv2_api.chat.id
  route_key          = "$connect"
  target             = "integrations/${aws_apigatewayv2_integration.function.id}"
  api_key_required   = !local.two
  authorization_type = local.two ? "AWS_IAM" : "CUSTOM"
  authorizer_id      = local.two ? null : aws_apigatewayv2_authorizer.gate.id
  request_parameter {
    request_parameter_key = "route.request.querystring.token"
    required              = local.two
  }
  dynamic "request_parameter" {
    for_each = local.two ? [] : [1]
    content {
      request_parameter_key = "route.request.header.X-Room"
      required              = false
    }
  }
}
resource "aws_apigatewayv2_route" "join" {
  api_id                              = aws_apigatewayv2_api.chat.id
  route_key                           = local.two ? "chat/join" : "join"
  target                              = "integrations/${aws_apigatewayv2_integration.mock.id}"
  model_selection_expression          = local.two ? "$request.body.kind" : "$request.body.action"
  operation_name                      = local.two ? null : "join"
  request_models                      = { join = aws_apigatewayv2_model.message.name }
  route_response_selection_expression = "$default"
}
resource "aws_apigatewayv2_route_response" "join" {
  api_id                     = aws_apigatewayv2_api.chat.id
  route_id                   = aws_apigatewayv2_route.join.id
  route_response_key         = "$default"
  model_selection_expression = local.two ? "$request.body.kind" : "action"
  response_models            = { action = aws_apigatewayv2_model.message.name }
}
resource "aws_apigatewayv2_route" "default" {
  api_id    = aws_apigatewayv2_api.chat.id
  route_key = "$default"
  target    = "integrations/${aws_apigatewayv2_integration.inside.id}"
}
resource "aws_apigatewayv2_deployment" "chat" {
  api_id      = aws_apigatewayv2_api.chat.id
  description = local.two ? "two" : "one"
  depends_on  = [aws_apigatewayv2_route.connect, aws_apigatewayv2_route.join, aws_apigatewayv2_route.default]
}
resource "aws_apigatewayv2_stage" "live" {
  api_id                = aws_apigatewayv2_api.chat.id
  name                  = "live"
  description           = local.two ? null : "deployed by hand"
  deployment_id         = aws_apigatewayv2_deployment.chat.id
  client_certificate_id = local.two ? null : aws_api_gateway_client_certificate.chat.id
  default_route_settings {
    data_trace_enabled       = !local.two
    detailed_metrics_enabled = !local.two
    logging_level            = local.two ? "ERROR" : "INFO"
    throttling_burst_limit   = local.two ? 200 : 100
    throttling_rate_limit    = local.two ? 50.5 : 40
  }
  route_settings {
    route_key              = aws_apigatewayv2_route.default.route_key
    logging_level          = local.two ? "OFF" : "INFO"
    throttling_burst_limit = 5
    throttling_rate_limit  = 2
  }
  dynamic "access_log_settings" {
    for_each = local.two ? [] : [1]
    content {
      destination_arn = aws_cloudwatch_log_group.chat.arn
      format          = "$context.requestId $context.eventType $context.connectionId"
    }
  }
  stage_variables = local.two ? { link = aws_api_gateway_vpc_link.inside.id } : { a = "1", b = "2" }
  tags            = { v = var.v }
  depends_on      = [aws_api_gateway_account.logs]
}
resource "aws_apigatewayv2_stage" "auto" {
  api_id      = aws_apigatewayv2_api.chat.id
  name        = "auto"
  auto_deploy = true
}
resource "aws_apigatewayv2_domain_name" "chat" {
  domain_name = "chat.example.com"
  domain_name_configuration {
    certificate_arn = "arn:aws:acm:us-east-1:000000000000:certificate/1"
    endpoint_type   = "REGIONAL"
    security_policy = "TLS_1_2"
  }
}
resource "aws_apigatewayv2_api_mapping" "chat" {
  api_id          = aws_apigatewayv2_api.chat.id
  domain_name     = aws_apigatewayv2_domain_name.chat.id
  stage           = local.two ? aws_apigatewayv2_stage.auto.id : aws_apigatewayv2_stage.live.id
  api_mapping_key = local.two ? "v2" : "v1"
}

data "aws_apigatewayv2_api" "chat" { api_id = aws_apigatewayv2_api.chat.id }
data "aws_apigatewayv2_apis" "tagged" {
  protocol_type = "WEBSOCKET"
  tags          = { v = var.v }
  depends_on    = [aws_apigatewayv2_api.chat]
}
output "api" { value = aws_apigatewayv2_api.chat.id }
output "found" {
  value = {
    name      = data.aws_apigatewayv2_api.chat.name
    selection = data.aws_apigatewayv2_api.chat.route_selection_expression
    ids       = data.aws_apigatewayv2_apis.tagged.ids
    execution = replace(aws_apigatewayv2_stage.live.execution_arn, aws_apigatewayv2_api.chat.id, "API")
    responses = aws_apigatewayv2_integration.mock.integration_response_selection_expression
  }
}
# What each resource is imported by.
output "ids" {
  value = {
    "aws_apigatewayv2_api.chat"                  = aws_apigatewayv2_api.chat.id
    "aws_apigatewayv2_model.message"             = "${aws_apigatewayv2_api.chat.id}/${aws_apigatewayv2_model.message.id}"
    "aws_apigatewayv2_integration.mock"          = "${aws_apigatewayv2_api.chat.id}/${aws_apigatewayv2_integration.mock.id}"
    "aws_apigatewayv2_integration_response.mock" = "${aws_apigatewayv2_api.chat.id}/${aws_apigatewayv2_integration.mock.id}/${aws_apigatewayv2_integration_response.mock.id}"
    "aws_apigatewayv2_integration.function"      = "${aws_apigatewayv2_api.chat.id}/${aws_apigatewayv2_integration.function.id}"
    "aws_apigatewayv2_integration.inside"        = "${aws_apigatewayv2_api.chat.id}/${aws_apigatewayv2_integration.inside.id}"
    "aws_apigatewayv2_authorizer.gate"           = "${aws_apigatewayv2_api.chat.id}/${aws_apigatewayv2_authorizer.gate.id}"
    "aws_apigatewayv2_route.connect"             = "${aws_apigatewayv2_api.chat.id}/${aws_apigatewayv2_route.connect.id}"
    "aws_apigatewayv2_route.join"                = "${aws_apigatewayv2_api.chat.id}/${aws_apigatewayv2_route.join.id}"
    "aws_apigatewayv2_route_response.join"       = "${aws_apigatewayv2_api.chat.id}/${aws_apigatewayv2_route.join.id}/${aws_apigatewayv2_route_response.join.id}"
    "aws_apigatewayv2_route.default"             = "${aws_apigatewayv2_api.chat.id}/${aws_apigatewayv2_route.default.id}"
    "aws_apigatewayv2_deployment.chat"           = "${aws_apigatewayv2_api.chat.id}/${aws_apigatewayv2_deployment.chat.id}"
    "aws_apigatewayv2_stage.live"                = "${aws_apigatewayv2_api.chat.id}/${aws_apigatewayv2_stage.live.name}"
    "aws_apigatewayv2_stage.auto"                = "${aws_apigatewayv2_api.chat.id}/${aws_apigatewayv2_stage.auto.name}"
    "aws_apigatewayv2_api_mapping.chat"          = "${aws_apigatewayv2_api_mapping.chat.id}/${aws_apigatewayv2_domain_name.chat.id}"
  }
}
