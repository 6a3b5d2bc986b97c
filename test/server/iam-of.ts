import assert from "node:assert/strict";
import { fetchSigned, useCredentials } from "../../src/cli/signed-calls.ts";
import type { RunningServer } from "../../src/server/start.ts";

/** Makes calls of IAM as the server's administrator. */
export function iamOf(server: RunningServer): (parameters: Readonly<Record<string, string>>) => Promise<string> {
  useCredentials(server.url, server.administrator!);
  return async (parameters) => {
    const response = await fetchSigned(server.url, {
      method: "POST",
      path: "/",
      service: "iam",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: String(new URLSearchParams({ Version: "2010-05-08", ...parameters })),
      timeoutMs: 10_000,
    });
    const text = await response.text();
    assert.equal(response.status, 200, text);
    return text;
  };
}
