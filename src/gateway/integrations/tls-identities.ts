import { assert } from "../../base/assert.ts";
import type { TlsIdentity } from "../../http/http1-client/open-socket.ts";
import type { PoolIdentity } from "./backend-pools.ts";

interface Scope {
  readonly account: string;
  readonly region: string;
}

/** Returns the name of a client certificate in a thread. API Gateway's ids are unique in an account and region. */
export const identityKey = ({ account, region }: Scope, clientCertificateId: string): string =>
  `${account}/${region}/${clientCertificateId}`;

/** A client certificate with its private key and its name in a thread. */
export interface NamedIdentity {
  readonly key: string;
  readonly identity: TlsIdentity;
}

/** The client certificates of the stages that a thread serves, with their private keys, which no plan contains. */
export class TlsIdentities {
  readonly #identities = new Map<string, PoolIdentity>();

  /**
   * Sets a certificate, or removes it if it is null because no stage uses it any more. If it replaces another,
   * connections made from then on show the new one.
   */
  set(key: string, identity: TlsIdentity | null): void {
    const known = this.#identities.get(key);
    if (identity === null) this.#identities.delete(key);
    // Pools hold the object, so its members are changed, and no program has to be linked again.
    else if (known !== undefined) Object.assign(known, identity);
    else this.#identities.set(key, { ...identity, key });
  }

  require(scope: Scope, clientCertificateId: string): PoolIdentity {
    const identity = this.#identities.get(identityKey(scope, clientCertificateId));
    assert(identity !== undefined, "a thread is told a certificate before the plans that use it");
    return identity;
  }
}
