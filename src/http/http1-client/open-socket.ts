import { connect, isIP, type Socket } from "node:net";
import type { SecureContext, TLSSocket } from "node:tls";
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

/** A certificate with its key, PEM: who we are to a backend that asks. Sockets show what is in it when they are opened. */
export interface TlsIdentity {
  readonly certificate: string;
  readonly privateKey: string;
}

export interface OpenOptions {
  /** `host:port` that is connected to in place of the origin's own. */
  readonly address?: string | undefined;
  readonly identity?: TlsIdentity | undefined;
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
  const { host, port } = placeOf(options.address === undefined ? url : new URL(`${url.protocol}//${options.address}`));
  if (url.protocol === "https:") return tlsSocketsTo(placeOf(url).host, { host, port }, options);
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

/** `name` is what the certificate has to be for, wherever the socket goes. */
function tlsSocketsTo(name: string, { host, port }: Place, options: OpenOptions): OpenSocket {
  const { isTlsUnverified, clock, identity } = options;
  // An import would load it into every gateway thread, most of which call no backend over TLS.
  const tls = process.getBuiltinModule("node:tls");
  let session: Buffer | undefined;
  // Made with the first socket, and one for all: reading keys and authorities takes its time.
  let secureContext: SecureContext | undefined;
  let shown: string | undefined;
  return (reader) => {
    if (secureContext === undefined || shown !== identity?.certificate) {
      shown = identity?.certificate;
      secureContext = tls.createSecureContext({
        minVersion: "TLSv1.2",
        ...(identity === undefined ? {} : { cert: identity.certificate, key: identity.privateKey }),
      });
      // A resumed session would show the certificate before this one.
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
    // A resumed session shows no certificate, so that where we check it ourselves, each connection has to bring it.
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

/** AWS: "tlsConfig": expiry date and host name of the certificate are checked all the same. */
function certificateProblem(socket: TLSSocket, name: string, clock: Clock): Error | undefined {
  const certificate = socket.getPeerCertificate();
  if (clock.now() < Date.parse(certificate.valid_from) || clock.now() > Date.parse(certificate.valid_to)) {
    const problem = new Error("the backend's certificate is expired or not valid yet");
    return Object.assign(problem, { code: "CERT_HAS_EXPIRED" });
  }
  return process.getBuiltinModule("node:tls").checkServerIdentity(name, certificate);
}
