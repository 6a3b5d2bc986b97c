const callers = { "reader-token": "GET", "owner-token": "*" };

export const handler = async ({ authorizationToken, methodArn }) => {
  const verb = callers[authorizationToken];
  // Exactly this message is 401. Any other error is 500.
  if (verb === undefined) throw new Error("Unauthorized");
  // The policy is remembered for all methods, so it names all that the caller may call.
  const [api, stage] = methodArn.split("/");
  const statement = { Effect: "Allow", Action: "execute-api:Invoke", Resource: `${api}/${stage}/${verb}/*` };
  return {
    principalId: authorizationToken.split("-")[0],
    policyDocument: { Version: "2012-10-17", Statement: [statement] },
    context: { team: "pets", reason: `${verb} is all that you may` },
  };
};
