import { join } from "node:path";
import { test } from "node:test";
import { tool } from "../../tool.ts";
import { assertExercise, serveCalculator } from "./generated-sdk.ts";

const suite = serveCalculator();

test(
  "the Python SDK calls its API with its models and errors, plainly and signed",
  tool("python3", ["-c", "import sys; assert sys.version_info >= (3, 9)"], true),
  async () => {
    const folder = await suite.unpack("python", { "service.name": "SimpleCalc" });
    await assertExercise(suite, "python3", ["-W", "error", join(import.meta.dirname, "exercise.py"), folder]);
  },
);
