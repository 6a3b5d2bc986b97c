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
    cloudwatch = var.endpoint
    sts        = var.endpoint
    iam        = var.endpoint
  }
}

resource "aws_cloudwatch_metric_alarm" "plain" {
  alarm_name          = "plain"
  alarm_description   = "version ${var.v}"
  namespace           = "Shop"
  metric_name         = "Orders"
  dimensions          = { Country = "SE" }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 3
  datapoints_to_alarm = 2
  threshold           = var.v == "1" ? 5 : 7.5
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  actions_enabled     = var.v == "1"
  alarm_actions       = ["arn:aws:sns:us-east-1:000000000000:ops"]
  ok_actions          = ["arn:aws:lambda:us-east-1:000000000000:function:calm"]
  tags                = { version = var.v }
}

resource "aws_cloudwatch_metric_alarm" "percentile" {
  alarm_name          = "slow"
  namespace           = "Shop"
  metric_name         = "Latency"
  extended_statistic  = "p99.9"
  unit                = "Milliseconds"
  period              = 300
  evaluation_periods  = 1
  threshold           = 900
  comparison_operator = "GreaterThanOrEqualToThreshold"
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "errors"
  namespace           = "AWS/ApiGateway"
  metric_name         = "5XXError"
  dimensions          = { ApiName = "shop", Stage = "prod" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 1
  threshold           = 0.05
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = ["arn:aws:lambda:us-east-1:000000000000:function:pager"]
}

resource "aws_cloudwatch_metric_alarm" "trimmed" {
  alarm_name          = "trimmed"
  namespace           = "AWS/ApiGateway"
  metric_name         = "Latency"
  dimensions          = { ApiName = "shop" }
  extended_statistic  = "tm99"
  period              = 60
  evaluation_periods  = 5
  threshold           = 250
  comparison_operator = "GreaterThanThreshold"
}

resource "aws_cloudwatch_metric_alarm" "math" {
  alarm_name          = "rate"
  evaluation_periods  = 2
  threshold           = 10
  comparison_operator = "GreaterThanThreshold"

  metric_query {
    id          = "rate"
    expression  = "100 * FILL(errors, 0) / orders"
    label       = "errors in %"
    return_data = true
  }

  metric_query {
    id = "errors"
    metric {
      namespace   = "Shop"
      metric_name = "Failures"
      period      = 60
      stat        = "Sum"
      unit        = "Count"
    }
  }

  metric_query {
    id = "orders"
    metric {
      namespace   = "Shop"
      metric_name = "Orders"
      period      = 60
      stat        = "Sum"
      dimensions  = { Country = "SE" }
    }
  }
}

output "arn" { value = aws_cloudwatch_metric_alarm.plain.arn }
