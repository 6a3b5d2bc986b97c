/** A policy of AWS's own. */
export interface AwsManagedPolicy {
  readonly arn: string;
  readonly name: string;
  readonly path: string;
  readonly versionId: string;
  /** When this version was made, in ISO 8601. */
  readonly updated: string;
  /** JSON. */
  readonly document: string;
}

interface Facts {
  readonly path?: string;
  readonly version: string;
  readonly updated: string;
  readonly statements: readonly object[];
}

const allow = (actions: string | readonly string[], resource: string | readonly string[] = "*"): object => ({
  Effect: "Allow",
  Action: actions,
  Resource: resource,
});
const serviceRole = "/service-role/";
const writeLogs = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"] as const;

const linkServiceRole = (sid: string, role: string, service: string): object => ({
  Sid: `IAMCreateServiceLinkedRole${sid}`,
  ...allow("iam:CreateServiceLinkedRole", `arn:aws:iam::*:role/aws-service-role/${role}`),
  Condition: { StringEquals: { "iam:AWSServiceName": service } },
});

const passRole = (to: string, service: string): object => ({
  Sid: `IAMPassRoleAccessFor${to}`,
  ...allow("iam:PassRole", "arn:aws:iam::*:role/*"),
  Condition: { StringLike: { "iam:PassedToService": service } },
});

/**
 * The policies that stacks around an API attach, and users of one; AWS's other policies are not there. AWS: AWS Managed Policy Reference
 * Guide, whose pages are named as the policies are.
 */
