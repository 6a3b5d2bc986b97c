// Who may write. It is asked only if there is a token; `routeArn` says about which call.
const writers = new Map([["Bearer ann", { name: "ann", level: 3 }]]);

export const handler = async ({ identitySource: [token] }) => {
  const context = writers.get(token);
  return context === undefined ? { isAuthorized: false } : { isAuthorized: true, context };
};
