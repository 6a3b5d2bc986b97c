# Log groups and a sampling rule of X-Ray, in two versions, with an API whose access and execution logs go there.
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
variable "endpoint" { type = string }
variable "v" { default = "1" }
locals { two = var.v == "2" }
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
  endpoints {
    apigateway = var.endpoint
    logs       = var.endpoint
    xray       = var.endpoint
  }
}
resource "aws_cloudwatch_log_group" "plain" { name = "/pets/plain" }
resource "aws_cloudwatch_log_group" "access" {
  name              = "/pets/access"
  retention_in_days = local.two ? 14 : 7
  tags              = local.two ? { b = "2", c = "3" } : { a = "1", b = "1" }
}
resource "aws_cloudwatch_log_group" "kept" {
  name              = "/pets/kept"
  retention_in_days = local.two ? 0 : 30
  log_group_class   = "INFREQUENT_ACCESS"
}
resource "aws_cloudwatch_log_stream" "s" {
  name           = "stream"
  log_group_name = aws_cloudwatch_log_group.plain.name
}
resource "aws_xray_sampling_rule" "orders" {
  rule_name      = "orders"
  priority       = local.two ? 20 : 10
  version        = 1
  reservoir_size = 1
  fixed_rate     = local.two ? 0.5 : 0.05
  url_path       = "*"
  host           = "*"
  http_method    = local.two ? "POST" : "*"
  service_type   = "*"
  service_name   = "logged/*"
  resource_arn   = "*"
  attributes     = local.two ? {} : { "X-Tenant" = "a?" }
  tags           = { v = var.v }
}
data "aws_cloudwatch_log_group" "access" { name = aws_cloudwatch_log_group.access.name }
data "aws_cloudwatch_log_groups" "pets" {
  log_group_name_prefix = "/pets/"
  depends_on            = [aws_cloudwatch_log_group.plain, aws_cloudwatch_log_group.access, aws_cloudwatch_log_group.kept]
}
output "groups" { value = data.aws_cloudwatch_log_groups.pets.log_group_names }
output "retention" { value = data.aws_cloudwatch_log_group.access.retention_in_days }
resource "aws_api_gateway_account" "a" { cloudwatch_role_arn = "arn:aws:iam::000000000000:role/x" }
resource "aws_api_gateway_rest_api" "w" {
  name = "logged"
  body = jsonencode({
    openapi = "3.0.1", info = { title = "logged", version = "1" },
    paths = { "/" = { get = {
      responses = { "200" = { description = "ok" } },
      x-amazon-apigateway-integration = {
        type = "mock", requestTemplates = { "application/json" = "{\"statusCode\":200}" },
        responses = { default = { statusCode = "200" } }
      }
    } } }
  })
}
resource "aws_api_gateway_deployment" "d" { rest_api_id = aws_api_gateway_rest_api.w.id }
resource "aws_api_gateway_stage" "prod" {
  rest_api_id   = aws_api_gateway_rest_api.w.id
  deployment_id = aws_api_gateway_deployment.d.id
  stage_name    = "prod"
  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access.arn
    format          = "$context.requestId"
  }
  depends_on = [aws_api_gateway_account.a]
}
resource "aws_api_gateway_method_settings" "all" {
  rest_api_id = aws_api_gateway_rest_api.w.id
  stage_name  = aws_api_gateway_stage.prod.stage_name
  method_path = "*/*"
  settings { logging_level = local.two ? "ERROR" : "INFO" }
}
output "api" { value = aws_api_gateway_rest_api.w.id }
