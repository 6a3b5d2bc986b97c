import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

export const sunset = readFileSync(new URL("_sunset.png", import.meta.url));

/** What a PNG says of itself. */
export const describe = (bytes) => ({
  width: bytes.readUInt32BE(16),
  height: bytes.readUInt32BE(20),
  sha256: createHash("sha256").update(bytes).digest("hex"),
});
