import { textOf } from "../../language/java/text-of.ts";
import type { HostMethod, TemplateValue } from "../../language/java/values.ts";
import type { Meter } from "../../language/meter.ts";

/** Makes a host method of a function of one text; other values become texts first, and null stays null. */
export const ofText =
  (convert: (text: string, meter: Meter) => TemplateValue): HostMethod<null> =>
  (_, args, meter) => {
    if (args.length !== 1) return undefined;
    const text = textOf(args[0]!, meter);
    if (text === null) return null;
    meter.step(4 + (text.length >> 5));
    const made = convert(text, meter);
    if (typeof made === "string") {
      meter.made(made.length);
      // A function whose result is longer has looked at every character.
      if (made.length > text.length) meter.step(made.length - text.length);
    }
    return made;
  };
