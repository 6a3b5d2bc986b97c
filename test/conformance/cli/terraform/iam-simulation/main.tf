# A user whose permissions are checked by the provider's simulation.
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
variable "endpoint" { type = string }
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "111122223333"
  secret_key                  = "test"
  skip_metadata_api_check     = true
  skip_credentials_validation = true
  endpoints {
    iam = var.endpoint
    sts = var.endpoint
  }
}
locals {
  api = "arn:aws:execute-api:us-east-1:111122223333:a1b2c3/dev"
}
resource "aws_iam_user" "caller" {
  name = "caller"
}
resource "aws_iam_user_policy" "own" {
  name = "own"
  user = aws_iam_user.caller.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Action    = "execute-api:Invoke"
        Resource  = "${local.api}/GET/*"
        Condition = { IpAddress = { "aws:SourceIp" = ["192.0.2.0/24"] } }
      },
      { Effect = "Deny", Action = "execute-api:*", Resource = "${local.api}/GET/admin" },
    ]
  })
}
data "aws_iam_principal_policy_simulation" "may" {
  action_names      = ["execute-api:Invoke"]
  policy_source_arn = aws_iam_user.caller.arn
  resource_arns     = ["${local.api}/GET/pets"]
  context {
    key    = "aws:SourceIp"
    type   = "ip"
    values = ["192.0.2.7"]
  }
  depends_on = [aws_iam_user_policy.own]
}
data "aws_iam_principal_policy_simulation" "may_not" {
  action_names      = ["execute-api:Invoke"]
  policy_source_arn = aws_iam_user.caller.arn
  resource_arns     = ["${local.api}/GET/admin", "${local.api}/POST/pets"]
  depends_on        = [aws_iam_user_policy.own]
}
output "may" { value = data.aws_iam_principal_policy_simulation.may.all_allowed }
output "statements" {
  value = [for result in data.aws_iam_principal_policy_simulation.may.results :
  [for statement in result.matched_statements : [statement.source_policy_id, statement.source_policy_type]]]
}
output "may_not" {
  value = { for result in data.aws_iam_principal_policy_simulation.may_not.results : result.resource_arn => result.decision }
}
output "missing" {
  value = distinct(flatten(data.aws_iam_principal_policy_simulation.may_not.results[*].missing_context_keys))
}
