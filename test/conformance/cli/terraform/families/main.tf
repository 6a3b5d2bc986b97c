# Every REST resource that Portico has, in two versions: `v = 2` changes all that can be changed in place.
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
  endpoints { apigateway = var.endpoint }
}
resource "aws_api_gateway_account" "a" { cloudwatch_role_arn = "arn:aws:iam::000000000000:role/x" }
resource "aws_api_gateway_rest_api" "w" {
  name                         = "wide${var.v}"
  description                  = local.two ? "two" : null
  binary_media_types           = local.two ? ["image/png", "a/b"] : ["image/png", "c/d"]
  minimum_compression_size     = local.two ? null : 100
  api_key_source               = local.two ? "AUTHORIZER" : "HEADER"
  disable_execute_api_endpoint = local.two
  tags                         = local.two ? { b = "2", c = "3" } : { a = "1", b = "1" }
  endpoint_configuration { types = [local.two ? "REGIONAL" : "EDGE"] }
}
resource "aws_api_gateway_rest_api_policy" "p" {
  rest_api_id = aws_api_gateway_rest_api.w.id
  policy      = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = "*", Action = "execute-api:Invoke", Resource = "${aws_api_gateway_rest_api.w.execution_arn}/*", Condition = { IpAddress = { "aws:SourceIp" = local.two ? "10.0.0.0/8" : "127.0.0.0/8" } } }] })
}
resource "aws_api_gateway_resource" "r" {
  rest_api_id = aws_api_gateway_rest_api.w.id
  parent_id   = aws_api_gateway_rest_api.w.root_resource_id
  path_part   = "r${var.v}"
}
resource "aws_api_gateway_resource" "s" {
  rest_api_id = aws_api_gateway_rest_api.w.id
  parent_id   = aws_api_gateway_resource.r.id
  path_part   = "{id}"
}
resource "aws_api_gateway_model" "m" {
  rest_api_id  = aws_api_gateway_rest_api.w.id
  name         = "Pet"
  description  = "v${var.v}"
  content_type = "application/json"
  schema       = jsonencode({ type = "object", title = "v${var.v}" })
}
resource "aws_api_gateway_request_validator" "v" {
  rest_api_id                 = aws_api_gateway_rest_api.w.id
  name                        = "all"
  validate_request_body       = local.two
  validate_request_parameters = true
}
resource "aws_api_gateway_authorizer" "z" {
  rest_api_id                      = aws_api_gateway_rest_api.w.id
  name                             = "auth${var.v}"
  type                             = "TOKEN"
  authorizer_uri                   = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:f/invocations"
  authorizer_result_ttl_in_seconds = local.two ? 0 : 60
  identity_validation_expression   = local.two ? "a.*" : null
}
resource "aws_api_gateway_authorizer" "c" {
  rest_api_id   = aws_api_gateway_rest_api.w.id
  name          = "cog"
  type          = "COGNITO_USER_POOLS"
  provider_arns = local.two ? ["arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_b"] : ["arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_a"]
}
resource "aws_api_gateway_method" "m" {
  rest_api_id          = aws_api_gateway_rest_api.w.id
  resource_id          = aws_api_gateway_resource.s.id
  http_method          = "POST"
  authorization        = local.two ? "NONE" : "CUSTOM"
  authorizer_id        = local.two ? null : aws_api_gateway_authorizer.z.id
  api_key_required     = local.two
  operation_name       = local.two ? "op2" : "op"
  request_validator_id = local.two ? null : aws_api_gateway_request_validator.v.id
  request_models       = local.two ? {} : { "application/json" = aws_api_gateway_model.m.name }
  request_parameters   = local.two ? { "method.request.path.id" = true, "method.request.header.h" = true } : { "method.request.path.id" = true, "method.request.querystring.q" = false }
}
resource "aws_api_gateway_method" "c" {
  rest_api_id          = aws_api_gateway_rest_api.w.id
  resource_id          = aws_api_gateway_resource.s.id
  http_method          = "GET"
  authorization        = "COGNITO_USER_POOLS"
  authorizer_id        = aws_api_gateway_authorizer.c.id
  authorization_scopes = local.two ? ["a", "c"] : ["a", "b"]
  request_parameters   = { "method.request.path.id" = true }
}
resource "aws_api_gateway_integration" "c" {
  rest_api_id             = aws_api_gateway_rest_api.w.id
  resource_id             = aws_api_gateway_resource.s.id
  http_method             = aws_api_gateway_method.c.http_method
  type                    = "HTTP_PROXY"
  integration_http_method = "GET"
  uri                     = "http://example.com/{id}/${var.v}"
  timeout_milliseconds    = local.two ? 5000 : null
  cache_key_parameters    = local.two ? [] : ["method.request.path.id"]
  request_parameters      = local.two ? { "integration.request.path.id" = "method.request.path.id" } : { "integration.request.path.id" = "method.request.path.id", "integration.request.header.X" = "'x'" }
}
resource "aws_api_gateway_integration" "m" {
  rest_api_id             = aws_api_gateway_rest_api.w.id
  resource_id             = aws_api_gateway_resource.s.id
  http_method             = aws_api_gateway_method.m.http_method
  type                    = "HTTP"
  integration_http_method = "POST"
  uri                     = "http://example.com"
  passthrough_behavior    = local.two ? "NEVER" : "WHEN_NO_MATCH"
  content_handling        = local.two ? "CONVERT_TO_TEXT" : null
  request_templates       = local.two ? { "application/json" = "b", "text/plain" = "y" } : { "application/json" = "a", "application/xml" = "x" }
}
resource "aws_api_gateway_method_response" "m" {
  rest_api_id         = aws_api_gateway_rest_api.w.id
  resource_id         = aws_api_gateway_resource.s.id
  http_method         = aws_api_gateway_method.m.http_method
  status_code         = "200"
  response_models     = local.two ? {} : { "application/json" = "Empty" }
  response_parameters = local.two ? { "method.response.header.Y" = false } : { "method.response.header.X" = true, "method.response.header.Y" = true }
}
resource "aws_api_gateway_integration_response" "m" {
  rest_api_id         = aws_api_gateway_rest_api.w.id
  resource_id         = aws_api_gateway_resource.s.id
  http_method         = aws_api_gateway_method.m.http_method
  status_code         = aws_api_gateway_method_response.m.status_code
  selection_pattern   = local.two ? "2.." : null
  response_parameters = local.two ? {} : { "method.response.header.Y" = "'a'" }
  response_templates  = { "application/json" = local.two ? "y" : "x" }
  depends_on          = [aws_api_gateway_integration.m]
}
resource "aws_api_gateway_gateway_response" "g" {
  rest_api_id         = aws_api_gateway_rest_api.w.id
  response_type       = "THROTTLED"
  status_code         = local.two ? "421" : "420"
  response_parameters = { "gatewayresponse.header.X" = "'${var.v}'" }
  # AWS shows its default template where there is none: a configuration without one is never up to date.
  response_templates  = { "application/json" = local.two ? "{}" : "{ }" }
}
resource "aws_api_gateway_deployment" "d" {
  rest_api_id = aws_api_gateway_rest_api.w.id
  description = "v${var.v}"
  depends_on  = [aws_api_gateway_integration_response.m, aws_api_gateway_integration.c]
}
resource "aws_api_gateway_stage" "s" {
  rest_api_id          = aws_api_gateway_rest_api.w.id
  deployment_id        = aws_api_gateway_deployment.d.id
  stage_name           = "prod"
  description          = local.two ? "two" : null
  variables            = local.two ? { b = "2", c = "3" } : { a = "1", b = "1" }
  xray_tracing_enabled = local.two
  tags                 = { v = var.v }
  access_log_settings {
    destination_arn = "arn:aws:logs:us-east-1:000000000000:log-group:x"
    format          = "$context.requestId ${var.v}"
  }
  dynamic "canary_settings" {
    for_each = local.two ? [1] : []
    content {
      deployment_id            = aws_api_gateway_deployment.d.id
      percent_traffic          = 10
      stage_variable_overrides = { b = "9" }
    }
  }
  depends_on = [aws_api_gateway_account.a]
}
resource "aws_api_gateway_method_settings" "all" {
  rest_api_id = aws_api_gateway_rest_api.w.id
  stage_name  = aws_api_gateway_stage.s.stage_name
  method_path = "*/*"
  settings {
    metrics_enabled        = true
    logging_level          = local.two ? "ERROR" : "INFO"
    throttling_rate_limit  = local.two ? 20 : 10
    throttling_burst_limit = 5
  }
}
resource "aws_api_gateway_method_settings" "one" {
  rest_api_id = aws_api_gateway_rest_api.w.id
  stage_name  = aws_api_gateway_stage.s.stage_name
  method_path = "r1/GET"
  settings {
    caching_enabled      = local.two
    cache_ttl_in_seconds = 7
  }
  depends_on = [aws_api_gateway_method_settings.all]
}
resource "aws_api_gateway_rest_api" "body" {
  name = "body"
  body = jsonencode({ openapi = "3.0.1", info = { title = "doc", version = "1" }, paths = { "/p${var.v}" = { get = { responses = { "200" = { description = "ok" } }, "x-amazon-apigateway-integration" = { type = "mock" } } } } })
  endpoint_configuration { types = ["REGIONAL"] }
}
resource "aws_api_gateway_client_certificate" "c" {
  description = "v${var.v}"
  tags        = { v = var.v }
}
resource "aws_api_gateway_vpc_link" "v" {
  name        = "link${var.v}"
  description = "v${var.v}"
  target_arns = ["arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/net/my-nlb/50dc6c495c0c9188"]
  tags        = { v = var.v }
}
resource "aws_api_gateway_api_key" "generated" {
  name        = "generated${var.v}"
  description = "v${var.v}"
  enabled     = local.two
  customer_id = local.two ? "b" : "a"
  tags        = { v = var.v }
}
resource "aws_api_gateway_api_key" "given" {
  name  = "given"
  value = "a-value-of-at-least-twenty-characters"
}
resource "aws_api_gateway_usage_plan" "u" {
  name         = "plan${var.v}"
  description  = "v${var.v}"
  product_code = local.two ? null : "code"
  tags         = { v = var.v }
  api_stages {
    api_id = aws_api_gateway_rest_api.w.id
    stage  = aws_api_gateway_stage.s.stage_name
    throttle {
      path        = local.two ? "/r2/{id}/GET" : "/r1/{id}/POST"
      rate_limit  = local.two ? 20 : 10
      burst_limit = 5
    }
  }
  quota_settings {
    limit  = local.two ? 20 : 10
    offset = local.two ? 2 : 0
    period = local.two ? "WEEK" : "DAY"
  }
  dynamic "throttle_settings" {
    for_each = local.two ? [] : [1]
    content {
      rate_limit  = 10
      burst_limit = 5
    }
  }
}
resource "aws_api_gateway_usage_plan_key" "k" {
  key_id        = local.two ? aws_api_gateway_api_key.given.id : aws_api_gateway_api_key.generated.id
  key_type      = "API_KEY"
  usage_plan_id = aws_api_gateway_usage_plan.u.id
}
data "aws_api_gateway_vpc_link" "v" {
  name       = aws_api_gateway_vpc_link.v.name
  depends_on = [aws_api_gateway_vpc_link.v]
}
data "aws_api_gateway_api_key" "k" {
  id = aws_api_gateway_api_key.given.id
}
data "aws_api_gateway_export" "e" {
  rest_api_id = aws_api_gateway_rest_api.w.id
  stage_name  = aws_api_gateway_stage.s.stage_name
  export_type = "oas30"
  depends_on  = [aws_api_gateway_stage.s]
}
resource "aws_api_gateway_domain_name" "regional" {
  domain_name              = "regional.example.com"
  regional_certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/${var.v}"
  security_policy          = local.two ? "TLS_1_2" : "TLS_1_0"
  tags                     = local.two ? { b = "2" } : { a = "1" }
  endpoint_configuration { types = ["REGIONAL"] }
  dynamic "mutual_tls_authentication" {
    for_each = local.two ? ["s3://bucket/ca.pem"] : []
    content { truststore_uri = mutual_tls_authentication.value }
  }
}
resource "aws_api_gateway_domain_name" "edge" {
  domain_name     = "edge.example.com"
  certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/${var.v}"
}
resource "aws_api_gateway_domain_name" "private" {
  domain_name     = "private.example.com"
  certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/${var.v}"
  policy          = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = "*", Action = "execute-api:Invoke", Resource = ["execute-api:/*"] }] })
  endpoint_configuration { types = ["PRIVATE"] }
}
resource "aws_api_gateway_domain_name_access_association" "a" {
  access_association_source      = "vpce-0a1b2c3d4e5f60718"
  access_association_source_type = "VPCE"
  domain_name_arn                = aws_api_gateway_domain_name.private.arn
}
data "aws_api_gateway_domain_name" "d" {
  domain_name = aws_api_gateway_domain_name.edge.domain_name
}
resource "aws_api_gateway_base_path_mapping" "staged" {
  api_id      = aws_api_gateway_rest_api.w.id
  stage_name  = local.two ? null : aws_api_gateway_stage.s.stage_name
  domain_name = aws_api_gateway_domain_name.regional.domain_name
  base_path   = "v${var.v}"
}
resource "aws_api_gateway_base_path_mapping" "empty" {
  api_id      = aws_api_gateway_rest_api.w.id
  stage_name  = aws_api_gateway_stage.s.stage_name
  domain_name = aws_api_gateway_domain_name.edge.domain_name
}
resource "aws_api_gateway_base_path_mapping" "private" {
  api_id         = aws_api_gateway_rest_api.w.id
  stage_name     = aws_api_gateway_stage.s.stage_name
  domain_name    = aws_api_gateway_domain_name.private.domain_name
  domain_name_id = aws_api_gateway_domain_name.private.domain_name_id
  base_path      = "p"
}
resource "aws_api_gateway_documentation_part" "api" {
  rest_api_id = aws_api_gateway_rest_api.w.id
  properties  = jsonencode({ description = "version ${var.v}" })
  location { type = "API" }
}
resource "aws_api_gateway_documentation_part" "response" {
  rest_api_id = aws_api_gateway_rest_api.w.id
  properties  = jsonencode({ description = "a header" })
  location {
    type        = "RESPONSE_HEADER"
    path        = "/r"
    method      = "GET"
    status_code = "200"
    name        = "x-a"
  }
}
resource "aws_api_gateway_documentation_version" "v" {
  rest_api_id = aws_api_gateway_rest_api.w.id
  version     = "1.0"
  description = local.two ? "two" : null
  depends_on  = [aws_api_gateway_documentation_part.api]
}
data "aws_api_gateway_api_keys" "all" {
  depends_on = [aws_api_gateway_api_key.given, aws_api_gateway_api_key.generated]
}
data "aws_api_gateway_authorizer" "z" {
  rest_api_id   = aws_api_gateway_rest_api.w.id
  authorizer_id = aws_api_gateway_authorizer.z.id
}
data "aws_api_gateway_authorizers" "all" {
  rest_api_id = aws_api_gateway_rest_api.w.id
  depends_on  = [aws_api_gateway_authorizer.z, aws_api_gateway_authorizer.c]
}
data "aws_api_gateway_rest_api" "w" {
  name = aws_api_gateway_rest_api.w.name
}
data "aws_api_gateway_resource" "r" {
  rest_api_id = data.aws_api_gateway_rest_api.w.id
  path        = aws_api_gateway_resource.r.path
}
data "aws_api_gateway_sdk" "javascript" {
  rest_api_id = aws_api_gateway_rest_api.w.id
  stage_name  = aws_api_gateway_stage.s.stage_name
  sdk_type    = "javascript"
}
resource "aws_api_gateway_rest_api" "put" {
  name = "put"
  # The body is the other resource's.
  lifecycle { ignore_changes = [name, description] }
}
resource "aws_api_gateway_rest_api_put" "put" {
  rest_api_id = aws_api_gateway_rest_api.put.id
  body        = jsonencode({ openapi = "3.0.1", info = { title = "put", version = "1" }, paths = { "/p${var.v}" = { get = { responses = { "200" = { description = "ok" } }, "x-amazon-apigateway-integration" = { type = "mock" } } } } })
  triggers    = { v = var.v }
  # The provider (5.100) can't do without it.
  fail_on_warnings = false
}
output "found" {
  value = {
    keys        = length(data.aws_api_gateway_api_keys.all.items)
    authorizers = length(data.aws_api_gateway_authorizers.all.ids)
    authorizer  = data.aws_api_gateway_authorizer.z.name
    resource    = data.aws_api_gateway_resource.r.path_part
    sdk         = data.aws_api_gateway_sdk.javascript.content_type
    resource_id = aws_api_gateway_resource.s.id
    api_id      = aws_api_gateway_rest_api.w.id
  }
}
