import { functionArn } from "./a-rest-api.ts";

/** A statement that allows all calls. */
export const allowsAll = { Effect: "Allow", Action: "execute-api:Invoke", Resource: "*" };

/** What an authorizer's function answers that allows everything; `said` changes its statement, `over` the rest. */
export const authorizerResult = (over: object = {}, said: object = {}): object => ({
  principalId: "me",
  policyDocument: { Version: "2012-10-17", Statement: [{ ...allowsAll, ...said }] },
  ...over,
});

/** The policy of a function that anybody may call. */
export const callableByAnyone = JSON.stringify({
  Version: "2012-10-17",
  Statement: { Effect: "Allow", Principal: "*", Action: "lambda:InvokeFunction", Resource: functionArn },
});
