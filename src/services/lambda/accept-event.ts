import { randomUUID } from "node:crypto";
import { bounds } from "../../base/bounds.ts";
import type { EventOutcome, InvokeRequest } from "../../functions/function-client.ts";
import { ApiError } from "../../protocol/errors.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type { EventQueue } from "./event-queue.ts";

/** Accepts an asynchronous invocation from a gateway thread, which has checked the permission. It never rejects. */
export async function acceptEvent(event: InvokeRequest, events: EventQueue, logger: Logger): Promise<EventOutcome> {
  const requestId = event.requestId ?? randomUUID();
  const payload = typeof event.payload === "string" ? Buffer.from(event.payload) : Buffer.from(event.payload);
  const refuse = (code: string, status: number, message: string): EventOutcome => ({
    kind: "service-error",
    code,
    status,
    message,
    requestId,
  });
  const max = bounds.lambdaEventBytesMax.value;
  if (payload.length > max) {
    const message = `${payload.length} byte payload is too large for the Event invocation type (limit ${max} bytes)`;
    return refuse("RequestTooLargeException", 413, message);
  }
  const { functionArn, traceId, clientContext } = event;
  try {
    await events.accept({ functionArn, payload, requestId, traceId, clientContext });
    return { kind: "accepted", requestId };
  } catch (error) {
    if (error instanceof ApiError) return refuse(error.code, 429, error.message);
    logger.error("An asynchronous invocation could not be kept.", { error: String(error) });
    return refuse("ServiceException", 500, "The event could not be kept");
  }
}
