import type { Segment } from "./segment.ts";
import { rootOf, type TraceFacts, typeOf, type WholeTrace } from "./whole-trace.ts";

/** Returns a trace's summary. AWS: X-Ray API reference, "TraceSummary". Root causes are left out. */
export function summaryOf(trace: WholeTrace, facts: TraceFacts, account: string): object {
  const { url, status, method, userAgent, clientAddress } = facts;
  const root = rootOf(trace);
  const services = new Map(
    trace.segments.map(({ segment }) => [JSON.stringify([segment.name, typeOf(segment)]), segment]),
  );
  return {
    Id: trace.id,
    StartTime: facts.startTime,
    Duration: facts.duration,
    ResponseTime: facts.responseTime,
    HasFault: facts.isFault,
    HasError: facts.isError,
    HasThrottle: facts.isThrottle,
    IsPartial: facts.isPartial,
    Http: {
      ...(url !== undefined && { HttpURL: url }),
      ...(status !== undefined && { HttpStatus: status }),
      ...(method !== undefined && { HttpMethod: method }),
      ...(userAgent !== undefined && { UserAgent: userAgent }),
      ...(clientAddress !== undefined && { ClientIp: clientAddress }),
    },
    Annotations: Object.fromEntries(
      [...facts.annotations].map(([key, values]) => [
        key,
        values.map((value) => ({ AnnotationValue: annotationValue(value) })),
      ]),
    ),
    Users: facts.users.map((name) => ({ UserName: name })),
    ServiceIds: [...services.values()].map((segment) => serviceId(segment, account)),
    ResourceARNs: facts.resourceArns.map((ARN) => ({ ARN })),
    InstanceIds: [],
    AvailabilityZones: [],
    ...(root !== undefined && { EntryPoint: serviceId(root, account) }),
    Revision: trace.segments.length,
  };
}

function serviceId(segment: Segment, account: string): object {
  const type = typeOf(segment);
  return {
    Name: segment.name,
    Names: [segment.name],
    ...(type !== undefined && { Type: type }),
    ...(type?.startsWith("AWS::") === true && { AccountId: account }),
  };
}

const annotationValue = (value: unknown): object =>
  typeof value === "number"
    ? { NumberValue: value }
    : typeof value === "boolean"
      ? { BooleanValue: value }
      : { StringValue: String(value) };
