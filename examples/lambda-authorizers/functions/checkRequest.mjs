export const handler = async ({ headers, httpMethod, methodArn }) => {
  const team = headers["X-Team"];
  const effect = httpMethod === "GET" || team === "owners" ? "Allow" : "Deny";
  const statement = { Effect: effect, Action: "execute-api:Invoke", Resource: methodArn };
  return {
    principalId: `team ${team}`,
    policyDocument: { Version: "2012-10-17", Statement: [statement] },
    context: { team, reason: "only owners change teams" },
  };
};
