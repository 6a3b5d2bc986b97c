/**
 * Returns the log group of a canary's requests, besides the stage's own.
 * AWS: API Gateway Developer Guide, "Set up an API Gateway canary release deployment": `/Canary` is appended to the group's name.
 */
export const canaryGroup = (group: string): string => `${group}/Canary`;
