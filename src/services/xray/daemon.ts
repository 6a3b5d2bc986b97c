import { createSocket, type Socket } from "node:dgram";
import type { LookupAddress, LookupOneOptions } from "node:dns";
import { lookup } from "node:dns/promises";
import { bounds } from "../../base/bounds.ts";

/** The header of every datagram. AWS: X-Ray Developer Guide, "Sending trace data to AWS X-Ray", X-Ray daemon. */
const header = '{"format": "json", "version": 1}\n';
const datagramBytesMax = bounds.traceDatagramBytesMax.value;
const underWayMax = bounds.traceDatagramsUnderWayMax.value;
/** How long an address holds for a name, and a refusal, too. */
const addressMs = 10_000;
const lateMs = bounds.otlpCloseMsMax.value;

/** Finds the address of a name. */
type Resolve = (host: string, options: LookupOneOptions) => Promise<LookupAddress>;

/**
 * Sends segments to an X-Ray daemon by UDP. Nobody acknowledges them; a daemon that is not there loses them. Those that find
 * no room while its name is looked up are lost, too.
 */
export class DaemonSender {
  readonly #socket: Socket;
  readonly #host: string;
  readonly #port: number;
  readonly #onLoss: (why: string) => void;
  #underWay = 0;
  /** Called when nothing is under way any more. */
  #onIdle: () => void = () => undefined;

  /** `address` is `host:port`. */
  constructor(address: string, onLoss: (why: string) => void, resolve: Resolve = lookup) {
    const colon = address.lastIndexOf(":");
    this.#host = address.slice(0, colon).replace(/^\[(.*)\]$/, "$1");
    this.#port = Number(address.slice(colon + 1));
    this.#onLoss = onLoss;
    const type = this.#host.includes(":") ? "udp6" : "udp4";
    this.#socket = createSocket({ type, lookup: rememberAddresses(resolve) });
    this.#socket.on("error", (error) => onLoss(error.message));
    this.#socket.unref();
  }

  send(document: string): void {
    const datagram = Buffer.from(header + document);
    if (datagram.length > datagramBytesMax) {
      this.#onLoss("a segment is longer than a datagram");
      return;
    }
    if (this.#underWay >= underWayMax) {
      this.#onLoss(`${underWayMax} segments are on their way to ${this.#host}`);
      return;
    }
    this.#underWay++;
    this.#socket.send(datagram, this.#port, this.#host, (error) => {
      if (error !== null) this.#onLoss(error.message);
      if (--this.#underWay === 0) this.#onIdle();
    });
  }

  /** Waits for what is under way, within bounded time. */
  async close(): Promise<void> {
    if (this.#underWay > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, lateMs);
        this.#onIdle = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#socket.close();
  }
}

type LookedUp = (error: NodeJS.ErrnoException | null, address: string, family: number) => void;

/** A socket looks a name up for each datagram, which would keep the process's few threads for names and files busy. */
function rememberAddresses(resolve: Resolve): (host: string, options: LookupOneOptions, onAnswer: LookedUp) => void {
  const known = new Map<string, { readonly since: number; readonly answer: Promise<LookupAddress> }>();
  return (host, options, onAnswer) => {
    const now = performance.now();
    let found = known.get(host);
    if (found === undefined || now - found.since > addressMs) {
      found = { since: now, answer: resolve(host, options) };
      known.set(host, found);
    }
    found.answer.then(
      ({ address, family }) => onAnswer(null, address, family),
      (error: NodeJS.ErrnoException) => onAnswer(error, "", 0),
    );
  };
}
