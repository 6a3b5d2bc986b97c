// biome-ignore-all lint/suspicious/noTemplateCurlyInString: stage variables and mappings are written like template strings.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { HttpIntegration } from "./http-api.ts";
import { checkHttpIntegration } from "./http-integration-rules.ts";
import { integrationSubtypes } from "./integration-subtypes.ts";

const references = { hasVpcLink: (id: string) => id === "link01" };
const url: HttpIntegration = {
  IntegrationId: "i",
  IntegrationType: "HTTP_PROXY",
  IntegrationMethod: "ANY",
  IntegrationUri: "https://example.com/{proxy}",
  PayloadFormatVersion: "1.0",
  ConnectionType: "INTERNET",
  TimeoutInMillis: 30_000,
};
const functionArn = "arn:aws:lambda:eu-west-1:123456789012:function:pets";
const lambda: HttpIntegration = {
  ...url,
  IntegrationType: "AWS_PROXY",
  IntegrationMethod: "POST",
  IntegrationUri: functionArn,
  PayloadFormatVersion: "2.0",
};
const listener =
  "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/my-balancer/50dc6c495c0c9188/0467ef3c8400ae65";
const link: HttpIntegration = {
  ...url,
  ConnectionType: "VPC_LINK",
  ConnectionId: "link01",
  IntegrationUri: listener,
};
const { IntegrationUri: _, IntegrationMethod: __, ...withoutUri } = lambda;
const queue: HttpIntegration = {
  ...withoutUri,
  IntegrationSubtype: "SQS-SendMessage",
  PayloadFormatVersion: "1.0",
  CredentialsArn: "arn:aws:iam::123456789012:role/sender",
  RequestParameters: { QueueUrl: "$request.header.queue", MessageBody: "$request.body.text" },
};

const check = (integration: object) => checkHttpIntegration(integration as HttpIntegration, references);

