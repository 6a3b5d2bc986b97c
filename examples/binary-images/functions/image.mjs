import { describe, sunset } from "./_images.mjs";

// Behind the custom integration: the templates choose what `event` is, and the answer may be any JSON.
export const handler = async ({ image }) =>
  image === undefined ? sunset.toString("base64") : describe(Buffer.from(image, "base64"));
