// The pages of examples/websocket-*, in Chromium, as their readers open them.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { tool } from "../tool.ts";
import { until } from "../until.ts";
import { openTab, type Tab } from "./chromium.ts";

const script = join(import.meta.dirname, "../../scripts/example.ts");
const tools = [tool("chromium", ["--version"], existsSync("/usr/bin/apt-get")), tool("aws", ["--version"], true)];
const needed = tools.find(({ skip }) => skip !== false) ?? { skip: false };

/** Serves an example until `use` has done with its page. */
async function withPage(name: string, use: (url: string) => Promise<void>): Promise<void> {
  const child = spawn(process.execPath, [script, name], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.once("close", resolve));
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  try {
    const isServed = (): boolean => output.includes("Ctrl-C stops.") || child.exitCode !== null;
    await until(isServed, { ms: 180_000, what: "the example is served" });
    const url = /^The page: (file:\S+)$/m.exec(output)?.[1];
    assert.ok(url, output);
    await use(url);
  } finally {
    child.kill("SIGTERM");
    await ended;
  }
}

async function using(url: string, use: (tab: Tab) => Promise<void>): Promise<void> {
  const tab = await openTab(url);
  try {
    await use(tab);
  } finally {
    await tab.close();
  }
}

const isConnected = 'document.querySelector("#state")?.textContent === "connected"';

test("the calculator's page computes", needed, () =>
  withPage("websocket-calculator", (url) =>
    using(url, async (tab) => {
      await tab.until(isConnected);
      await tab.evaluate("document.forms[0].requestSubmit()");
      await tab.until('document.querySelector("output").textContent === "42"');
      await tab.evaluate('document.forms[0].op.value = "divide"; document.forms[0].b.value = 0');
      await tab.evaluate("document.forms[0].requestSubmit()");
      await tab.until('document.querySelector("output").textContent === "a and b make no number"');
    }),
  ),
);

test("two pages of the dashboard show the same", needed, () =>
  withPage("websocket-dashboard", (url) =>
    using(url, (one) =>
      using(url, async (other) => {
        for (const tab of [one, other]) await tab.until(isConnected);
        await one.until('!document.querySelector("[name=right]").checked');
        await one.evaluate('document.querySelector("[name=right]").click()');
        await other.until('document.querySelector("[name=right]").checked');
        await other.until('/ann, ann$/.test(document.querySelector("output").textContent)');
      }),
    ),
  ),
);

test("two pages of the chat talk, and what one writes is text to the other", needed, () =>
  withPage("websocket-chat", (url) =>
    using(url, (ann) =>
      using(url, async (bob) => {
        const texts = '[...document.querySelectorAll("li")].map((item) => item.textContent)';
        for (const [tab, name] of [
          [ann, "ann"],
          [bob, "bob"],
        ] as const) {
          await tab.until("document.forms.who?.elements.api.value");
          await tab.evaluate(`document.forms.who.elements.name.value = "${name}"; document.forms.who.requestSubmit()`);
          await tab.until(isConnected);
        }
        const text = "<img src=x onerror=window.ran=1>";
        await ann.evaluate(`document.forms.say.message.value = "${text}"; document.forms.say.requestSubmit()`);
        await bob.until(`${texts}.length > 0`);
        assert.deepEqual(await bob.evaluate(texts), [`ann: ${text}`]);
        assert.equal(await bob.evaluate("window.ran"), undefined);
        assert.deepEqual(await ann.evaluate(texts), [`you: ${text}`]);
      }),
    ),
  ),
);
