/** Refusals in the words and dialect of API Gateway's second version. */
import { notForHttp } from "../../definition/http-route-rules.ts";
import { ApiError, badRequest } from "../../protocol/errors.ts";
import { type ControlLimit, limitMessage } from "../control-limits.ts";
import type { ControlWork } from "../control-service.ts";

/** Throws the message as a bad request, if there is one. */
export function refuse(message: string | undefined): void {
  if (message !== undefined) throw badRequest(message);
}

/** A refusal to delete what is in use. AWS's model has no such error for deletions; users quote it. */
export const inUse = (message: string): ApiError => new ApiError("ConflictException", message, { status: 409 });

/** AWS quirk, as users quote it: more than a limit allows is a ConflictException with the status of too many requests. */
export const tooMany = (message: string): ApiError => new ApiError("ConflictException", message, { status: 429 });

/** Refuses a call that would exceed a limit; `count` is the number that exists already. */
export function requireRoom({ limits }: ControlWork, limit: ControlLimit, count: number): void {
  if (count >= limits[limit]) throw tooMany(limitMessage(limit));
}

/** Makes the merge rule of a member that only WebSocket APIs have. Empty maps and texts are as good as absent. */
export const onlyForWebSocket =
  (member: string) =>
  (value: unknown): Record<never, never> => {
    refuseOnHttp(member, value);
    return {};
  };

/** Refuses a member of an input that only WebSocket APIs have. */
export function refuseOnHttp(member: string, value: unknown): void {
  const isEmpty =
    value === undefined || value === "" || (typeof value === "object" && Object.keys(value!).length === 0);
  if (!isEmpty) throw badRequest(notForHttp(member));
}
