// The services of two other examples: DynamoDB with its table, Step Functions with its state machine.
import { start as startDynamodb } from "../aws-dynamodb/services.mjs";
import { start as startStepFunctions } from "../aws-step-functions/services.mjs";

export async function start() {
  const started = [await startDynamodb(), await startStepFunctions()];
  return {
    endpoints: Object.assign({}, ...started.map(({ endpoints }) => endpoints)),
    close: () => Promise.all(started.map((one) => one.close())),
  };
}
