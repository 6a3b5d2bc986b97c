// docs/reference/settings.md, from the table of settings.
import { type Setting, settings } from "../src/definition/settings.ts";

/** Returns the page that says of every setting whether it is enforced, closed, or without effect. */
export function settingsPage(): string {
  const lines = [
    "# Settings",
    "",
    "<!-- Written by `npm run generate` from src/definition/settings.ts. Do not edit. -->",
    "",
    "What becomes of each setting of API Gateway's REST APIs, by the shapes of AWS's interface model. A setting that guards",
    "something is *enforced*, or what it guards is *closed*: it answers 501 with the reason, and nothing passes unchecked.",
    "",
    "| State | Meaning |",
    "|---|---|",
    "| enforced | guards something, and is checked |",
    "| closed | guards something, and can't be checked yet: what it guards answers 501 with this reason |",
    "| not served | what it guards is not served at all yet |",
    "| works | guards nothing, and has its effect |",
    "| without effect | guards nothing, and is stored only; where a name stands behind it, `portico status` names it |",
    "| says what it is | a name, an id, a date: changes nothing that is served |",
    "",
    "A change takes effect *at once*, when the call that made it has answered; *with a deployment*, when the API is deployed",
    "again; or is only for the *call* that has it.",
  ];
  for (const [shape, members] of Object.entries(settings)) {
    lines.push("", `## ${shape}`, "", "| Setting | State | Takes effect | By |", "|---|---|---|---|");
    for (const [member, setting] of Object.entries(members)) lines.push(row(member, setting));
  }
  return `${lines.join("\n")}\n`;
}

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
      return ["says what it is", "", ""];
  }
}

const link = (file: string): string => `[${file.slice("src/".length)}](../../${file})`;
