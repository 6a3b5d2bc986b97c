import { bounds } from "../../base/bounds.ts";
import { inferredSegmentId } from "../../telemetry/inferred-segment.ts";
import type { Segment, Work } from "./segment.ts";
import type { StoredDocuments } from "./trace-store.ts";

/** A trace with its segments, and those that X-Ray infers. */
export interface WholeTrace {
  readonly id: string;
  readonly segments: readonly StoredSegment[];
  /** It has more segments than these. */
  readonly isCut: boolean;
}

export interface StoredSegment {
  readonly segment: Segment;
  /** The document as it is answered. */
  readonly document: string;
}

/** What a filter asks of a trace, or of one segment. */
export interface TraceFacts {
  readonly startTime: number;
  /** Seconds: of the whole trace, and until the first segment had answered. */
  readonly duration: number;
  readonly responseTime: number;
  readonly isFault: boolean;
  readonly isError: boolean;
  readonly isThrottle: boolean;
  readonly isPartial: boolean;
  readonly url: string | undefined;
  readonly method: string | undefined;
  readonly status: number | undefined;
  readonly userAgent: string | undefined;
  readonly clientAddress: string | undefined;
  readonly users: readonly string[];
  readonly annotations: ReadonlyMap<string, readonly unknown[]>;
  readonly resourceArns: readonly string[];
}

/** Parses a trace's segments, puts subsegments that came alone in their places, and infers the segments of services that sent none. */
export function assemble(id: string, { documents, isCut }: StoredDocuments): WholeTrace {
  const own: StoredSegment[] = [];
  const alone = new Map<string, Segment[]>();
  for (const document of documents) {
    const segment = JSON.parse(document) as Segment;
    const { type, parent_id: parent = "" } = segment;
    if (type !== "subsegment") own.push({ segment, document });
    else alone.set(parent, [...(alone.get(parent) ?? []), segment]);
  }
  const whole = alone.size === 0 ? own : own.map(({ segment }) => stored(withAlone(segment, alone)));
  // A subsegment whose segment is not there yet is shown as it is.
  const segments = [...whole, ...[...alone.values()].flat().map(stored)];
  const parents = new Set(segments.map(({ segment }) => segment.parent_id));
  const inferred: StoredSegment[] = [];
  for (const { segment } of segments) {
    for (const sub of subsegments(segment)) {
      if (sub.namespace === undefined || parents.has(sub.id)) continue;
      if (inferred.length === bounds.traceSegmentsMax.value)
        return { id, segments: [...segments, ...inferred], isCut: true };
      inferred.push(stored(infer(id, sub)));
    }
  }
  return { id, segments: [...segments, ...inferred], isCut };
}

/** Most calls want no document. */
const stored = (segment: Segment): StoredSegment => ({
  segment,
  get document() {
    return JSON.stringify(segment);
  },
});

/**
 * Adds the subsegments that came alone to their parents, and takes them out of the map: each has one place, whatever ids clients
 * have chosen. Those that would nest too deep stay.
 */
function withAlone<Part extends Work>(work: Part, alone: Map<string, Segment[]>, depth = 0): Part {
  const added = depth < bounds.traceSegmentDepthMax.value ? (alone.get(work.id) ?? []) : [];
  if (added.length > 0) alone.delete(work.id);
  const parts = [...(work.subsegments ?? []), ...added];
  return parts.length === 0 ? work : { ...work, subsegments: parts.map((part) => withAlone(part, alone, depth + 1)) };
}

export function* subsegments(work: Work): Generator<Work> {
  for (const part of Array.isArray(work.subsegments) ? work.subsegments : []) {
    yield part;
    yield* subsegments(part);
  }
}

/** The types of nodes by the names of subsegments. Unconfirmed beyond Lambda and DynamoDB: see docs/compatibility.md, "X-Ray, inferred types". */
const inferredOrigins: Readonly<Record<string, string>> = {
  Lambda: "AWS::Lambda",
  DynamoDB: "AWS::DynamoDB::Table",
  SQS: "AWS::SQS::Queue",
  SNS: "AWS::SNS",
  S3: "AWS::S3::Bucket",
};

