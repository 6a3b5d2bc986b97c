/** Where a call is made. */
export interface CallPlace {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
}

/** Returns a parameter's value: undefined if there is none, null if only a request knows it. */
export type ParameterValue = (name: string) => string | null | undefined;

/**
 * Returns what an action of a service is called on, as IAM names it; undefined if its parameters do not say.
 * AWS: Service Authorization Reference, "Amazon SQS", "Amazon EventBridge", "Amazon Kinesis Data Streams", "AWS Step Functions".
 */
export function resourceOfCall(service: string, parameterOf: ParameterValue, place: CallPlace): string | undefined {
  return Object.hasOwn(resources, service) ? resources[service]!(parameterOf, place) : undefined;
}

const arnOf = (service: string, { partition, region, account }: CallPlace, resource: string): string =>
  `arn:${partition}:${service}:${region}:${account}:${resource}`;

const resources: Readonly<Record<string, (parameterOf: ParameterValue, place: CallPlace) => string | undefined>> = {
  sqs: (parameterOf, place) => {
    // Servers find a queue's name in such a URL in ways of their own, so nothing may stand behind it.
    const queue = /^https?:\/\/[^/?#@\\\s]+\/(\d{12})\/([\w-][\w.-]*)$/.exec(parameterOf("QueueUrl") ?? "");
    return queue === null ? undefined : arnOf("sqs", { ...place, account: queue[1]! }, queue[2]!);
  },
  events: (parameterOf, place) => {
    const bus = parameterOf("EventBusName");
    if (bus === null || bus?.startsWith("arn:") === true) return bus ?? undefined;
    return arnOf("events", place, `event-bus/${bus ?? "default"}`);
  },
  kinesis: (parameterOf, place) => {
    const stream = parameterOf("StreamName");
    return stream === null || stream === undefined ? undefined : arnOf("kinesis", place, `stream/${stream}`);
  },
  states: (parameterOf) => parameterOf("StateMachineArn") ?? parameterOf("ExecutionArn") ?? undefined,
};
