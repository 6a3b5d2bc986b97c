import { isUtf8 } from "node:buffer";
import type { InboundExchange } from "../../http/inbound.ts";
import { stageKey } from "../../plan/plan.ts";
import type { BelowStage } from "../program.ts";
import { makeExtendedRequestId } from "../request-ids.ts";
import { type CallbackGate, type CalledStage, limitExceeded, refuse } from "./callback-gate.ts";
import type { ConnectionCall, ConnectionDirectory, ConnectionOutcome, ConnectionView } from "./connection-call.ts";
import { threadOf } from "./connection-id.ts";
import type { GroupsApi } from "./groups-api.ts";

export interface ConnectionsApiOptions {
  readonly directory: ConnectionDirectory;
  readonly gate: CallbackGate;
  /** What is below the same endpoint beyond AWS. */
  readonly groups: GroupsApi;
}

/** A call on its way. */
interface ConnectionCallback {
  readonly request: InboundExchange;
  readonly requestId: string;
}

type Method = "POST" | "GET" | "DELETE";

const pathPattern = /^\/(?:@|%40)connections(?:\/([^/]*))?\/?$/i;

/**
 * PostToConnection, GetConnection and DeleteConnection: what backends call below a stage's `@connections`.
 * AWS: API Gateway Developer Guide, "Use @connections commands in your backend service"; Amazon API Gateway Management API
 * Reference. Words of refusals are as recorded in docs/internals/aws-facts, or unconfirmed: see docs/compatibility.md,
 * "@connections".
 */
export class ConnectionsApi {
  readonly #options: ConnectionsApiOptions;

  constructor(options: ConnectionsApiOptions) {
    this.#options = options;
  }

  /** Answers a request below a stage, if it is one for connections. Returns false for any other. */
  answer(request: InboundExchange, stage: CalledStage, below: BelowStage): boolean {
    const { gate, groups } = this.#options;
    if (groups.answer(request, stage, below)) return true;
    const found = pathPattern.exec(below.path);
    if (found === null) return false;
    const requestId = makeExtendedRequestId();
    const connectionId = decodePath(found[1] ?? "");
    const call = { request, requestId };
    if (!gate.lets(call, { isByCustomDomain: below.customDomain !== undefined })) return true;
    const { method } = request;
    if (connectionId === "" || !isMethod(method)) {
      const hint = connectionId === "" ? (groups.hintWithoutId ?? methods) : methods;
      refuse(call, 403, "MissingAuthenticationTokenException", "Missing Authentication Token", hint);
      return true;
    }
    // AWS quirk: the resource ends in these very characters, whichever connection it is. A policy that denies one
    // connection, or the guide's form without any, is meant to deny.
    const resource = "@connections/{connectionId}";
    const alsoDenied = ["@connections", `@connections/${connectionId}`];
    const errorMembers = { connectionId, requestId };
    gate.admit({ ...call, stage, path: below.path, resource, alsoDenied, errorMembers }, (body) => {
      if (threadOf(connectionId) === undefined) refuseId(call, errorMembers);
      else if (method === "POST" && !isUtf8(body)) refuseBytes(call);
      else {
        const target = { connectionId, stageKey: stageKey(stage.apiId, stage.stageName) };
        this.#options.directory.call(target, callOf[method](body), (outcome) =>
          answerConnection(call, statuses[method], outcome),
        );
      }
    });
    return true;
  }

  /**
   * Answers a call at the server's own address, which names no stage: the connection says which it is. Returns false for any
   * other request. `stageOf` returns a stage that is served there.
   */
  answerWithoutStage(request: InboundExchange, stageOf: (key: string) => CalledStage | undefined): boolean {
    const path = request.target.split("?", 1)[0]!;
    const connectionId = decodePath(pathPattern.exec(path)?.[1] ?? "");
    if (connectionId === "") return false;
    if (threadOf(connectionId) === undefined) {
      const requestId = makeExtendedRequestId();
      refuseId({ request, requestId }, { connectionId, requestId });
      return true;
    }
    this.#options.directory.call({ connectionId, stageKey: "" }, { kind: "locate" }, (outcome) => {
      const stage = outcome.kind === "located" ? stageOf(outcome.stageKey) : undefined;
      if (stage === undefined) answerConnection({ request, requestId: makeExtendedRequestId() }, 200, outcome);
      else this.answer(request, stage, { path, query: "" });
    });
    return true;
  }
}

