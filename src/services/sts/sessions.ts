import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { sessionArn } from "../../access/role-access.ts";
import type { CallerDecision } from "../../protocol/operation.ts";
import { everywhere, type Store } from "../../store/store.ts";

/** Who assumed a role. */
interface Session {
  readonly roleArn: string;
  readonly roleId: string;
  readonly sessionName: string;
  /** Seconds since 1970. */
  readonly expiresAt: number;
}

export interface SessionCredentials {
  readonly AccessKeyId: string;
  readonly SecretAccessKey: string;
  readonly SessionToken: string;
  readonly Expiration: number;
}

const keyKind = "sts-key";
const keyId = "key";
const tokenPrefix = "portico1.";
/** RFC 4648 §6. */
const base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/**
 * Temporary credentials. A token contains its owner and its expiry, sealed with a key in the store. So nothing is
 * stored for a session, and sessions outlive the server.
 */
export class Sessions {
  readonly #store: Store;
  #key: Buffer | undefined;
  #endWatch: () => void = () => undefined;

  constructor(store: Store) {
    this.#store = store;
  }

  async start(): Promise<void> {
    // A reset removes the key, and with it all sessions.
    this.#endWatch = this.#store.subscribe((changes) => {
      if (changes.some(({ kind, deleted }) => kind === keyKind && deleted)) this.#key = undefined;
    });
    const stored = await this.#store.read(everywhere, (tx) => tx.get<{ key: string }>(keyKind, keyId));
    this.#key = stored && Buffer.from(stored.body.key, "base64");
  }

  close(): void {
    this.#endWatch();
  }

  async issue(session: Session): Promise<SessionCredentials> {
    const key = await this.#requireKey();
    const payload = Buffer.from(JSON.stringify(session)).toString("base64url");
    const accessKeyId = `ASIA${[...randomBytes(16)].map((byte) => base32[byte % 32]).join("")}`;
    return {
      AccessKeyId: accessKeyId,
      SecretAccessKey: seal(key, `secret ${accessKeyId}`).toString("base64").slice(0, 40),
      SessionToken: `${tokenPrefix}${payload}.${seal(key, `token ${accessKeyId} ${payload}`).toString("base64url")}`,
      Expiration: session.expiresAt,
    };
  }

  /** Decides whose a call is by the session's token that comes with it. */
  readonly identify = (accessKeyId: string, token: string, nowMs: number): CallerDecision => {
    // The session belongs to another STS, such as AWS's own when its credentials are in the environment.
    if (!token.startsWith(tokenPrefix)) return { kind: "unknown" };
    const [payload = "", mark = ""] = token.slice(tokenPrefix.length).split(".");
    const key = this.#key;
    if (key === undefined || !isSealed(key, `token ${accessKeyId} ${payload}`, mark)) return { kind: "invalid" };
    const session = JSON.parse(Buffer.from(payload, "base64url").toString()) as Session;
    if (nowMs >= session.expiresAt * 1000) return { kind: "expired" };
    const { roleArn, roleId, sessionName } = session;
    const [, , , , account = ""] = roleArn.split(":");
    return {
      kind: "session",
      account,
      caller: { arn: sessionArn(roleArn, sessionName), userId: `${roleId}:${sessionName}`, roleArn },
    };
  };

  async #requireKey(): Promise<Buffer> {
    if (this.#key !== undefined) return this.#key;
    const text = await this.#store.write(everywhere, async (tx) => {
      const stored = await tx.get<{ key: string }>(keyKind, keyId);
      if (stored !== undefined) return stored.body.key;
      const made = randomBytes(32).toString("base64");
      await tx.put(keyKind, keyId, { key: made });
      return made;
    });
    this.#key = Buffer.from(text, "base64");
    return this.#key;
  }
}

const seal = (key: Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();

function isSealed(key: Buffer, text: string, mark: string): boolean {
  const wanted = seal(key, text);
  const given = Buffer.from(mark, "base64url");
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
