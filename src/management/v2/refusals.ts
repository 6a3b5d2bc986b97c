/** Refusals in the words and dialect of API Gateway's second version. */
import type { V2Api } from "../../definition/v2-api.ts";
import { notForHttp, notForWebSocket } from "../../definition/v2-members.ts";
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

const notFor = { HTTP: notForHttp, WEBSOCKET: notForWebSocket } as const;

/** The members of an input that a kind of API lacks. */
export type ForeignMembers<Member extends string = string> = Readonly<Record<V2Api["ProtocolType"], readonly Member[]>>;

/** Refuses the members of an input that the API's kind lacks. Empty maps and texts, and false, are as good as absent. */
export function refuseForeign<Member extends string>(
  { ProtocolType }: Pick<V2Api, "ProtocolType">,
  input: { readonly [Name in Member]?: unknown },
  members: ForeignMembers<Member>,
): void {
  const found = members[ProtocolType].find((member) => !isEmpty(input[member]));
  if (found !== undefined) throw badRequest(notFor[ProtocolType](found));
}

/** Refuses to make what only WebSocket APIs have. Unconfirmed: the words; see docs/compatibility.md, "HTTP APIs, words of management". */
export function refuseOnHttp({ ProtocolType }: Pick<V2Api, "ProtocolType">, items: string): void {
  if (ProtocolType === "HTTP") throw badRequest(`${items} are not supported on protocolType HTTP`);
}

const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === "" ||
  value === false ||
  (typeof value === "object" && value !== null && Object.keys(value).length === 0);
