// What the first version says; setup.sh publishes it, and then another.
const greeting = "Hello";

export const handler = async ({ requestContext }, { functionVersion, invokedFunctionArn }) => ({
  statusCode: 200,
  body: JSON.stringify({
    says: greeting,
    stage: requestContext.stage,
    version: functionVersion,
    calledAs: invokedFunctionArn.split(":").at(-1),
  }),
});