const facts: Readonly<Record<string, Facts>> = {
  AdministratorAccess: { version: "v1", updated: "2015-02-06T18:39:46Z", statements: [allow("*")] },
  AmazonAPIGatewayAdministrator: {
    version: "v1",
    updated: "2015-07-09T17:34:45Z",
    statements: [allow(["apigateway:*"], "arn:aws:apigateway:*::/*")],
  },
  AmazonAPIGatewayInvokeFullAccess: {
    version: "v2",
    updated: "2018-12-18T18:25:10Z",
    statements: [allow(["execute-api:Invoke", "execute-api:ManageConnections"], "arn:aws:execute-api:*:*:*")],
  },
  AmazonAPIGatewayPushToCloudWatchLogs: {
    path: serviceRole,
    version: "v1",
    updated: "2015-11-11T23:41:46Z",
    statements: [
      allow([
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
        "logs:DescribeLogGroups",
        "logs:DescribeLogStreams",
        "logs:PutLogEvents",
        "logs:GetLogEvents",
        "logs:FilterLogEvents",
      ]),
    ],
  },
  AmazonDynamoDBFullAccess: {
    version: "v15",
    updated: "2021-01-29T17:38:30Z",
    statements: [
      allow([
        "dynamodb:*",
        "dax:*",
        "application-autoscaling:DeleteScalingPolicy",
        "application-autoscaling:DeregisterScalableTarget",
        "application-autoscaling:DescribeScalableTargets",
        "application-autoscaling:DescribeScalingActivities",
        "application-autoscaling:DescribeScalingPolicies",
        "application-autoscaling:PutScalingPolicy",
        "application-autoscaling:RegisterScalableTarget",
        "cloudwatch:DeleteAlarms",
        "cloudwatch:DescribeAlarmHistory",
        "cloudwatch:DescribeAlarms",
        "cloudwatch:DescribeAlarmsForMetric",
        "cloudwatch:GetMetricStatistics",
        "cloudwatch:ListMetrics",
        "cloudwatch:PutMetricAlarm",
        "cloudwatch:GetMetricData",
        "datapipeline:ActivatePipeline",
        "datapipeline:CreatePipeline",
        "datapipeline:DeletePipeline",
        "datapipeline:DescribeObjects",
        "datapipeline:DescribePipelines",
        "datapipeline:GetPipelineDefinition",
        "datapipeline:ListPipelines",
        "datapipeline:PutPipelineDefinition",
        "datapipeline:QueryObjects",
        "ec2:DescribeVpcs",
        "ec2:DescribeSubnets",
        "ec2:DescribeSecurityGroups",
        "iam:GetRole",
        "iam:ListRoles",
        "kms:DescribeKey",
        "kms:ListAliases",
        "sns:CreateTopic",
        "sns:DeleteTopic",
        "sns:ListSubscriptions",
        "sns:ListSubscriptionsByTopic",
        "sns:ListTopics",
        "sns:Subscribe",
        "sns:Unsubscribe",
        "sns:SetTopicAttributes",
        "lambda:CreateFunction",
        "lambda:ListFunctions",
        "lambda:ListEventSourceMappings",
        "lambda:CreateEventSourceMapping",
        "lambda:DeleteEventSourceMapping",
        "lambda:GetFunctionConfiguration",
        "lambda:DeleteFunction",
        "resource-groups:ListGroups",
        "resource-groups:ListGroupResources",
        "resource-groups:GetGroup",
        "resource-groups:GetGroupQuery",
        "resource-groups:DeleteGroup",
        "resource-groups:CreateGroup",
        "tag:GetResources",
        "kinesis:ListStreams",
        "kinesis:DescribeStream",
        "kinesis:DescribeStreamSummary",
      ]),
      allow("cloudwatch:GetInsightRuleReport", "arn:aws:cloudwatch:*:*:insight-rule/DynamoDBContributorInsights*"),
      {
        ...allow(["iam:PassRole"]),
        Condition: {
          StringLike: {
            "iam:PassedToService": [
              "application-autoscaling.amazonaws.com",
              "application-autoscaling.amazonaws.com.cn",
              "dax.amazonaws.com",
            ],
          },
        },
      },
      {
        ...allow(["iam:CreateServiceLinkedRole"]),
        Condition: {
          StringEquals: {
            "iam:AWSServiceName": [
              "replication.dynamodb.amazonaws.com",
              "dax.amazonaws.com",
              "dynamodb.application-autoscaling.amazonaws.com",
              "contributorinsights.dynamodb.amazonaws.com",
              "kinesisreplication.dynamodb.amazonaws.com",
            ],
          },
        },
      },
    ],
  },
  AmazonEventBridgeFullAccess: {
    version: "v4",
    updated: "2022-12-01T17:00:46Z",
    statements: [
      { Sid: "EventBridgeActions", ...allow(["events:*", "schemas:*", "scheduler:*", "pipes:*"]) },
      linkServiceRole(
        "ForApiDestinations",
        "AmazonEventBridgeApiDestinationsServiceRolePolicy",
        "apidestinations.events.amazonaws.com",
      ),
      linkServiceRole(
        "ForAmazonEventBridgeSchemas",
        "schemas.amazonaws.com/AWSServiceRoleForSchemas",
        "schemas.amazonaws.com",
      ),
      {
        Sid: "SecretsManagerAccessForApiDestinations",
        ...allow(
          [
            "secretsmanager:CreateSecret",
            "secretsmanager:UpdateSecret",
            "secretsmanager:DeleteSecret",
            "secretsmanager:GetSecretValue",
            "secretsmanager:PutSecretValue",
          ],
          "arn:aws:secretsmanager:*:*:secret:events!*",
        ),
      },
      passRole("EventBridge", "events.amazonaws.com"),
      passRole("Scheduler", "scheduler.amazonaws.com"),
      passRole("Pipes", "pipes.amazonaws.com"),
    ],
  },
  AmazonKinesisFullAccess: { version: "v1", updated: "2015-02-06T18:40:29Z", statements: [allow("kinesis:*")] },
  AmazonS3FullAccess: {
    version: "v2",
    updated: "2021-09-27T20:16:37Z",
    statements: [allow(["s3:*", "s3-object-lambda:*"])],
  },
  AmazonS3ReadOnlyAccess: {
    version: "v3",
    updated: "2023-08-10T21:31:39Z",
    statements: [allow(["s3:Get*", "s3:List*", "s3:Describe*", "s3-object-lambda:Get*", "s3-object-lambda:List*"])],
  },
  AmazonSNSFullAccess: { version: "v1", updated: "2015-02-06T18:41:05Z", statements: [allow(["sns:*"])] },
  AmazonSQSFullAccess: { version: "v1", updated: "2015-02-06T18:41:07Z", statements: [allow(["sqs:*"])] },
  AWSLambda_FullAccess: {
    version: "v5",
    updated: "2026-02-11T22:18:56Z",
    statements: [
      allow([
        "cloudformation:DescribeStacks",
        "cloudformation:ListStackResources",
        "cloudwatch:ListMetrics",
        "cloudwatch:GetMetricData",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcs",
        "kms:DescribeKey",
        "kms:ListAliases",
        "iam:GetPolicy",
        "iam:GetPolicyVersion",
        "iam:GetRole",
        "iam:GetRolePolicy",
        "iam:ListAttachedRolePolicies",
        "iam:ListRolePolicies",
        "iam:ListRoles",
        "lambda:*",
        "logs:DescribeLogGroups",
        "states:DescribeStateMachine",
        "states:ListStateMachines",
        "tag:GetResources",
        "xray:GetTraceSummaries",
        "xray:BatchGetTraces",
      ]),
      {
        ...allow("iam:PassRole"),
        Condition: { StringEquals: { "iam:PassedToService": "lambda.amazonaws.com" } },
      },
      allow(
        [
          "logs:DescribeLogStreams",
          "logs:GetLogEvents",
          "logs:FilterLogEvents",
          "logs:StartLiveTail",
          "logs:StopLiveTail",
        ],
        "arn:aws:logs:*:*:log-group:/aws/lambda/*",
      ),
      {
        ...allow(
          "iam:CreateServiceLinkedRole",
          "arn:aws:iam::*:role/aws-service-role/lambda.amazonaws.com/AWSServiceRoleForLambda",
        ),
        Condition: { StringEquals: { "iam:AWSServiceName": "lambda.amazonaws.com" } },
      },
    ],
  },
  AWSLambda_ReadOnlyAccess: {
    version: "v3",
    updated: "2025-03-17T21:07:00Z",
    statements: [
      allow([
        "cloudformation:DescribeStacks",
        "cloudformation:ListStacks",
        "cloudformation:ListStackResources",
        "cloudwatch:GetMetricData",
        "cloudwatch:ListMetrics",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcs",
        "kms:ListAliases",
        "iam:GetPolicy",
        "iam:GetPolicyVersion",
        "iam:GetRole",
        "iam:GetRolePolicy",
        "iam:ListAttachedRolePolicies",
        "iam:ListRolePolicies",
        "iam:ListRoles",
        "logs:DescribeLogGroups",
        "lambda:Get*",
        "lambda:List*",
        "states:DescribeStateMachine",
        "states:ListStateMachines",
        "tag:GetResources",
        "xray:GetTraceSummaries",
        "xray:BatchGetTraces",
      ]),
      allow(
        [
          "logs:DescribeLogStreams",
          "logs:GetLogEvents",
          "logs:FilterLogEvents",
          "logs:StartQuery",
          "logs:StopQuery",
          "logs:DescribeQueries",
          "logs:GetLogGroupFields",
          "logs:GetLogRecord",
          "logs:GetQueryResults",
          "logs:StartLiveTail",
          "logs:StopLiveTail",
        ],
        "arn:aws:logs:*:*:log-group:/aws/lambda/*",
      ),
    ],
  },
  AWSLambdaBasicExecutionRole: {
    path: serviceRole,
    version: "v1",
    updated: "2015-04-09T15:03:43Z",
    statements: [allow(writeLogs)],
  },
  AWSLambdaDynamoDBExecutionRole: {
    path: serviceRole,
    version: "v1",
    updated: "2015-04-09T15:09:29Z",
    statements: [
      allow([
        "dynamodb:DescribeStream",
        "dynamodb:GetRecords",
        "dynamodb:GetShardIterator",
        "dynamodb:ListStreams",
        ...writeLogs,
      ]),
    ],
  },
  AWSLambdaKinesisExecutionRole: {
    path: serviceRole,
    version: "v2",
    updated: "2018-11-19T20:09:24Z",
    statements: [
      allow([
        "kinesis:DescribeStream",
        "kinesis:DescribeStreamSummary",
        "kinesis:GetRecords",
        "kinesis:GetShardIterator",
        "kinesis:ListShards",
        "kinesis:ListStreams",
        "kinesis:SubscribeToShard",
        ...writeLogs,
      ]),
    ],
  },
  AWSLambdaRole: {
    path: serviceRole,
    version: "v1",
    updated: "2015-02-06T18:41:28Z",
    statements: [allow(["lambda:InvokeFunction"], ["*"])],
  },
  AWSLambdaSQSQueueExecutionRole: {
    path: serviceRole,
    version: "v1",
    updated: "2018-06-14T21:50:45Z",
    statements: [allow(["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", ...writeLogs])],
  },
  AWSLambdaVPCAccessExecutionRole: {
    path: serviceRole,
    version: "v3",
    updated: "2024-01-05T22:38:26Z",
    statements: [
      {
        Sid: "AWSLambdaVPCAccessExecutionPermissions",
        ...allow([
          ...writeLogs,
          "ec2:CreateNetworkInterface",
          "ec2:DescribeNetworkInterfaces",
          "ec2:DescribeSubnets",
          "ec2:DeleteNetworkInterface",
          "ec2:AssignPrivateIpAddresses",
          "ec2:UnassignPrivateIpAddresses",
        ]),
      },
    ],
  },
  AWSStepFunctionsFullAccess: { version: "v1", updated: "2017-01-11T21:51:32Z", statements: [allow("states:*")] },
  AWSXRayDaemonWriteAccess: {
    version: "v2",
    updated: "2024-02-13T21:58:30Z",
    statements: [
      {
        Sid: "AWSXRayDaemonWriteAccess",
        ...allow(
          [
            "xray:PutTraceSegments",
            "xray:PutTelemetryRecords",
            "xray:GetSamplingRules",
            "xray:GetSamplingTargets",
            "xray:GetSamplingStatisticSummaries",
          ],
          ["*"],
        ),
      },
    ],
  },
  CloudWatchLogsFullAccess: {
    version: "v3",
    updated: "2025-05-20T17:07:06Z",
    statements: [
      {
        Sid: "CloudWatchLogsFullAccess",
        ...allow(["logs:*", "cloudwatch:GenerateQuery", "cloudwatch:GenerateQueryResultsSummary"]),
      },
    ],
  },
  CloudWatchLogsReadOnlyAccess: {
    version: "v8",
    updated: "2025-12-02T16:34:00Z",
    statements: [
      {
        Sid: "CloudWatchLogsReadOnlyAccess",
        ...allow([
          "logs:Describe*",
          "logs:Get*",
          "logs:List*",
          "logs:StartQuery",
          "logs:StopQuery",
          "logs:TestMetricFilter",
          "logs:FilterLogEvents",
          "logs:StartLiveTail",
          "logs:StopLiveTail",
          "cloudwatch:GenerateQuery",
          "cloudwatch:GenerateQueryResultsSummary",
          "observabilityadmin:ListS3TableIntegrations",
          "observabilityadmin:GetS3TableIntegration",
          "observabilityadmin:ListTelemetryPipelines",
        ]),
      },
    ],
  },
  IAMFullAccess: {
    version: "v2",
    updated: "2019-06-21T19:40:00Z",
    statements: [
      allow([
        "iam:*",
        "organizations:DescribeAccount",
        "organizations:DescribeOrganization",
        "organizations:DescribeOrganizationalUnit",
        "organizations:DescribePolicy",
        "organizations:ListChildren",
        "organizations:ListParents",
        "organizations:ListPoliciesForTarget",
        "organizations:ListRoots",
        "organizations:ListPolicies",
        "organizations:ListTargetsForPolicy",
      ]),
    ],
  },
  IAMReadOnlyAccess: {
    version: "v4",
    updated: "2018-01-25T19:11:27Z",
    statements: [
      allow([
        "iam:GenerateCredentialReport",
        "iam:GenerateServiceLastAccessedDetails",
        "iam:Get*",
        "iam:List*",
        "iam:SimulateCustomPolicy",
        "iam:SimulatePrincipalPolicy",
      ]),
    ],
  },
  PowerUserAccess: {
    version: "v12",
    updated: "2026-02-12T17:59:00Z",
    statements: [
      { Effect: "Allow", NotAction: ["iam:*", "organizations:*", "account:*"], Resource: "*" },
      allow([
        "account:GetAccountInformation",
        "account:GetGovCloudAccountInformation",
        "account:GetPrimaryEmail",
        "account:ListRegions",
        "iam:CreateServiceLinkedRole",
        "iam:DeleteServiceLinkedRole",
        "iam:ListRoles",
        "organizations:DescribeEffectivePolicy",
        "organizations:DescribeOrganization",
      ]),
    ],
  },
};

/** In the order of their names. */
export const awsManagedPolicies: readonly AwsManagedPolicy[] = Object.entries(facts)
  .sort(([left], [right]) => (left.toLowerCase() < right.toLowerCase() ? -1 : 1))
  .map(([name, { path = "/", version, updated, statements }]) => ({
    arn: `arn:aws:iam::aws:policy${path}${name}`,
    name,
    path,
    versionId: version,
    updated,
    document: JSON.stringify({ Version: "2012-10-17", Statement: statements }),
  }));

const byArn = new Map(awsManagedPolicies.map((policy) => [policy.arn, policy]));

export const awsManagedPolicyOf = (arn: string): AwsManagedPolicy | undefined => byArn.get(arn);

export const isAwsManaged = (arn: string): boolean => /^arn:aws[a-z-]*:iam::aws:policy\//.test(arn);