/** AWS: X-Ray Developer Guide, "Getting data from AWS X-Ray": what X-Ray makes of a call to a service that sent nothing. */
function infer(traceId: string, sub: Work): Segment {
  const { id, start_time, end_time, in_progress, error, throttle, fault, http, aws, namespace } = sub;
  const resources = aws?.["resource_names"];
  const isFunction = namespace === "aws" && sub.name === "Lambda";
  const name = isFunction && Array.isArray(resources) && typeof resources[0] === "string" ? resources[0] : sub.name;
  const known = Object.hasOwn(inferredOrigins, sub.name) ? inferredOrigins[sub.name] : undefined;
  const origin = namespace === "aws" ? (known ?? `AWS::${sub.name}`) : undefined;
  return {
    id: inferredSegmentId(traceId, id),
    name,
    start_time,
    ...(end_time !== undefined && { end_time }),
    ...(in_progress !== undefined && { in_progress }),
    parent_id: id,
    inferred: true,
    ...(error !== undefined && { error }),
    ...(throttle !== undefined && { throttle }),
    ...(fault !== undefined && { fault }),
    ...(http?.response !== undefined && { http: { response: http.response } }),
    ...(aws !== undefined && { aws }),
    trace_id: traceId,
    ...(origin !== undefined && { origin }),
  };
}

/** Returns the segment by which the trace began: the one that none of the trace's called, and the earliest of those. */
export function rootOf({ segments }: WholeTrace): Segment | undefined {
  const ids = new Set(
    segments.flatMap(({ segment }) => [segment.id, ...[...subsegments(segment)].map(({ id }) => id)]),
  );
  const roots = segments.map(({ segment }) => segment).filter(({ parent_id: p }) => p === undefined || !ids.has(p));
  return roots.toSorted((one, other) => one.start_time - other.start_time)[0];
}

/** Returns the facts of a whole trace. */
export function factsOfTrace(trace: WholeTrace): TraceFacts {
  const root = rootOf(trace);
  const works = trace.segments.map(({ segment }) => segment);
  const start = Math.min(...works.map(({ start_time: time }) => time));
  const end = Math.max(...works.map(({ start_time: time, end_time: till }) => till ?? time));
  const all = works.flatMap((segment) => [segment, ...subsegments(segment)]);
  return {
    ...factsOfWork(root ?? { id: "", name: "", start_time: start }),
    startTime: start,
    duration: round(end - start),
    isPartial: works.some(({ in_progress: isOpen }) => isOpen === true),
    users: [...new Set(works.flatMap(({ user }) => (typeof user === "string" ? [user] : [])))],
    annotations: annotationsOf(all),
    resourceArns: [...new Set(works.flatMap(({ resource_arn: arn }) => (typeof arn === "string" ? [arn] : [])))],
  };
}

/** Returns the facts of one segment. */
export function factsOfWork(work: Work & Pick<Segment, "user" | "resource_arn">): TraceFacts {
  const { start_time: start, end_time: end = start, http, error, fault, throttle, user, resource_arn: arn } = work;
  const { request, response } = http ?? {};
  const seconds = round(end - start);
  return {
    startTime: start,
    duration: seconds,
    responseTime: seconds,
    isFault: fault === true,
    isError: error === true,
    isThrottle: throttle === true,
    isPartial: work.in_progress === true,
    url: ifText(request?.url),
    method: ifText(request?.method),
    status: typeof response?.status === "number" ? response.status : undefined,
    userAgent: ifText(request?.user_agent),
    clientAddress: ifText(request?.client_ip),
    users: typeof user === "string" ? [user] : [],
    annotations: annotationsOf([work, ...subsegments(work)]),
    resourceArns: typeof arn === "string" ? [arn] : [],
  };
}

/** Returns a member that clients fill, if it is what it should be. */
const ifText = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

/** AWS: X-Ray Developer Guide, "X-Ray segment documents", annotations: texts, numbers and booleans, of which 50 are indexed. */
function annotationsOf(works: readonly Work[]): Map<string, unknown[]> {
  const found = new Map<string, unknown[]>();
  let left = bounds.traceAnnotationsMax.value;
  for (const { annotations } of works) {
    for (const [key, value] of Object.entries(annotations ?? {})) {
      if (typeof value === "object") continue;
      const values = found.get(key) ?? [];
      if (values.includes(value)) continue;
      if (left-- === 0) return found;
      values.push(value);
      found.set(key, values);
    }
  }
  return found;
}

/** The type of a segment's node in the service graph. */
export const typeOf = ({ origin, namespace, inferred }: Segment): string | undefined =>
  ifText(origin) ?? (namespace === "remote" || inferred === true ? "remote" : undefined);

/** Microseconds: the differences of large numbers have noise beyond. */
const round = (seconds: number): number => Math.round(seconds * 1_000_000) / 1_000_000;
