import { assert } from "../../base/assert.ts";
import type { TlsIdentity } from "../../http/http1-client/open-socket.ts";
import type { PoolIdentity } from "./backend-pools.ts";

interface Scope {
  readonly account: string;
  readonly region: string;
}

/** Names a client certificate in a thread. Ids of API Gateway are an account's in a region. */
export const identityKey = ({ account, region }: Scope, clientCertificateId: string): string =>
  `${account}/${region}/${clientCertificateId}`;

/** A client certificate with its key, by its name in a thread. */
export interface NamedIdentity {
  readonly key: string;
  readonly identity: TlsIdentity;
}

/** The client certificates of the stages that a thread serves, with their keys, which no plan has. */
export class TlsIdentities {
  readonly #identities = new Map<string, PoolIdentity>();

  /** Takes one in; null: no stage uses it any more. Another one under a key is shown by connections made from then on. */
  set(key: string, identity: TlsIdentity | null): void {
    const known = this.#identities.get(key);
    if (identity === null) this.#identities.delete(key);
    // Pools hold the object: what is in it changes, so that no program is linked anew.
    else if (known !== undefined) Object.assign(known, identity);
    else this.#identities.set(key, { ...identity, key });
  }

  require(scope: Scope, clientCertificateId: string): PoolIdentity {
    const identity = this.#identities.get(identityKey(scope, clientCertificateId));
    assert(identity !== undefined, "a thread is told a certificate before the plans that use it");
    return identity;
  }
}