describe("an integration of an HTTP API", () => {
  const valid: Readonly<Record<string, object>> = {
    "of a URL": url,
    "of a URL with a port and stage variables": { ...url, IntegrationUri: "http://${stageVariables.host}:8080/a?b=c" },
    "of a function's ARN": lambda,
    "of an alias, with format 1.0": { ...lambda, IntegrationUri: `${functionArn}:live`, PayloadFormatVersion: "1.0" },
    "of a function that a stage variable names": {
      ...lambda,
      IntegrationUri: "arn:aws:lambda:eu-west-1:123456789012:function:${stageVariables.name}:${stageVariables.alias}",
    },
    "of the address of an invocation": {
      ...lambda,
      IntegrationUri: `arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/${functionArn}/invocations`,
    },
    "of such an address with two slashes": {
      ...lambda,
      IntegrationUri: `arn:aws:apigateway:eu-west-1:lambda:path//2015-03-31/functions/${functionArn}/invocations`,
    },
    "of a listener of an ALB": link,
    "of a listener of an NLB, over TLS": {
      ...link,
      IntegrationUri: listener.replace("/app/", "/net/"),
      TlsConfig: { ServerNameToVerify: "pets.example.com" },
    },
    "of a Cloud Map service with filters": {
      ...link,
      IntegrationUri: "arn:aws:servicediscovery:eu-west-1:123456789012:service/srv-abc?stage=prod&colour=blue",
    },
    "of a queue": queue,
    "with mappings": {
      ...url,
      RequestParameters: {
        "append:header.x-id": "$context.requestId",
        "overwrite:querystring.a b": "${request.path.id}-${stageVariables.x}",
        "remove:header.cookie": "''",
        "overwrite:path": "/v2/$request.path",
        "append:header.whole": "$request.body",
        "append:header.part": "$request.body.a[0].b",
        "overwrite:header.host": "internal.example.com",
      },
      ResponseParameters: {
        "500": { "append:header.x": "$context.requestId", "overwrite:statuscode": "403" },
        "200": { "remove:header.x-powered-by": "''", "overwrite:header.y": "$response.body.token" },
      },
    },
    "with the least time": { ...url, TimeoutInMillis: 50 },
    "with the caller's own credentials": { ...lambda, CredentialsArn: "arn:aws:iam::*:user/*" },
  };
  for (const [name, integration] of Object.entries(valid)) {
    it(`may be one ${name}`, () => assert.equal(check(integration), undefined));
  }

  const without = (integration: object, member: string) =>
    Object.fromEntries(Object.entries(integration).filter(([name]) => name !== member));
  const actions = (RequestParameters: Record<string, string>) => ({ ...url, RequestParameters });
  const answers = (ResponseParameters: Record<string, Record<string, string>>) => ({ ...url, ResponseParameters });
  const refused: readonly [string, object, RegExp][] = [
    ["MOCK", { ...url, IntegrationType: "MOCK" }, /may only be associated with proxy integrations/],
    ["AWS", { ...lambda, IntegrationType: "AWS" }, /may only be associated with proxy integrations/],
    ["a URL without a method", without(url, "IntegrationMethod"), /^IntegrationMethod is a required parameter/],
    ["a URL with a strange method", { ...url, IntegrationMethod: "TRACE" }, /^Invalid HttpMethod/],
    ["no URL", without(url, "IntegrationUri"), /^Invalid HTTP endpoint specified for URI$/],
    ["an ftp URL", { ...url, IntegrationUri: "ftp://example.com" }, /^Invalid HTTP endpoint/],
    ["a URL with a line break", { ...url, IntegrationUri: "http://a/\r\nb" }, /^Invalid HTTP endpoint/],
    ["a URL that is too long", { ...url, IntegrationUri: `http://a/${"b".repeat(2048)}` }, /^Invalid IntegrationUri/],
    ["no format", without(url, "PayloadFormatVersion"), /^PayloadFormatVersion is a required parameter/],
    ["a URL with format 2.0", { ...url, PayloadFormatVersion: "2.0" }, /Must be one of: \[1\.0\]/],
    ["a function with format 3.0", { ...lambda, PayloadFormatVersion: "3.0" }, /Must be one of: \[1\.0, 2\.0\]/],
    ["a function's name", { ...lambda, IntegrationUri: "pets" }, /^Invalid ARN/],
    ["no function", without(lambda, "IntegrationUri"), /^IntegrationUri is a required parameter/],
    ["49 ms", { ...url, TimeoutInMillis: 49 }, /^Timeout should be between 50 ms and 30000 ms$/],
    ["30,001 ms", { ...url, TimeoutInMillis: 30_001 }, /^Timeout should be between/],
    ["credentials that are no role", { ...lambda, CredentialsArn: "me" }, /^Invalid ARN/],
    ["a link that is not there", { ...link, ConnectionId: "gone" }, /^Invalid VPC link identifier/],
    ["no link", without(link, "ConnectionId"), /^ConnectionId must be specified/],
    ["a link without VPC_LINK", { ...url, ConnectionId: "link01" }, /^ConnectionId can only be specified/],
    [
      "a URL through a link",
      { ...link, IntegrationUri: "http://a" },
      /^For VpcLink VPC_LINK, integration uri should be a valid ELB listener ARN or a valid Cloud Map service ARN\.$/,
    ],
    ["a target group", { ...link, IntegrationUri: listener.replace("listener", "targetgroup") }, /valid ELB/],
    ["a function through a link", { ...lambda, ConnectionType: "VPC_LINK", ConnectionId: "link01" }, /HTTP_PROXY$/],
    ["TLS without a link", { ...url, TlsConfig: { ServerNameToVerify: "a.b" } }, /^TlsConfig can only/],
    ["a strange name for TLS", { ...link, TlsConfig: { ServerNameToVerify: "a b" } }, /^Invalid ServerNameToVerify/],
    ["a subtype of a URL", { ...url, IntegrationSubtype: "SQS-SendMessage" }, /only be specified .* AWS_PROXY$/],
    ["an unknown subtype", { ...queue, IntegrationSubtype: "SNS-Publish" }, /^Invalid IntegrationSubtype/],
    ["a subtype called constructor", { ...queue, IntegrationSubtype: "constructor" }, /^Invalid IntegrationSubtype/],
    ["a subtype with a URI", { ...queue, IntegrationUri: functionArn }, /^IntegrationUri cannot be specified/],
    ["a subtype without credentials", without(queue, "CredentialsArn"), /^CredentialsArn is a required/],
    ["a queue without its URL", { ...queue, RequestParameters: { MessageBody: "a" } }, /parameters .*\[QueueUrl\]$/],
    [
      "a queue with another's parameter",
      { ...queue, RequestParameters: { ...queue.RequestParameters, Detail: "a" } },
      /^Invalid parameter specified for SQS-SendMessage: Detail$/,
    ],
    [
      "a queue with a strange source",
      { ...queue, RequestParameters: { ...queue.RequestParameters, Region: "$response.header.a" } },
      /Invalid source: \$response\.header\.a specified for destination: Region/,
    ],
    ["a strange action", actions({ "copy:header.a": "b" }), /Invalid destination: copy:header\.a/],
    ["a REST mapping", actions({ "integration.request.header.a": "b" }), /Invalid destination/],
    ["a path that is appended", actions({ "append:path": "b" }), /Invalid destination/],
    ["a status of a request", actions({ "overwrite:statuscode": "200" }), /Invalid destination/],
    ["a header with a line break", actions({ "append:header.a\r\nb": "c" }), /Invalid destination/],
    ["a value with a line break", actions({ "append:header.a": "b\r\nc: d" }), /Invalid source/],
    ["a value of 513 characters", actions({ "append:header.a": "b".repeat(513) }), /1 to 512 characters$/],
    ["a filter", actions({ "append:header.a": "$request.body.a[?(@.b)]" }), /\$request\.body\.a/],
    ["recursive descent", actions({ "append:header.a": "$request.body..a" }), /\$request\.body\.\.a/],
    ["a source that requests lack", actions({ "append:header.a": "$response.body" }), /\$response\.body/],
    ["an unfinished source", actions({ "append:header.a": "$request.header" }), /\$request\.header/],
    ["a source among text that is none", actions({ "append:header.a": "x-${request.cookie.a}" }), /request\.cookie\.a/],
    ["status 199", answers({ "199": { "append:header.a": "b" } }), /Invalid status code specified: 199/],
    ["status default", answers({ default: { "append:header.a": "b" } }), /status code specified: default/],
    ["a query of an answer", answers({ "200": { "append:querystring.a": "b" } }), /Invalid destination/],
    ["append:overwrite", answers({ "200": { "append:overwrite.static": "b" } }), /Invalid destination/],
    ["a strange new status", answers({ "200": { "overwrite:statuscode": "abc" } }), /Invalid source: abc/],
    ["a new status of 100", answers({ "200": { "overwrite:statuscode": "100" } }), /Invalid source: 100/],
  ];
  for (const [name, integration, message] of refused) {
    it(`may not have ${name}`, () => assert.match(check(integration) ?? "", message));
  }

  const reserved =
    "access-control-allow-origin, apigw-requestid, Authorization, Connection, Content-Encoding, CONTENT-LENGTH, Content-Location, Forwarded, Keep-Alive, Origin, Proxy-Authenticate, Proxy-Authorization, TE, Trailers, Transfer-Encoding, Upgrade, x-amz-date, X-Amzn-Trace-Id, X-Forwarded-For, X-Forwarded-Host, X-Forwarded-Proto, Via";
  for (const header of reserved.split(", ")) {
    it(`may not map the header ${header}, in either direction`, () => {
      const message = new RegExp(`Operations on header ${header} are restricted`);
      for (const action of ["append", "overwrite", "remove"]) {
        assert.match(check(actions({ [`${action}:header.${header}`]: "a" })) ?? "", message);
        assert.match(check(answers({ "200": { [`${action}:header.${header}`]: "a" } })) ?? "", message);
      }
    });
  }

  for (const [subtype, { required, optional }] of Object.entries(integrationSubtypes)) {
    it(`of ${subtype} needs its required parameters, and takes the optional ones`, () => {
      const all = Object.fromEntries([...required, ...optional].map((name) => [name, "$request.body.a"]));
      const action = { ...queue, IntegrationSubtype: subtype };
      assert.equal(check({ ...action, RequestParameters: all }), undefined);
      assert.match(check({ ...action, RequestParameters: {} }) ?? "", /^Missing required parameters/);
    });
  }
});