const methods = "below @connections there are POST, GET and DELETE of a connection's id";

const callOf: Readonly<Record<Method, (body: Buffer) => ConnectionCall>> = {
  POST: (data) => ({ kind: "post", data }),
  GET: () => ({ kind: "get" }),
  DELETE: () => ({ kind: "delete" }),
};

const isMethod = (method: string): method is Method => Object.hasOwn(callOf, method);

/** The statuses of success. AWS: the interface model of apigatewaymanagementapi. */
const statuses: Readonly<Record<Method, number>> = { POST: 200, GET: 200, DELETE: 204 };

/** Refuses what is no connection's id. */
function refuseId(
  call: ConnectionCallback,
  errorMembers: { readonly connectionId: string; readonly requestId: string },
): void {
  refuse(
    call,
    400,
    "BadRequestException",
    `Invalid connectionId: ${errorMembers.connectionId}`,
    undefined,
    errorMembers,
  );
}

/** Refuses a message that is no text. */
export function refuseBytes(call: ConnectionCallback): void {
  const hint = "messages to clients are text: a client would close the connection (RFC 6455 §8.1)";
  refuse(call, 400, "BadRequestException", "Invalid message: it is not UTF-8", hint);
}

/** Answers what became of a call of a connection. */
export function answerConnection(call: ConnectionCallback, success: number, outcome: ConnectionOutcome): void {
  const { request, requestId } = call;
  switch (outcome.kind) {
    case "done":
      request.respond(success, ["x-amzn-RequestId", requestId], undefined);
      return;
    case "found": {
      const headers = ["Content-Type", "application/json", "x-amzn-RequestId", requestId];
      request.respond(success, headers, JSON.stringify(describeConnection(outcome.connection)));
      return;
    }
    case "gone":
    // What only asks for the stage has no answer of its own.
    case "located":
      refuse(
        call,
        410,
        "GoneException",
        undefined,
        "there is no such connection of this stage, not yet or not any more",
      );
      return;
    case "full":
      // AWS: "… or the WebSocket client side buffer is full."
      refuseLoad(call, "the client does not read as fast as messages are sent to it");
      return;
    case "crowded":
      refuseLoad(call, "there are too many groups or wills, of this connection or of its stage");
      return;
    case "busy":
      refuseLoad(call, tooManyCalls);
      return;
    case "late":
      refuseLate(call);
  }
}

export const tooManyCalls = "too many calls of @connections are under way";

export function refuseLoad(call: ConnectionCallback, hint: string): void {
  refuse(call, 429, limitExceeded, "Too Many Requests", hint);
}

export function refuseLate(call: ConnectionCallback, members: object = {}): void {
  const hint = "a thread that has connections hangs: nobody knows what it did";
  refuse(call, 500, "InternalServerErrorException", "Internal server error", hint, members);
}

/** AWS: AWS CLI Command Reference, apigatewaymanagementapi, "get-connection", Examples: a client without a user agent has none. */
export const describeConnection = ({ connectedMs, lastActiveMs, sourceIp, userAgent }: ConnectionView): object => ({
  connectedAt: new Date(connectedMs).toISOString(),
  identity: { sourceIp, userAgent },
  lastActiveAt: new Date(lastActiveMs).toISOString(),
});

/** Takes the percent signs off a piece of a path. One that can't be read stays as it is. */
export function decodePath(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
