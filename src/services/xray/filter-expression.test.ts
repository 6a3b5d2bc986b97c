import assert from "node:assert/strict";
import { test } from "node:test";
import { compileFilter, FilterProblem } from "./filter-expression.ts";
import { assemble, factsOfTrace, type WholeTrace } from "./whole-trace.ts";

const id = "1-5759e988-bd862e3fe1be46a994272793";
const hex = (number: number): string => number.toString(16).padStart(16, "0");
const segment = (own: number, more: object = {}): string =>
  JSON.stringify({ trace_id: id, id: hex(own), name: `s${own}`, start_time: 1, end_time: 2, ...more });
const trace = (...documents: string[]): WholeTrace => assemble(id, { documents, isCut: false });
const passes = (expression: string, whole: WholeTrace): boolean =>
  compileFilter(expression)(whole, factsOfTrace(whole));

test("edges lead from a segment, or one of its subsegments, to the segment that it called", () => {
  const calling = { subsegments: [{ id: hex(10), name: "call", start_time: 1 }] };
  const whole = trace(
    segment(1, calling),
    segment(2, { parent_id: hex(10), fault: true }),
    segment(3, { parent_id: hex(2) }),
  );
  for (const [expression, expected] of [
    ['edge("s1", "s2")', true],
    ['edge("s2", "s3")', true],
    ['edge("s1", "s3")', false],
    ['edge("s2", "s1")', false],
    ['edge("s1", "s2") { fault }', true],
    ['edge("s2", "s3") { fault }', false],
    ['service("s2") { fault } AND !service("s1") { fault }', true],
    // What is asked of other segments within the braces is asked of the whole trace.
    ['service("s1") { service("s2") { fault } }', true],
    ['service("s1") { service("s3") { fault } }', false],
  ] as const) {
    assert.equal(passes(expression, whole), expected, expression);
  }
});

test("a filter answers for each trace anew", () => {
  const filter = compileFilter('service("s1") { service("s2") }');
  const [both, one] = [trace(segment(1), segment(2)), trace(segment(1))];
  for (const [whole, expected] of [
    [both, true],
    [one, false],
    [both, true],
  ] as const)
    assert.equal(filter(whole, factsOfTrace(whole)), expected);
});

test("whatever an expression nests, its cost grows with the trace and not with a power of it", () => {
  const many = trace(
    ...Array.from({ length: 1_000 }, (_, index) => segment(index, { name: "same", parent_id: hex(7) })),
  );
  const nested = (times: number): string => `${'service("same") {'.repeat(times)} user = "x" ${"}".repeat(times)}`;
  assert.equal(passes(nested(30), many), false);
  assert.equal(passes(Array(120).fill('edge("x", )').join(" OR "), many), false);
});

test("an expression that takes too many steps on its traces is refused", () => {
  const same = { subsegments: [{ id: hex(1), name: "n", start_time: 1 }], parent_id: hex(1) };
  const many = trace(...Array.from({ length: 2_500 }, (_, index) => segment(index + 2, same)));
  assert.throws(() => passes('edge("x", )', many), FilterProblem);
  const long = trace(segment(1, { http: { request: { url: "a".repeat(60_000) } } }));
  const filter = compileFilter(Array(60).fill('http.url CONTAINS "b"').join(" OR "));
  assert.throws(() => {
    for (let count = 0; count < 200; count++) filter(long, factsOfTrace(long));
  }, FilterProblem);
});
