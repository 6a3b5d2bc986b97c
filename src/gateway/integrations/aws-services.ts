import type { Credentials } from "../../access/request-signer.ts";
import type { Clock } from "../../base/clock.ts";
import type { AwsServicePlan } from "../../plan/steps.ts";
import { AssumedRole, type RoleCredentials } from "./role-credentials.ts";

/** Where AWS services are that integrations call. */
export interface AwsServiceSettings {
  /** Origins by {@link endpointName}, `*` for all services that have none of their own. */
  readonly endpoints: Readonly<Record<string, string>>;
  /** With these, services without an endpoint are AWS's own. */
  readonly credentials?: Credentials | undefined;
}

/** A service's name in settings: `EventBridge`, `eventbridge`, `COGNITO_IDENTITY_PROVIDER`, `cognito-idp`… */
export const endpointName = (name: string): string =>
  name === "*" ? name : name.toLowerCase().replaceAll(/[^a-z0-9]/g, "");

/** The services that a gateway thread's integrations call, and the roles that they are called with. */
export class AwsServices {
  readonly #settings: AwsServiceSettings;
  readonly #clock: Clock;
  readonly #roles = new Map<string, AssumedRole>();

  constructor(settings: AwsServiceSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
  }

  /** Undefined: nobody has said where it is. */
  originOf(service: Pick<AwsServicePlan, "names" | "host">): string | undefined {
    return (
      this.#named(service.names) ??
      this.#settings.endpoints["*"] ??
      (this.#settings.credentials === undefined ? undefined : `https://${service.host}`)
    );
  }

  /** Why a service can't be called: nobody said where it is, and AWS itself is called only if the operator wants that. */
  problemOf(service: AwsServicePlan): string | undefined {
    if (this.originOf(service) !== undefined) return undefined;
    const [name = "", id = name] = service.names;
    const variable = id.toUpperCase().replaceAll(/[^A-Z0-9]+/g, "_");
    return (
      `Invalid endpoint address: no endpoint is set for ${name}. Start the server with --endpoints ${name}=URL, ` +
      `AWS_ENDPOINT_URL_${variable} or AWS_ENDPOINT_URL for a server of yours, or with --real-aws for AWS itself.`
    );
  }

  /**
   * The credentials of a role. They come from STS where an endpoint is given for it, or where the service is AWS's own. A
   * local server has its accounts told by the access key: a 12-digit one is the account's id. A session is kept as long as
   * a program uses it.
   */
  acquireRole(roleArn: string, service: AwsServicePlan): RoleCredentials {
    const { credentials } = this.#settings;
    const sts = this.#named(["sts"]);
    const isAws = credentials !== undefined && this.originOf(service) === `https://${service.host}`;
    const account = { accessKeyId: roleArn.split(":")[4]!, secretAccessKey: "portico" };
    if (sts === undefined && !isAws) {
      return { latest: account, current: () => account, wait: () => Promise.resolve(undefined) };
    }
    const region = service.signingRegion;
    const origin = sts ?? `https://sts.${region}.amazonaws.com${roleArn.startsWith("arn:aws-cn:") ? ".cn" : ""}`;
    const key = `${origin} ${region} ${roleArn}`;
    let role = this.#roles.get(key);
    if (role === undefined) {
      // The operator's own credentials leave this process for AWS only; of a signature, only the key's id does.
      role = new AssumedRole({ roleArn, origin, region, credentials: credentials ?? account }, this.#clock);
      this.#roles.set(key, role);
    }
    role.references++;
    return role;
  }

  releaseRole(role: RoleCredentials): void {
    if (!(role instanceof AssumedRole) || --role.references > 0) return;
    for (const [key, each] of this.#roles) if (each === role) this.#roles.delete(key);
  }

  #named(names: readonly string[]): string | undefined {
    const { endpoints } = this.#settings;
    for (const name of names.map(endpointName)) if (Object.hasOwn(endpoints, name)) return endpoints[name];
    return undefined;
  }
}
