import { join } from "node:path";
import { test } from "node:test";
import { assertExercise, serveCalculator } from "./generated-sdk.ts";

const suite = serveCalculator();

test("the JavaScript SDK calls its API from Node, plainly and signed", async () => {
  const folder = await suite.unpack("javascript");
  await assertExercise(suite, process.execPath, [join(import.meta.dirname, "exercise.cjs"), folder]);
});
