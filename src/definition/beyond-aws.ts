/**
 * What the server can do although AWS does not have it. Each is off unless the setting `--beyond-aws` names it: with a
 * feature off, calls that ask for it are refused as on AWS, and what asks for it already is closed.
 */
export const beyondAws = {
  "alarm-webhooks": "actions of CloudWatch's alarms may be http:// and https:// URLs, which get a POST",
  "http-api-keys": "routes of HTTP APIs may require API keys, and usage plans may have their stages",
  "http-body-templates": "integrations of HTTP APIs may be of the types AWS, HTTP and MOCK, with templates",
  "http-request-validation": "routes of HTTP APIs may demand parameters, and bodies that match models",
  "http-web-acls": "web ACLs may guard stages of HTTP APIs",
  "websocket-groups": "connections of WebSocket APIs are listed, and sent to by group or all at once",
  "websocket-resume": "clients of WebSocket APIs that lose their connection get what they missed when they come back",
  "websocket-wills": "connections of WebSocket APIs leave a message that is sent when they are lost",
} as const;

export type BeyondAws = keyof typeof beyondAws;

export const beyondAwsNames = Object.keys(beyondAws) as readonly BeyondAws[];

/** Returns the setting that switches a feature on, for reasons and hints. */
export const beyondAwsFlag = (feature: BeyondAws): string => `--beyond-aws ${feature}`;
