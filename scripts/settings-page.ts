// docs/reference/settings.md and settings-v2.md, from the tables of settings.
import { type Setting, settings } from "../src/definition/settings.ts";
import { v2Settings } from "../src/definition/v2-settings.ts";
import { webSocketSettings } from "../src/definition/websocket-settings.ts";

type Row = Setting | Readonly<Record<string, Setting>>;

const states = [
  "| State | Meaning |",
  "|---|---|",
  "| enforced | The setting guards something, and Portico checks it. |",
  "| closed | The setting guards something that Portico can't check yet. What it guards answers 501 with this reason. |",
  "| not served | Portico does not serve what the setting guards. |",
  "| works | The setting guards nothing, and has its effect. |",
  "| without effect | The setting guards nothing, and is only stored. If a name stands beside it, `portico status` shows that name. |",
  "| description | The setting is a name, an id or a date, and changes nothing that is served. |",
];

/** Returns the page that says of every setting whether it is enforced, closed, or without effect. */
export const settingsPage = (): string =>
  page(settings, [
    "# Settings",
    "",
    "<!-- Written by `npm run generate` from src/definition/settings.ts. Do not edit. -->",
    "",
    "This page says what Portico does with each setting of API Gateway's REST APIs, by the shapes of AWS's interface model. If a",
    "setting guards something, it is either *enforced*, or what it guards is *closed*: that answers 501 with the reason, so that no",
    "request passes unchecked. [Settings of the second version](settings-v2.md) has those of HTTP and WebSocket APIs.",
    "",
    ...states,
    "",
    "A change takes effect *at once*, as soon as the call that made it has answered, or *with a deployment*, when the API is",
    "deployed again. *With a stage*: as soon as any setting of any stage changes, for all stages. A setting with *call* concerns only the call that contains it.",
  ]);

/** Returns that page for the second version of API Gateway. */
export const v2SettingsPage = (): string =>
  page({ ...v2Settings, ...ofWebSocketApis }, [
    "# Settings of the second version",
    "",
    "<!-- Written by `npm run generate` from src/definition/v2-settings.ts. Do not edit. -->",
    "",
    "This page says what Portico does with each setting of the second version of API Gateway, which has HTTP and WebSocket APIs, by the",
    "shapes of AWS's interface model. Where both have a shape, a part of its own says what holds for WebSocket APIs. [Settings](settings.md) has those of REST APIs.",
    "",
    ...states,
    "",
    "A change takes effect *at once*, as soon as the call that made it has answered, or *with a deployment*, which a stage with",
    "automatic deployments has with that very call. A setting with *call* concerns only the call that contains it.",
  ]);

/** The shapes' names say whose they are. */
const ofWebSocketApis = Object.fromEntries(
  Object.entries(webSocketSettings).map(([shape, members]) => [`${shape} of WebSocket APIs`, members]),
);

function page(table: Readonly<Record<string, Row>>, head: readonly string[]): string {
  const lines = [...head];
  for (const [shape, members] of Object.entries(table)) {
    const rows = isSetting(members) ? [["all", members] as const] : Object.entries(members);
    lines.push("", `## ${shape}`, "", "| Setting | State | Takes effect | By |", "|---|---|---|---|");
    for (const [member, setting] of rows) lines.push(row(member, setting));
  }
  return `${lines.join("\n")}\n`;
}

const isSetting = (members: Row): members is Setting => typeof members["kind"] === "string";

function row(member: string, setting: Setting): string {
  const [state, acts, by] = cells(setting);
  return `| \`${member}\` | ${state} | ${acts} | ${by} |`;
}

function cells(setting: Setting): readonly [string, string, string] {
  switch (setting.kind) {
    case "enforced":
      return ["enforced", setting.acts, link(setting.by)];
    case "works":
      return ["works", setting.acts, link(setting.by)];
    case "closed":
      return ["closed", setting.acts, `\`${setting.reason}\``];
    case "not-served":
      return ["not served", "", setting.what];
    case "without-effect": {
      const { status, why } = setting;
      return ["without effect", "", status === undefined ? why : `\`${status}\`: ${why}`];
    }
    case "description":
      return ["description", "", ""];
  }
}

const link = (file: string): string => `[${file.slice("src/".length)}](../../${file})`;
