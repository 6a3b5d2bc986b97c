import { connect, isIP, type Socket } from "node:net";
import type { SecureContext, TLSSocket } from "node:tls";
import type { Clock } from "../../base/clock.ts";
import { lentMemory } from "../../base/lent-memory.ts";

/** Gets a socket's connection and input. */
export interface SocketReader {
  onConnected(): void;
  onRefused(message: string, code: string | undefined): void;
  onLent(bytes: Buffer, end: number): void;
  onOwned(bytes: Buffer): void;
}

/** Opens a socket to one origin. */
export type OpenSocket = (reader: SocketReader) => Socket;

/**
 * A certificate with its key, in PEM, that is shown to a backend that asks. A socket shows the content at the time when
 * it is opened.
 */
export interface TlsIdentity {
  readonly certificate: string;
  readonly privateKey: string;
}

export interface OpenOptions {
  /** The `host:port` to connect to, in place of the origin's own. */
  readonly address?: string | undefined;
  readonly identity?: TlsIdentity | undefined;
  /** Whether the certificate's issuer is not checked. Name and dates always are. */
  readonly isTlsUnverified: boolean;
  readonly clock: Clock;
}

const keepAliveProbeMs = 60_000;

/**
 * Returns an opener of sockets to `http://host:port` or `https://host:port`. Addresses are tried as Node does (RFC
 * 8305).
 */
export function socketsTo(origin: string, options: OpenOptions): OpenSocket {
  const url = new URL(origin);
  const { host, port } = placeOf(options.address === undefined ? url : new URL(`${url.protocol}//${options.address}`));
  if (url.protocol === "https:") return tlsSocketsTo(placeOf(url).host, { host, port }, options);
  const buffer = lentMemory();
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

interface Place {
  readonly host: string;
  readonly port: number;
}

function placeOf({ hostname, port, protocol }: URL): Place {
  return {
    host: hostname.startsWith("[") ? hostname.slice(1, -1) : hostname,
    port: port === "" ? (protocol === "https:" ? 443 : 80) : Number(port),
  };
}

/** `name` is the name that the certificate has to have, wherever the socket goes. */
function tlsSocketsTo(name: string, { host, port }: Place, options: OpenOptions): OpenSocket {
  const { isTlsUnverified, clock, identity } = options;
  // An import would load it into every gateway thread, and most call no backend over TLS.
  const tls = process.getBuiltinModule("node:tls");
  let session: Buffer | undefined;
  // All sockets share one context, made with the first, because reading keys and authorities takes time.
  let secureContext: SecureContext | undefined;
  let shown: string | undefined;
  return (reader) => {
    if (secureContext === undefined || shown !== identity?.certificate) {
      shown = identity?.certificate;
      secureContext = tls.createSecureContext({
        minVersion: "TLSv1.2",
        ...(identity === undefined ? {} : { cert: identity.certificate, key: identity.privateKey }),
      });
      // A resumed session would show the previous certificate.
      session = undefined;
    }
    const context = secureContext;
    const socket = tls.connect({
      host,
      port,
      secureContext: context,
      ...(isIP(name) === 0 ? { servername: name } : {}),
      checkServerIdentity: (_, certificate) => tls.checkServerIdentity(name, certificate),
      ALPNProtocols: ["http/1.1"],
      rejectUnauthorized: !isTlsUnverified,
      ...(session === undefined ? {} : { session }),
    });
    socket.setNoDelay(true);
    socket.setKeepAlive(true, keepAliveProbeMs);
    // A resumed session has no certificate, so if we check it ourselves, each connection has to bring one.
    if (!isTlsUnverified) {
      socket.on("session", (ticket: Buffer) => {
        if (context === secureContext) session = ticket;
      });
    }
    socket.on("data", (chunk: Buffer) => reader.onOwned(chunk));
    socket.on("secureConnect", () => {
      const problem = isTlsUnverified ? certificateProblem(socket, name, clock) : undefined;
      if (problem === undefined) reader.onConnected();
      else reader.onRefused(problem.message, (problem as NodeJS.ErrnoException).code);
    });
    return socket;
  };
}

/**
 * Checks what `insecureSkipVerification` leaves. AWS: "tlsConfig": expiry date and host name of the certificate are
 * still checked.
 */
function certificateProblem(socket: TLSSocket, name: string, clock: Clock): Error | undefined {
  const certificate = socket.getPeerCertificate();
  if (clock.now() < Date.parse(certificate.valid_from) || clock.now() > Date.parse(certificate.valid_to)) {
    const problem = new Error("the backend's certificate is expired or not valid yet");
    return Object.assign(problem, { code: "CERT_HAS_EXPIRED" });
  }
  return process.getBuiltinModule("node:tls").checkServerIdentity(name, certificate);
}
