# Users with groups, keys, policies and boundaries, a provider and the account's alias, in three versions.
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
variable "endpoint" { type = string }
variable "v" { default = "1" }
locals {
  two = var.v != "1"
  # The provider sets tags by the new name before it renames, which fails on AWS as well.
  three = var.v == "3"
}
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "111122223333"
  secret_key                  = "test"
  skip_metadata_api_check     = true
  skip_credentials_validation = false
  skip_requesting_account_id  = false
  default_tags { tags = { stack = "users" } }
  endpoints {
    iam = var.endpoint
    sts = var.endpoint
  }
}
data "aws_iam_policy_document" "invoke" {
  statement {
    actions   = local.two ? ["execute-api:Invoke", "execute-api:ManageConnections"] : ["execute-api:Invoke"]
    resources = ["arn:aws:execute-api:*:*:*"]
  }
}
resource "aws_iam_policy" "invoke" {
  name   = "invoke"
  path   = "/api/"
  policy = data.aws_iam_policy_document.invoke.json
}
resource "aws_iam_user" "caller" {
  name                 = local.two ? "caller-two" : "caller"
  path                 = local.two ? "/moved/" : "/"
  permissions_boundary = local.two ? null : "arn:aws:iam::aws:policy/PowerUserAccess"
  tags                 = local.three ? { team = "cats" } : { team = "pets", kind = "app" }
  force_destroy        = true
}
resource "aws_iam_access_key" "caller" {
  user   = aws_iam_user.caller.name
  status = local.two ? "Inactive" : "Active"
}
resource "aws_iam_user_policy" "own" {
  name   = "own"
  user   = aws_iam_user.caller.name
  policy = data.aws_iam_policy_document.invoke.json
}
resource "aws_iam_user_policy_attachment" "invoke" {
  user       = aws_iam_user.caller.name
  policy_arn = aws_iam_policy.invoke.arn
}
resource "aws_iam_group" "callers" {
  name = local.two ? "callers-two" : "callers"
  path = "/groups/"
}
resource "aws_iam_group_policy" "own" {
  name   = "own"
  group  = aws_iam_group.callers.name
  policy = data.aws_iam_policy_document.invoke.json
}
resource "aws_iam_group_policy_attachment" "managed" {
  group      = aws_iam_group.callers.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonAPIGatewayInvokeFullAccess"
}
resource "aws_iam_user_group_membership" "caller" {
  user   = aws_iam_user.caller.name
  groups = [aws_iam_group.callers.name]
}
resource "aws_iam_role" "worker" {
  name                 = "worker"
  permissions_boundary = aws_iam_policy.invoke.arn
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::111122223333:root" }
      Action    = ["sts:AssumeRole", "sts:TagSession"]
    }]
  })
}
resource "aws_iam_openid_connect_provider" "login" {
  url             = "https://id.example.com/pool"
  client_id_list  = local.two ? ["a", "b"] : ["a"]
  thumbprint_list = ["9e99a48a9960b14926bb7f3b02e22da2b0ab7280"]
}
resource "aws_iam_account_alias" "alias" {
  account_alias = "portico-users"
}
data "aws_iam_user" "caller" {
  user_name  = aws_iam_user.caller.name
  depends_on = [aws_iam_user.caller]
}
data "aws_iam_group" "callers" {
  group_name = aws_iam_group.callers.name
  depends_on = [aws_iam_user_group_membership.caller]
}
output "key" {
  value     = { id = aws_iam_access_key.caller.id, secret = aws_iam_access_key.caller.secret }
  sensitive = true
}
output "arn" { value = data.aws_iam_user.caller.arn }
output "members" { value = [for user in data.aws_iam_group.callers.users : user.user_name] }
