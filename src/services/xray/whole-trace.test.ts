import assert from "node:assert/strict";
import { test } from "node:test";
import { bounds } from "../../base/bounds.ts";
import { ServiceGraph } from "./service-graph.ts";
import { summaryOf } from "./trace-summary.ts";
import { assemble, factsOfTrace, subsegments, type WholeTrace } from "./whole-trace.ts";

const id = "1-5759e988-bd862e3fe1be46a994272793";
const hex = (number: number): string => number.toString(16).padStart(16, "0");
const segment = (own: number, more: object = {}): string =>
  JSON.stringify({ trace_id: id, id: hex(own), name: `s${own}`, start_time: 1, end_time: 2, ...more });
const alone = (own: number, parent: number, more: object = {}): string =>
  segment(own, { type: "subsegment", parent_id: hex(parent), ...more });
const trace = (...documents: string[]): WholeTrace => assemble(id, { documents, isCut: false });
const namesIn = ({ segments }: WholeTrace): string[] =>
  segments.flatMap(({ segment: own }) => [own.name, ...[...subsegments(own)].map(({ name }) => name)]);

test("subsegments that came alone are in their places, and those without one as they are", () => {
  const whole = trace(segment(1), alone(3, 2), alone(2, 1), alone(9, 8));
  assert.deepEqual(namesIn(whole), ["s1", "s2", "s3", "s9"]);
  assert.deepEqual(
    whole.segments.map(({ segment: { name } }) => name),
    ["s1", "s9"],
  );
});

test("each has one place, whatever ids clients choose: neither circles nor copies grow from them", () => {
  const same = Array.from({ length: 300 }, () => ({ id: hex(5), name: "same", start_time: 1 }));
  const circle = trace(segment(1), alone(2, 1, { subsegments: [{ id: hex(1), name: "again", start_time: 1 }] }));
  assert.deepEqual(namesIn(circle), ["s1", "s2", "again"]);
  const copies = trace(
    ...[segment(1, { subsegments: same }), alone(2, 5, { subsegments: same }), alone(3, 5, { subsegments: same })],
  );
  assert.equal(namesIn(copies).length, 1 + 300 + 2 * 301);
});

test("a long chain is put together as deep as segments nest, and the rest is shown as it is", () => {
  const count = 900;
  const whole = trace(segment(0), ...Array.from({ length: count }, (_, index) => alone(index + 1, index)));
  assert.equal(namesIn(whole).length, count + 1);
  assert.equal([...subsegments(whole.segments[0]!.segment)].length, bounds.traceSegmentDepthMax.value);
});

test("annotations are texts, numbers and booleans, fifty at most; what has another form is none", () => {
  const annotations = { odd: { toString: 1, valueOf: 1 }, list: [1], none: null, text: "a", number: 1, yes: true };
  const http = { request: { url: { a: 1 }, method: 7 }, response: { status: "x" } };
  const facts = factsOfTrace(trace(segment(1, { annotations, http })));
  assert.deepEqual([...facts.annotations.keys()], ["text", "number", "yes"]);
  assert.deepEqual([facts.url, facts.method, facts.status], [undefined, undefined, undefined]);
  const many = trace(
    segment(1, {
      subsegments: Array.from({ length: 5_000 }, (_, index) => ({
        ...{ id: hex(index + 2), name: "n", start_time: 1 },
        annotations: { one: index, [`key${index}`]: 1 },
      })),
    }),
  );
  const values = [...factsOfTrace(many).annotations.values()].flat();
  assert.equal(values.length, bounds.traceAnnotationsMax.value);
});

test("whatever form the members of a segment have, its trace has a summary and a place in the graph", () => {
  const called = (name: string): object => ({ id: hex(9), name, namespace: "aws", start_time: 1 });
  for (const more of [
    ...[{ origin: 5 }, { origin: {} }, { origin: null }, { origin: ["AWS::x"] }, { namespace: 5 }],
    ...[{ user: {} }, { resource_arn: [] }, { http: { request: null } }, { http: { response: 5 } }],
    ...["constructor", "__proto__", "toString"].map((name) => ({ subsegments: [called(name)] })),
  ]) {
    const whole = trace(segment(1, more));
    const graph = new ServiceGraph();
    graph.add(whole);
    assert.doesNotThrow(() => JSON.stringify(graph.services("123456789012")), JSON.stringify(more));
    assert.doesNotThrow(() => summaryOf(whole, factsOfTrace(whole), "123456789012"), JSON.stringify(more));
  }
  const inferred = trace(segment(1, { subsegments: [called("constructor")] })).segments[1]!.segment;
  assert.equal(inferred.origin, "AWS::constructor");
});
