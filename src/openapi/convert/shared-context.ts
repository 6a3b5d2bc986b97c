/** `$context` variables that both kinds of API have under one name, with one meaning. */
export const sharedContext: ReadonlySet<string> = new Set([
  ...["accountId", "apiId", "domainName", "domainPrefix", "httpMethod", "identity.sourceIp", "identity.userAgent"],
  ...["protocol", "requestId", "stage", "authorizer.principalId"],
]);
