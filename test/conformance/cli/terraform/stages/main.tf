# A stage's response cache and its canary, through the versions that an operator goes: none, both, changed, none again.
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
variable "endpoint" { type = string }
variable "cache" {
  type    = string
  default = null
}
variable "ttl" { default = 300 }
variable "strategy" { default = "SUCCEED_WITH_RESPONSE_HEADER" }
variable "encrypted" { default = false }
variable "percent" {
  type    = number
  default = null
}
variable "colour" { default = "green" }
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
  endpoints { apigateway = var.endpoint }
}
resource "aws_api_gateway_rest_api" "a" {
  name = "stages"
  body = jsonencode({ openapi = "3.0.1", info = { title = "stages", version = "1" }, paths = { "/pets/{id}" = { get = {
    parameters = [{ name = "id", in = "path", required = true, schema = { type = "string" } }]
    responses  = { "200" = { description = "ok" } }
    "x-amazon-apigateway-integration" = {
      type               = "mock"
      requestTemplates   = { "application/json" = "{\"statusCode\":200}" }
      cacheKeyParameters = ["method.request.path.id"]
      responses          = { default = { statusCode = "200", responseTemplates = { "application/json" = "$stageVariables.colour $context.requestId" } } }
    }
  } } } })
}
resource "aws_api_gateway_deployment" "stable" {
  rest_api_id = aws_api_gateway_rest_api.a.id
  description = "stable"
}
resource "aws_api_gateway_deployment" "canary" {
  rest_api_id = aws_api_gateway_rest_api.a.id
  description = "canary"
}
resource "aws_api_gateway_stage" "s" {
  rest_api_id           = aws_api_gateway_rest_api.a.id
  deployment_id         = aws_api_gateway_deployment.stable.id
  stage_name            = "prod"
  variables             = { colour = "blue" }
  cache_cluster_enabled = var.cache != null
  cache_cluster_size    = var.cache
  dynamic "canary_settings" {
    for_each = var.percent == null ? [] : [var.percent]
    content {
      deployment_id            = aws_api_gateway_deployment.canary.id
      percent_traffic          = canary_settings.value
      stage_variable_overrides = { colour = var.colour }
      use_stage_cache          = var.percent == 100
    }
  }
}
resource "aws_api_gateway_method_settings" "all" {
  rest_api_id = aws_api_gateway_rest_api.a.id
  stage_name  = aws_api_gateway_stage.s.stage_name
  method_path = "*/*"
  settings {
    caching_enabled                            = var.cache != null
    cache_ttl_in_seconds                       = var.ttl
    cache_data_encrypted                       = var.encrypted
    require_authorization_for_cache_control    = var.strategy != "NONE"
    unauthorized_cache_control_header_strategy = var.strategy == "NONE" ? "SUCCEED_WITH_RESPONSE_HEADER" : var.strategy
  }
}
resource "aws_api_gateway_method_settings" "one" {
  rest_api_id = aws_api_gateway_rest_api.a.id
  stage_name  = aws_api_gateway_stage.s.stage_name
  method_path = "pets/{id}/GET"
  settings {
    caching_enabled      = var.cache != null
    cache_ttl_in_seconds = var.ttl
  }
  depends_on = [aws_api_gateway_method_settings.all]
}
output "api" { value = aws_api_gateway_rest_api.a.id }
