import { bounds } from "../../base/bounds.ts";
import type { Segment } from "./segment.ts";
import { rootOf, subsegments, typeOf, type WholeTrace } from "./whole-trace.ts";

interface Counts {
  total: number;
  ok: number;
  throttle: number;
  error: number;
  fault: number;
  seconds: number;
  readonly histogram: Map<number, number>;
  startTime: number;
  endTime: number;
}

interface Node extends Counts {
  readonly referenceId: number;
  readonly name: string;
  readonly type: string | undefined;
  isRoot: boolean;
  readonly edges: Map<Node, Counts>;
}

/**
 * The nodes and edges of traces, as `GetServiceGraph` and `GetTraceGraph` answer them: one node for each name and type of
 * segment, and one for the clients of those that nobody called. AWS: X-Ray API reference, "Service", "Edge".
 */
export class ServiceGraph {
  readonly #nodes = new Map<string, Node>();

  add(trace: WholeTrace): void {
    const callers = new Map<string, Segment>();
    for (const { segment } of trace.segments) {
      callers.set(segment.id, segment);
      for (const { id } of subsegments(segment)) callers.set(id, segment);
    }
    const root = rootOf(trace);
    for (const { segment } of trace.segments) {
      const node = this.#node(segment.name, typeOf(segment));
      count(node, segment);
      const caller = segment.parent_id === undefined ? undefined : callers.get(segment.parent_id);
      if (segment === root) {
        node.isRoot = true;
        const client = this.#node(segment.name, "client");
        client.startTime = Math.min(client.startTime, segment.start_time);
        client.endTime = Math.max(client.endTime, segment.end_time ?? segment.start_time);
        countEdge(client, node, segment);
      } else if (caller !== undefined && caller !== segment) {
        countEdge(this.#node(caller.name, typeOf(caller)), node, segment);
      }
    }
  }

  /** Whether it has as many nodes as one answer. */
  get isFull(): boolean {
    return this.#nodes.size >= bounds.traceGraphNodesMax.value;
  }

  /** Returns the nodes as AWS answers them; those of clients have no statistics. */
  services(account: string): object[] {
    return [...this.#nodes.values()].map((node) => ({
      ReferenceId: node.referenceId,
      Name: node.name,
      Names: [node.name],
      ...(node.isRoot && { Root: true }),
      ...(node.type !== undefined && { Type: node.type }),
      ...(node.type?.startsWith("AWS::") === true && { AccountId: account }),
      State: "active",
      StartTime: node.startTime,
      EndTime: node.endTime,
      Edges: [...node.edges].map(([target, counts]) => ({
        ReferenceId: target.referenceId,
        StartTime: counts.startTime,
        EndTime: counts.endTime,
        SummaryStatistics: statistics(counts),
        ResponseTimeHistogram: histogram(counts),
        Aliases: [],
      })),
      ...(node.type !== "client" && {
        SummaryStatistics: statistics(node),
        DurationHistogram: histogram(node),
        ResponseTimeHistogram: histogram(node),
      }),
    }));
  }

  #node(name: string, type: string | undefined): Node {
    const key = JSON.stringify([name, type]);
    let node = this.#nodes.get(key);
    if (node === undefined) {
      node = { referenceId: this.#nodes.size, name, type, isRoot: false, edges: new Map(), ...noCounts() };
      this.#nodes.set(key, node);
    }
    return node;
  }
}

const noCounts = (): Counts => ({
  total: 0,
  ok: 0,
  throttle: 0,
  error: 0,
  fault: 0,
  seconds: 0,
  histogram: new Map(),
  startTime: Number.POSITIVE_INFINITY,
  endTime: 0,
});

function countEdge(source: Node, target: Node, segment: Segment): void {
  const counts = source.edges.get(target) ?? noCounts();
  source.edges.set(target, counts);
  count(counts, segment);
}

function count(counts: Counts, { start_time: start, end_time: end = start, fault, error, throttle }: Segment): void {
  const seconds = Math.max(0, end - start);
  counts.total++;
  if (fault === true) counts.fault++;
  else if (throttle === true) counts.throttle++;
  else if (error === true) counts.error++;
  else counts.ok++;
  counts.seconds += seconds;
  // Two digits are enough for a histogram, and bound the number of its bars.
  const bar = Number(seconds.toPrecision(2));
  counts.histogram.set(bar, (counts.histogram.get(bar) ?? 0) + 1);
  counts.startTime = Math.min(counts.startTime, start);
  counts.endTime = Math.max(counts.endTime, end);
}

const statistics = ({ total, ok, throttle, error, fault, seconds }: Counts): object => ({
  OkCount: ok,
  ErrorStatistics: { ThrottleCount: throttle, OtherCount: error, TotalCount: throttle + error },
  FaultStatistics: { OtherCount: fault, TotalCount: fault },
  TotalCount: total,
  TotalResponseTime: seconds,
});

const histogram = ({ histogram: bars }: Counts): object[] =>
  [...bars].sort(([one], [other]) => one - other).map(([Value, Count]) => ({ Value, Count }));
