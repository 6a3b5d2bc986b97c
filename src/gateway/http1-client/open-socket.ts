import { connect, isIP, type Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Clock } from "../../base/clock.ts";

/** Who is told of a socket's connection and input. */
export interface SocketReader {
  onConnected(): void;
  onRefused(message: string, code: string | undefined): void;
  onLent(bytes: Buffer, end: number): void;
  onOwned(bytes: Buffer): void;
}

/** Opens sockets to one origin. */
export type OpenSocket = (reader: SocketReader) => Socket;

interface OpenOptions {
  /** The certificate's issuer is not checked; its name and dates still are. */
  readonly isTlsUnverified: boolean;
  readonly clock: Clock;
}

const keepAliveProbeMs = 60_000;

/**
 * What all plain sockets of a thread read into: the system fills it, the reader takes what it needs, and the next read
 * comes only then. Spares each read a fresh 64 KB and Node's stream buffers.
 */
let lent: Buffer | undefined;

/** Sockets to `http://host:port` or `https://host:port`, addresses tried as Node does (RFC 8305). */
export function socketsTo(origin: string, options: OpenOptions): OpenSocket {
  const url = new URL(origin);
  const host = url.hostname.startsWith("[") ? url.hostname.slice(1, -1) : url.hostname;
  if (url.protocol === "https:") return tlsSocketsTo(host, url.port === "" ? 443 : Number(url.port), options);
  const port = url.port === "" ? 80 : Number(url.port);
  lent ??= Buffer.allocUnsafeSlow(65_536);
  const buffer = lent;
  return (reader) =>
    connect({
      host,
      port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: keepAliveProbeMs,
      onread: {
        buffer,
        callback(bytes) {
          reader.onLent(buffer, bytes);
          return true;
        },
      },
    }).on("connect", () => reader.onConnected());
}

function tlsSocketsTo(host: string, port: number, { isTlsUnverified, clock }: OpenOptions): OpenSocket {
  // An import would load it into every gateway thread, most of which call no backend over TLS.
  const tls = process.getBuiltinModule("node:tls");
  let session: Buffer | undefined;
  return (reader) => {
    const socket = tls.connect({
      host,
      port,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ALPNProtocols: ["http/1.1"],
      rejectUnauthorized: !isTlsUnverified,
      ...(session === undefined ? {} : { session }),
    });
    socket.setNoDelay(true);
    socket.setKeepAlive(true, keepAliveProbeMs);
    // A resumed session shows no certificate, so that where we check it ourselves, each connection has to bring it.
    if (!isTlsUnverified) {
      socket.on("session", (ticket: Buffer) => {
        session = ticket;
      });
    }
    socket.on("data", (chunk: Buffer) => reader.onOwned(chunk));
    socket.on("secureConnect", () => {
      const problem = isTlsUnverified ? certificateProblem(socket, host, clock) : undefined;
      if (problem === undefined) reader.onConnected();
      else reader.onRefused(problem.message, (problem as NodeJS.ErrnoException).code);
    });
    return socket;
  };
}

/** AWS: "tlsConfig": expiry date and host name of the certificate are checked all the same. */
function certificateProblem(socket: TLSSocket, host: string, clock: Clock): Error | undefined {
  const certificate = socket.getPeerCertificate();
  if (clock.now() < Date.parse(certificate.valid_from) || clock.now() > Date.parse(certificate.valid_to)) {
    return new Error("the backend's certificate is expired or not valid yet");
  }
  return process.getBuiltinModule("node:tls").checkServerIdentity(host, certificate);
}
