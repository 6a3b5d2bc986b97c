import type { ConditionContext } from "./condition-keys.ts";

/** A call of an API's method, with what is known of it when a policy is asked. */
export interface InvokeCall {
  readonly sourceAddress: string;
  readonly userAgent: string | undefined;
  readonly referer: string | undefined;
  readonly isEncrypted: boolean;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

type Provide = (call: InvokeCall) => string | null;

/** AWS: API Gateway Developer Guide, "AWS condition keys that can be used in API Gateway resource policies". */
const keys: Readonly<Record<string, Provide>> = {
  "aws:sourceip": ({ sourceAddress }) => sourceAddress,
  "aws:useragent": ({ userAgent }) => userAgent ?? null,
  "aws:referer": ({ referer }) => referer ?? null,
  "aws:securetransport": ({ isEncrypted }) => String(isEncrypted),
  "aws:currenttime": ({ nowMs }) => `${new Date(nowMs).toISOString().slice(0, 19)}Z`,
  "aws:epochtime": ({ nowMs }) => String(Math.floor(nowMs / 1000)),
};

/** Returns a function that looks up the condition keys of a call of a method. */
export const makeInvokeContext =
  (call: InvokeCall): ConditionContext =>
  (key) =>
    Object.hasOwn(keys, key) ? keys[key]!(call) : undefined;
