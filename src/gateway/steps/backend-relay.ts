import type { BackendPlan } from "../../plan/steps.ts";
import type { Exchange } from "../exchange.ts";
import type { BackendCall, BackendConsumer, BackendFailure } from "../integrations/backend-call.ts";
import type { ThreadContext } from "../thread-context.ts";
import { brokenOff } from "./http.ts";
import type { LinkedResponseMappings, ResponseMapping } from "./parameter-mapping.ts";

/** What a kind of API decides of passing on answers. */
export interface RelayOptions {
  readonly thread: ThreadContext;
  readonly backend: BackendPlan;
  /** The answer may be longer than the payload limit. */
  readonly isUnlimited: boolean;
  /** Returns a backend's headers as the client gets them: names and values in turn. */
  readonly relayHeaders: (backend: readonly string[]) => string[];
  readonly answerFailure: (
    exchange: Exchange,
    failure: BackendFailure,
    options: { readonly thread: ThreadContext; readonly backend: BackendPlan },
  ) => void;
  readonly mappingOf?: LinkedResponseMappings | undefined;
}

/** An answer whose mapping waits for the whole body. */
interface HeldAnswer {
  readonly status: number;
  readonly headers: string[];
  readonly mapping: ResponseMapping;
  readonly chunks: Buffer[];
}

/** Passes the backend's answer to the client as it comes. */
export class BackendRelay implements BackendConsumer {
  readonly #exchange: Exchange;
  readonly #options: RelayOptions;
  #call: BackendCall | undefined = undefined;
  #held: HeldAnswer | undefined = undefined;
  #bytes = 0;

  constructor(exchange: Exchange, options: RelayOptions) {
    this.#exchange = exchange;
    this.#options = options;
  }

  begin(status: number, backendHeaders: readonly string[], call: BackendCall): void {
    const exchange = this.#exchange;
    const headers = this.#options.relayHeaders(backendHeaders);
    const contentLength = call.declaredLength;
    if (contentLength !== undefined && contentLength > this.#limit && exchange.httpMethod !== "HEAD") {
      call.cancel();
      this.#refuseTooLarge(`of ${contentLength} bytes `);
      return;
    }
    // As observed: AWS's log shows the headers before the front end renames some of them.
    exchange.trace?.beginResponse(status, backendHeaders);
    this.#call = call;
    const start = (answered: number): void => {
      exchange.addGatewayHeaders(headers);
      exchange.status = answered;
      const isEmpty = call.isBodiless(status) && exchange.httpMethod !== "HEAD" && answered !== 304;
      exchange.answer.startResponse(answered, headers, isEmpty ? 0 : contentLength, call.isBodyHere);
    };
    const mapping = this.#options.mappingOf?.(status);
    if (mapping === undefined) start(status);
    else if (mapping.readsBody) this.#held = { status, headers, mapping, chunks: [] };
    else mapping.map(exchange, { status, headers, body: undefined }, start);
  }

  data(chunk: Buffer, isLent: boolean): boolean {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#limit) {
      this.#call?.cancel();
      if (this.#held === undefined) this.#cutOff();
      else this.#refuseTooLarge("");
      return true;
    }
    const { answer } = this.#exchange;
    if (isLent && this.#held === undefined && answer.writeLent !== undefined) return answer.writeLent(chunk);
    const owned = isLent ? Buffer.from(chunk) : chunk;
    if (this.#held === undefined) return answer.write(owned);
    this.#held.chunks.push(owned);
    return true;
  }

  end(): void {
    const exchange = this.#exchange;
    if (this.#held === undefined) {
      exchange.end();
      return;
    }
    const { status, headers, mapping, chunks } = this.#held;
    const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
    mapping.map(exchange, { status, headers, body }, (answered) => exchange.respond(answered, headers, body));
  }

  cut(failure: BackendFailure): void {
    if (this.#held === undefined) this.#cutOff();
    else this.fail(failure);
  }

  fail(failure: BackendFailure): void {
    const { thread, backend, answerFailure } = this.#options;
    answerFailure(this.#exchange, failure, { thread, backend });
  }

  #cutOff(): void {
    this.#exchange.cut(brokenOff);
  }

  #refuseTooLarge(ofBytes: string): void {
    const detail = `the backend's answer ${ofBytes}is over the payload limit of ${this.#limit}`;
    this.#exchange.program.responses.finish(this.#exchange, "API_CONFIGURATION_ERROR", { detail, hint: detail });
  }

  get #limit(): number {
    return this.#options.isUnlimited ? Number.POSITIVE_INFINITY : this.#options.thread.payloadBytesMax;
  }
}
