import type { OperationsResponse } from "../operations-endpoints.ts";

/** A page loads everything from this server and runs only its own script, whatever an API's texts contain. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

export const htmlType = "text/html; charset=utf-8";
export const cssType = "text/css; charset=utf-8";
export const scriptType = "text/javascript; charset=utf-8";

/** Returns an answer with a page, or with a file that one loads. */
export const answerFile = (status: number, type: string, body: Buffer | string): OperationsResponse => ({
  status,
  headers: {
    "Content-Type": type,
    "Cache-Control": "no-store",
    "Content-Security-Policy": contentSecurityPolicy,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
  },
  body,
});

export const answerJson = (status: number, value: unknown): OperationsResponse =>
  answerFile(status, "application/json", `${JSON.stringify(value)}\n`);
