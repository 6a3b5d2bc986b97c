# Roles and policies, in two versions, with an API whose Lambda integration uses one of the roles.
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
  default_tags { tags = { stack = "iam" } }
  endpoints {
    apigateway = var.endpoint
    iam        = var.endpoint
    lambda     = var.endpoint
    sts        = var.endpoint
  }
}
data "aws_caller_identity" "me" {}
data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = local.two ? ["apigateway.amazonaws.com", "lambda.amazonaws.com"] : ["apigateway.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.me.account_id]
    }
  }
}
data "aws_iam_policy_document" "invoke" {
  statement {
    sid       = "Invoke"
    actions   = local.two ? ["lambda:InvokeFunction", "lambda:GetFunction"] : ["lambda:InvokeFunction"]
    resources = [aws_lambda_function.f.arn]
  }
}
resource "aws_iam_role" "gateway" {
  name                 = "gateway"
  path                 = "/api/"
  description          = local.two ? "invokes functions, too" : "invokes"
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  max_session_duration = local.two ? 7200 : 3600
  permissions_boundary = local.two ? null : aws_iam_policy.boundary.arn
  tags                 = local.two ? { b = "2" } : { a = "1" }
}
resource "aws_iam_role_policy" "invoke" {
  name   = "invoke"
  role   = aws_iam_role.gateway.id
  policy = data.aws_iam_policy_document.invoke.json
}
resource "aws_iam_policy" "boundary" {
  name        = "boundary"
  path        = "/limits/"
  description = "what a role may do at most"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = local.two ? ["lambda:*", "sqs:*"] : ["lambda:*"], Resource = "*" }]
  })
  tags = { v = var.v }
}
resource "aws_iam_role_policy_attachment" "boundary" {
  role       = aws_iam_role.gateway.name
  policy_arn = aws_iam_policy.boundary.arn
}
resource "aws_iam_role" "function" {
  name_prefix = "function-"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })
  force_detach_policies = true
}
resource "aws_iam_role_policy_attachment" "function" {
  role       = aws_iam_role.function.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/${local.two ? "AWSLambdaVPCAccessExecutionRole" : "AWSLambdaBasicExecutionRole"}"
}
resource "aws_iam_role_policies_exclusive" "gateway" {
  role_name    = aws_iam_role.gateway.name
  policy_names = [aws_iam_role_policy.invoke.name]
}
resource "aws_iam_role_policy_attachments_exclusive" "gateway" {
  role_name   = aws_iam_role.gateway.name
  policy_arns = [aws_iam_role_policy_attachment.boundary.policy_arn]
}
data "aws_iam_role" "gateway" {
  name       = aws_iam_role.gateway.name
  depends_on = [aws_iam_role.gateway]
}
data "aws_iam_policy" "boundary" { arn = aws_iam_policy.boundary.arn }
data "aws_iam_policy" "named" { name = "AWSLambdaRole" }
data "aws_iam_roles" "below" {
  path_prefix = "/api/"
  depends_on  = [aws_iam_role.gateway]
}
resource "aws_lambda_function" "f" {
  function_name    = "greet"
  role             = aws_iam_role.function.arn
  runtime          = "nodejs22.x"
  handler          = "index.handler"
  filename         = var.package
  source_code_hash = filebase64sha256(var.package)
}
resource "aws_api_gateway_rest_api" "w" {
  name = "credentials"
  body = jsonencode({
    openapi = "3.0.1", info = { title = "credentials", version = "1" },
    paths = { "/" = { get = {
      responses = { "200" = { description = "ok" } },
      x-amazon-apigateway-integration = {
        type = "aws_proxy", httpMethod = "POST", uri = aws_lambda_function.f.invoke_arn, credentials = aws_iam_role.gateway.arn
      }
    } } }
  })
}
resource "aws_api_gateway_deployment" "d" { rest_api_id = aws_api_gateway_rest_api.w.id }
resource "aws_api_gateway_stage" "prod" {
  rest_api_id   = aws_api_gateway_rest_api.w.id
  deployment_id = aws_api_gateway_deployment.d.id
  stage_name    = "prod"
}
output "api" { value = aws_api_gateway_rest_api.w.id }
output "role" { value = data.aws_iam_role.gateway.arn }
output "managed" { value = data.aws_iam_policy.named.arn }
output "below" { value = data.aws_iam_roles.below.names }
