import { createSocket, type Socket } from "node:dgram";
import { bounds } from "../../base/bounds.ts";

/** The header of every datagram. AWS: X-Ray Developer Guide, "Sending trace data to AWS X-Ray", X-Ray daemon. */
const header = '{"format": "json", "version": 1}\n';
const datagramBytesMax = bounds.traceDatagramBytesMax.value;

/** Sends segments to an X-Ray daemon by UDP. Nobody acknowledges them; a daemon that is not there loses them. */
export class DaemonSender {
  readonly #socket: Socket;
  readonly #host: string;
  readonly #port: number;
  readonly #onLoss: (why: string) => void;

  /** `address` is `host:port`. */
  constructor(address: string, onLoss: (why: string) => void) {
    const colon = address.lastIndexOf(":");
    this.#host = address.slice(0, colon).replace(/^\[(.*)\]$/, "$1");
    this.#port = Number(address.slice(colon + 1));
    this.#onLoss = onLoss;
    this.#socket = createSocket(this.#host.includes(":") ? "udp6" : "udp4");
    this.#socket.on("error", (error) => onLoss(error.message));
    this.#socket.unref();
  }

  send(document: string): void {
    const datagram = Buffer.from(header + document);
    if (datagram.length > datagramBytesMax) {
      this.#onLoss("a segment is longer than a datagram");
      return;
    }
    this.#socket.send(datagram, this.#port, this.#host, (error) => {
      if (error !== null) this.#onLoss(error.message);
    });
  }

  close(): void {
    this.#socket.close();
  }
}
