import { randomBytes } from "node:crypto";
import { makeAccessKeyId } from "../../access/access-key-id.ts";
import type { Principal, Session } from "../../access/principal.ts";
import { SessionSeal, sessionTokenPrefix } from "../../access/session-seal.ts";
import type { SignatureProblem } from "../../access/sigv4-signature.ts";
import { expiredSession, unknownKey } from "../../access/sigv4-verify.ts";
import type { CallerDecision } from "../../protocol/operation.ts";
import { everywhere, type Store } from "../../store/store.ts";
import { type AccessKeyDocument, iamKinds } from "../iam/documents.ts";
import { loadAccessKey, loadSession } from "../iam/load-principal.ts";

export interface SessionCredentials {
  readonly AccessKeyId: string;
  readonly SecretAccessKey: string;
  readonly SessionToken: string;
  readonly Expiration: number;
}

/** The document with the server's key, in the scope that belongs to no account. It is written with the first session. */
export const sessionKeyDocument = { kind: "sts-key", id: "key" } as const;

export interface SessionKeyDocument {
  /** 32 random bytes, in base64. Whoever has it can make a session of any role. */
  readonly key: string;
}

/** It says the same of every key that is not taken, so that nobody learns which ones there are. */
const whereKeysAre =
  "this is no active access key or session of this server: `portico auth create-key` makes an administrator's key";

/**
 * Temporary credentials. A token contains its session, sealed with a key in the store ({@link SessionSeal}). So nothing is
 * stored for a session, and sessions outlive the server.
 */
export class Sessions {
  readonly #store: Store;
  #seal: SessionSeal | undefined;
  #endWatch: () => void = () => undefined;

  constructor(store: Store) {
    this.#store = store;
  }

  async start(): Promise<void> {
    // A reset removes the key, and with it all sessions.
    this.#endWatch = this.#store.subscribe((changes) => {
      if (changes.some(({ kind, deleted }) => kind === sessionKeyDocument.kind && deleted)) this.#seal = undefined;
      // Threads make sessions of callers whose integrations call services in their name.
      const hasNewKey = changes.some(({ kind, deleted }) => kind === iamKinds.accessKey && !deleted);
      if (hasNewKey && this.#seal === undefined) this.requireSeal().catch(() => undefined);
    });
    await this.#readSeal();
  }

  /** Returns the seal of the server's key, if there is one: others of this class may have made it. */
  async #readSeal(): Promise<SessionSeal | undefined> {
    if (this.#seal !== undefined) return this.#seal;
    const { kind, id } = sessionKeyDocument;
    const stored = await this.#store.read(everywhere, (tx) => tx.get<SessionKeyDocument>(kind, id));
    this.#seal = stored && sealOf(stored.body);
    return this.#seal;
  }

  close(): void {
    this.#endWatch();
  }

  /** Makes the credentials of a session of the account. */
  async issue(account: string, session: Session): Promise<SessionCredentials> {
    const seal = await this.requireSeal();
    const accessKeyId = makeAccessKeyId("ASIA", account, randomBytes(8));
    return {
      AccessKeyId: accessKeyId,
      SecretAccessKey: seal.secretOf(accessKeyId),
      SessionToken: seal.sealSession(accessKeyId, session),
      Expiration: session.expiresAt,
    };
  }

  /** Decides whose a call is, by its access key and the session's token that comes with it. */
  readonly identify = async (
    accessKeyId: string,
    token: string | undefined,
    nowMs: number,
  ): Promise<CallerDecision> => {
    if (token === undefined) return this.#identifyKey(accessKeyId);
    // The session belongs to another STS, such as AWS's own when its credentials are in the environment.
    if (!token.startsWith(sessionTokenPrefix)) return { kind: "unknown" };
    const session = (await this.#readSeal())?.openSession(accessKeyId, token);
    if (session === undefined) return { kind: "invalid" };
    if (nowMs >= session.expiresAt * 1000) return { kind: "expired" };
    const { principal } = await this.#store.read(everywhere, (tx) => loadSession(tx, session));
    // The session of a role or user that was deleted is worth nothing.
    return principal === undefined ? { kind: "invalid" } : { kind: "known", caller: principal };
  };

  /** Returns whom an access key, with the token of its session, belongs to, with its secret; or AWS's refusal. */
  async find(accessKeyId: string, token: string | undefined, nowMs: number): Promise<CredentialsLookup> {
    const secret =
      token === undefined ? await this.#secretOfKey(accessKeyId) : (await this.#readSeal())?.secretOf(accessKeyId);
    const decision = secret === undefined ? unknownDecision : await this.identify(accessKeyId, token, nowMs);
    if (decision.kind === "expired") return { kind: "refused", problem: expiredSession };
    if (decision.kind !== "known" || secret === undefined)
      return { kind: "refused", problem: unknownKey(whereKeysAre) };
    return { kind: "found", secret, caller: decision.caller };
  }

  async #secretOfKey(accessKeyId: string): Promise<string | undefined> {
    if (!accessKeyId.startsWith("AKIA")) return undefined;
    const key = await this.#store.read(everywhere, (tx) => tx.get<AccessKeyDocument>(iamKinds.accessKey, accessKeyId));
    return key?.body.secret;
  }

  async #identifyKey(accessKeyId: string): Promise<CallerDecision> {
    // Other keys can't be here, so the store is not asked.
    if (!accessKeyId.startsWith("AKIA")) return { kind: "unknown" };
    const { key, principal } = await this.#store.read(everywhere, (tx) => loadAccessKey(tx, accessKeyId));
    if (key === undefined) return { kind: "unknown" };
    return principal === undefined || key.isActive !== true
      ? { kind: "invalid" }
      : { kind: "known", caller: principal };
  }

  /** Returns the seal of the server's key, which is made if there is none yet. */
  async requireSeal(): Promise<SessionSeal> {
    if (this.#seal !== undefined) return this.#seal;
    const { kind, id } = sessionKeyDocument;
    const document = await this.#store.write(everywhere, async (tx) => {
      const stored = await tx.get<SessionKeyDocument>(kind, id);
      if (stored !== undefined) return stored.body;
      const made: SessionKeyDocument = { key: randomBytes(32).toString("base64") };
      await tx.put(kind, id, made);
      return made;
    });
    this.#seal = sealOf(document);
    return this.#seal;
  }
}

export type CredentialsLookup =
  | { readonly kind: "found"; readonly secret: string; readonly caller: Principal }
  | { readonly kind: "refused"; readonly problem: SignatureProblem };

const unknownDecision: CallerDecision = { kind: "unknown" };

const sealOf = ({ key }: SessionKeyDocument): SessionSeal => new SessionSeal(Buffer.from(key, "base64"));
