import { parsePolicy } from "../../access/policy.ts";
import type { Session } from "../../access/principal.ts";
import type { Credentials } from "../../access/request-signer.ts";
import { bounds } from "../../base/bounds.ts";
import type { Clock } from "../../base/clock.ts";
import type { FunctionSpec } from "../../functions/function-spec.ts";
import { loadIdentity } from "../../services/iam/load-principal.ts";
import { Sessions } from "../../services/sts/sessions.ts";
import { everywhere, type Store } from "../../store/store.ts";

const lambda = "lambda.amazonaws.com";

/**
 * Makes the credentials that a function finds in its environment: a session of its role, if the role trusts Lambda. Without
 * one it has none, and its calls are refused. AWS: Lambda Developer Guide, "Defining Lambda function permissions with an
 * execution role".
 */
export class FunctionCredentials {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #sessions: Sessions;

  constructor({ store, clock }: { readonly store: Store; readonly clock: Clock }) {
    this.#store = store;
    this.#clock = clock;
    this.#sessions = new Sessions(store);
  }

  start(): Promise<void> {
    return this.#sessions.start();
  }

  close(): void {
    this.#sessions.close();
  }

  readonly of = async ({ role, account, name, functionArn }: FunctionSpec): Promise<Credentials | undefined> => {
    const { identity } = await this.#store.read(everywhere, (tx) => loadIdentity(tx, role));
    if (identity?.kind !== "role" || identity.account !== account) return undefined;
    const keys: Readonly<Record<string, string>> = {
      "aws:sourcearn": functionArn,
      "aws:sourceaccount": account,
      "aws:principalisawsservice": "true",
      "aws:principalservicename": lambda,
    };
    const decision = parsePolicy(identity.trustPolicy ?? "", "trust").decide({
      action: "sts:AssumeRole",
      resource: role,
      servicePrincipal: lambda,
      context: (key) => (Object.hasOwn(keys, key) ? keys[key] : undefined),
    });
    if (decision.kind !== "allowed") return undefined;
    const issuedAt = Math.floor(this.#clock.now() / 1000);
    const session: Session = {
      kind: "assumed-role",
      issuerArn: identity.arn,
      issuerId: identity.id,
      name,
      issuedAt,
      expiresAt: issuedAt + bounds.functionSessionSeconds.value,
    };
    const made = await this.#sessions.issue(account, session);
    return {
      accessKeyId: made.AccessKeyId,
      secretAccessKey: made.SecretAccessKey,
      sessionToken: made.SessionToken,
    };
  };
}
