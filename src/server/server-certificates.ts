import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import type { Socket } from "node:net";
import type { SecureContext, TLSSocket } from "node:tls";
import { bounds } from "../base/bounds.ts";
import { RecentMap } from "../base/recent-map.ts";
import { certificateExtensions, makeCertificate } from "../base/x509-certificate.ts";
import { isServerName } from "./guard.ts";
import { type ServerAuthority, validityAt } from "./server-authority.ts";

export interface ServerCertificatesOptions {
  readonly authority: ServerAuthority;
  /** Milliseconds since 1970, of the machine's clock: the other side's TLS knows no other. */
  readonly nowMs: () => number;
  /** The host names of `--domain`. */
  readonly domains: readonly string[];
  /** Returns whether a name is a custom domain name that is served here. */
  readonly isCustomDomain: (name: string) => boolean;
}

/** What a client gets that names no server, or one that is none here. */
const names = ["localhost", "*.localhost", "*.execute-api.localhost"];
const addresses = [Buffer.of(127, 0, 0, 1), Buffer.concat([Buffer.alloc(15), Buffer.of(1)])];

const known = bounds.serverNamesKnownMax.value;

/**
 * Answers TLS, with a certificate of the server's own authority for the name that the client calls. A thread makes its key,
 * and loads what TLS needs, for its first such connection.
 */
export class ServerCertificates {
  readonly #options: ServerCertificatesOptions;
  readonly #contexts = new RecentMap<SecureContext>({ entriesMax: known, charsMax: known });
  #keys: { readonly issuer: KeyObject; readonly own: KeyObject; readonly ownText: string } | undefined;

  constructor(options: ServerCertificatesOptions) {
    this.#options = options;
  }

  /** Returns the socket inside of an accepted one, whose first bytes are unread. It is closed if the handshake fails. */
  secure(socket: Socket): TLSSocket {
    const { TLSSocket } = tls();
    return new TLSSocket(socket, {
      isServer: true,
      secureContext: this.#contextOf(""),
      SNICallback: (name, done) => done(null, this.#contextOf(this.#isServed(name.toLowerCase()))),
      ALPNProtocols: ["http/1.1"],
    });
  }

  /** Returns the name if it is served here, and otherwise nothing. */
  #isServed(name: string): string {
    const { domains, isCustomDomain } = this.#options;
    if (name.length > 253 || !/^[a-z0-9._-]+$/.test(name)) return "";
    return isServerName(name, domains) || name.includes(".execute-api.") || isCustomDomain(name) ? name : "";
  }

  #contextOf(name: string): SecureContext {
    const made = this.#contexts.get(name) ?? this.#make(name);
    this.#contexts.set(name, made, 1);
    return made;
  }

  #make(name: string): SecureContext {
    const { authority, nowMs } = this.#options;
    this.#keys ??= makeKeys(authority);
    const { issuer, own, ownText } = this.#keys;
    const certificate = makeCertificate({
      subject: name.length > 0 && name.length <= 64 ? name : names[0]!,
      issuer: authority.name,
      ...validityAt(nowMs()),
      publicKey: createPublicKey(own),
      issuerKey: issuer,
      extensions: [
        certificateExtensions.isNoAuthority,
        certificateExtensions.signs("handshakes"),
        certificateExtensions.usedBy("server"),
        name === "" ? certificateExtensions.namesServer(names, addresses) : certificateExtensions.namesServer([name]),
        certificateExtensions.isSignedBy(createPublicKey(issuer)),
      ],
    });
    return tls().createSecureContext({ key: ownText, cert: certificate, minVersion: "TLSv1.2" });
  }
}

function makeKeys(authority: ServerAuthority) {
  const own = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  return {
    issuer: createPrivateKey(authority.privateKey),
    own,
    ownText: own.export({ type: "pkcs8", format: "pem" }) as string,
  };
}

const tls = (): typeof import("node:tls") => process.getBuiltinModule("node:tls");
