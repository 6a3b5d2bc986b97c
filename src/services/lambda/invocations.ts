import { notImplemented } from "../../protocol/errors.ts";
import { referenceOf, versions } from "./functions.ts";
import { invokeFunction } from "./invoke.ts";
import { invokeFunctionStreaming } from "./invoke-stream.ts";
import { operations, spanning } from "./lambda-families.ts";

/** The invocation operations. A function runs after the store was read, and not within a transaction. */
export const invocationOperations = operations({
  Invoke: spanning(async ({ input, call, read, functions: client, events }) => {
    if (input.TenantId !== undefined || input.DurableExecutionName !== undefined) {
      throw notImplemented("TenantId and DurableExecutionName are not implemented yet in Portico.");
    }
    await read((work) => versions.find(work));
    return invokeFunction(input, call, { reference: referenceOf(input, call), functions: client, events });
  }),
  InvokeWithResponseStream: spanning(async ({ input, call, read, functions: client }) => {
    if (input.TenantId !== undefined) throw notImplemented("TenantId is not implemented yet in Portico.");
    await read((work) => versions.find(work));
    return invokeFunctionStreaming(input, call, { reference: referenceOf(input, call), functions: client });
  }),
});
