import type { RestApi } from "../definition/rest-api.ts";

/** Returns a date of AWS's, in seconds, as documents write it. */
export const documentDate = (seconds: number): string =>
  new Date(seconds * 1000).toISOString().replace(/\.\d{3}Z$/, "Z");

/** Returns the version that an export's `info` has: the API's own, or when it was deployed. */
export const documentVersion = ({ version }: RestApi, deployedAt: number): string =>
  version ?? documentDate(deployedAt);
