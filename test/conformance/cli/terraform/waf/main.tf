variable "endpoint" { type = string }
variable "v" { type = string }

terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "000000000000"
  secret_key                  = "any"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  endpoints {
    apigateway = var.endpoint
    wafv2      = var.endpoint
    sts        = var.endpoint
    iam        = var.endpoint
  }
}

resource "aws_api_gateway_rest_api" "pets" {
  name = "pets"
}

resource "aws_api_gateway_method" "root" {
  rest_api_id   = aws_api_gateway_rest_api.pets.id
  resource_id   = aws_api_gateway_rest_api.pets.root_resource_id
  http_method   = "GET"
  authorization = "NONE"
}

resource "aws_api_gateway_integration" "root" {
  rest_api_id       = aws_api_gateway_rest_api.pets.id
  resource_id       = aws_api_gateway_rest_api.pets.root_resource_id
  http_method       = aws_api_gateway_method.root.http_method
  type              = "MOCK"
  request_templates = { "application/json" = "{\"statusCode\": 200}" }
}

resource "aws_api_gateway_deployment" "pets" {
  rest_api_id = aws_api_gateway_rest_api.pets.id
  depends_on  = [aws_api_gateway_integration.root]
}

resource "aws_api_gateway_stage" "prod" {
  rest_api_id   = aws_api_gateway_rest_api.pets.id
  deployment_id = aws_api_gateway_deployment.pets.id
  stage_name    = "prod"
}

resource "aws_wafv2_ip_set" "blocked" {
  name               = "blocked"
  description        = "who may not call"
  scope              = "REGIONAL"
  ip_address_version = "IPV4"
  addresses          = var.v == "1" ? ["192.0.2.0/24"] : ["127.0.0.0/8", "192.0.2.0/24"]
  tags               = { team = "pets" }
}

resource "aws_wafv2_regex_pattern_set" "files" {
  name  = "files"
  scope = "REGIONAL"
  regular_expression {
    regex_string = "\\.(bak|old)$"
  }
  regular_expression {
    regex_string = "^/prod/\\."
  }
}

resource "aws_wafv2_rule_group" "files" {
  name     = "files"
  scope    = "REGIONAL"
  capacity = 50
  rule {
    name     = "files"
    priority = 1
    action {
      block {}
    }
    statement {
      regex_pattern_set_reference_statement {
        arn = aws_wafv2_regex_pattern_set.files.arn
        field_to_match {
          uri_path {}
        }
        text_transformation {
          priority = 0
          type     = "URL_DECODE"
        }
      }
    }
    rule_label {
      name = "files:hidden"
    }
    visibility_config {
      cloudwatch_metrics_enabled = false
      metric_name                = "files"
      sampled_requests_enabled   = false
    }
  }
  visibility_config {
    cloudwatch_metrics_enabled = false
    metric_name                = "files"
    sampled_requests_enabled   = false
  }
}

resource "aws_wafv2_web_acl" "pets" {
  name        = "pets"
  description = "in front of the pets"
  scope       = "REGIONAL"
  tags        = { team = "pets" }

  default_action {
    allow {}
  }

  custom_response_body {
    key          = "no"
    content      = "{\"no\":true}"
    content_type = "APPLICATION_JSON"
  }

  association_config {
    request_body {
      api_gateway {
        default_size_inspection_limit = "KB_32"
      }
    }
  }

  rule {
    name     = "addresses"
    priority = 1
    action {
      block {
        custom_response {
          response_code            = 429
          custom_response_body_key = "no"
          response_header {
            name  = "x-why"
            value = "address"
          }
        }
      }
    }
    statement {
      ip_set_reference_statement {
        arn = aws_wafv2_ip_set.blocked.arn
      }
    }
    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "addresses"
      sampled_requests_enabled   = true
    }
  }

  rule {
    name     = "words"
    priority = 2
    action {
      count {
        custom_request_handling {
          insert_header {
            name  = "words"
            value = "yes"
          }
        }
      }
    }
    statement {
      and_statement {
        statement {
          byte_match_statement {
            search_string         = "select"
            positional_constraint = "CONTAINS"
            field_to_match {
              json_body {
                match_scope               = "VALUE"
                invalid_fallback_behavior = "EVALUATE_AS_STRING"
                oversize_handling         = "CONTINUE"
                match_pattern {
                  included_paths = ["/query"]
                }
              }
            }
            text_transformation {
              priority = 0
              type     = "URL_DECODE"
            }
            text_transformation {
              priority = 1
              type     = "LOWERCASE"
            }
          }
        }
        statement {
          not_statement {
            statement {
              size_constraint_statement {
                comparison_operator = "LT"
                size                = 10
                field_to_match {
                  headers {
                    match_scope       = "ALL"
                    oversize_handling = "MATCH"
                    match_pattern {
                      excluded_headers = ["cookie"]
                    }
                  }
                }
                text_transformation {
                  priority = 0
                  type     = "NONE"
                }
              }
            }
          }
        }
      }
    }
    visibility_config {
      cloudwatch_metrics_enabled = false
      metric_name                = "words"
      sampled_requests_enabled   = false
    }
  }

  rule {
    name     = "rate"
    priority = 3
    action {
      block {}
    }
    statement {
      rate_based_statement {
        limit                 = var.v == "1" ? 1000 : 2000
        evaluation_window_sec = 120
        aggregate_key_type    = "CUSTOM_KEYS"
        custom_key {
          ip {}
        }
        custom_key {
          header {
            name = "x-user"
            text_transformation {
              priority = 0
              type     = "LOWERCASE"
            }
          }
        }
        scope_down_statement {
          regex_match_statement {
            regex_string = "^/prod/.+"
            field_to_match {
              uri_path {}
            }
            text_transformation {
              priority = 0
              type     = "NONE"
            }
          }
        }
      }
    }
    visibility_config {
      cloudwatch_metrics_enabled = false
      metric_name                = "rate"
      sampled_requests_enabled   = false
    }
  }

  rule {
    name     = "group"
    priority = 4
    override_action {
      none {}
    }
    statement {
      rule_group_reference_statement {
        arn = aws_wafv2_rule_group.files.arn
        rule_action_override {
          name = "files"
          action_to_use {
            count {}
          }
        }
      }
    }
    visibility_config {
      cloudwatch_metrics_enabled = false
      metric_name                = "group"
      sampled_requests_enabled   = false
    }
  }

  rule {
    name     = "label"
    priority = 5
    action {
      block {}
    }
    statement {
      label_match_statement {
        scope = "LABEL"
        key   = "awswaf:000000000000:rulegroup:files:files:hidden"
      }
    }
    visibility_config {
      cloudwatch_metrics_enabled = false
      metric_name                = "label"
      sampled_requests_enabled   = false
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = "pets"
    sampled_requests_enabled   = true
  }
}

resource "aws_wafv2_web_acl_association" "prod" {
  resource_arn = aws_api_gateway_stage.prod.arn
  web_acl_arn  = aws_wafv2_web_acl.pets.arn
}

resource "aws_wafv2_web_acl_logging_configuration" "pets" {
  resource_arn            = aws_wafv2_web_acl.pets.arn
  log_destination_configs = ["arn:aws:logs:us-east-1:000000000000:log-group:aws-waf-logs-pets"]
  redacted_fields {
    single_header {
      name = "authorization"
    }
  }
}

output "api" { value = aws_api_gateway_rest_api.pets.id }
output "capacity" { value = aws_wafv2_web_acl.pets.capacity }
