// Step Functions on this machine: the interpreter is the npm package aws-local-stepfunctions; here is what it lacks to be
// a server, for two of the service's actions.
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { StateMachine } from "aws-local-stepfunctions";

const arn = "arn:aws:states:us-east-1:000000000000:stateMachine:greeting";
const machine = new StateMachine(JSON.parse(readFileSync(new URL("state-machine.json", import.meta.url), "utf8")));
const executions = new Map();
const epoch = () => Date.now() / 1000;

const actions = {
  StartExecution({ stateMachineArn, input = "{}", name = randomUUID() }) {
    if (stateMachineArn !== arn)
      return { __type: "StateMachineDoesNotExist", message: `${stateMachineArn} is not there` };
    const execution = { executionArn: `${arn.replace("stateMachine", "execution")}:${name}`, startDate: epoch() };
    const run = { ...execution, name, input, stateMachineArn, status: "RUNNING" };
    executions.set(execution.executionArn, run);
    machine.run(JSON.parse(input)).result.then(
      (output) => Object.assign(run, { status: "SUCCEEDED", output: JSON.stringify(output), stopDate: epoch() }),
      (error) => Object.assign(run, { status: "FAILED", error: error.name, cause: error.message, stopDate: epoch() }),
    );
    return execution;
  },
  DescribeExecution: ({ executionArn }) => executions.get(executionArn) ?? { __type: "ExecutionDoesNotExist" },
};

export async function start() {
  const server = createServer(async (request, response) => {
    const [service, action] = String(request.headers["x-amz-target"]).split(".");
    const body = JSON.parse(await text(request));
    const isKnown = service === "AWSStepFunctions" && Object.hasOwn(actions, action);
    const answer = isKnown ? actions[action](body) : { __type: "UnknownOperationException" };
    response.writeHead("__type" in answer ? 400 : 200, { "Content-Type": "application/x-amz-json-1.0" });
    response.end(JSON.stringify(answer));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    endpoints: { states: `http://127.0.0.1:${server.address().port}` },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
