import type { Credentials } from "../../access/request-signer.ts";
import type { Clock } from "../../base/clock.ts";
import type { AwsServicePlan } from "../../plan/steps.ts";
import { AssumedRole, type RoleCredentials } from "./role-credentials.ts";

/** Where the AWS services are that integrations call. */
export interface AwsServiceSettings {
  /** Origins by {@link endpointName}; `*` applies to every service that has no entry of its own. */
  readonly endpoints: Readonly<Record<string, string>>;
  /** The origins by which this server itself is reached. */
  readonly own?: readonly string[];
  /** If these are given, services without an endpoint are called at AWS itself. */
  readonly credentials?: Credentials | undefined;
  /** The OpenID providers that stand for user pools, by the pools' ids. */
  readonly userPools?: Readonly<Record<string, string>>;
}

/** A service's name in settings: `EventBridge`, `eventbridge`, `COGNITO_IDENTITY_PROVIDER`, `cognito-idp`… */
export const endpointName = (name: string): string =>
  name === "*" ? name : name.toLowerCase().replaceAll(/[^a-z0-9]/g, "");

/** Returns credentials of a session of a role of this server; undefined if it has no such role. */
type SessionOfRole = (roleArn: string) => Credentials | undefined;

/** The services that a gateway thread's integrations call, and the roles that they are called with. */
export class AwsServices {
  readonly #settings: AwsServiceSettings;
  readonly #clock: Clock;
  readonly #sessionOf: SessionOfRole;
  readonly #roles = new Map<string, AssumedRole>();

  constructor(settings: AwsServiceSettings, clock: Clock, sessionOf: SessionOfRole = () => undefined) {
    this.#settings = settings;
    this.#clock = clock;
    this.#sessionOf = sessionOf;
  }

  /** Returns the issuer that stands for a user pool, or undefined if it is Cognito. */
  issuerOf(poolId: string): string | undefined {
    const { userPools = {} } = this.#settings;
    return Object.hasOwn(userPools, poolId) ? userPools[poolId] : undefined;
  }

  /** Returns the service's origin, or undefined if the settings don't name one. */
  originOf(service: Pick<AwsServicePlan, "names" | "host">): string | undefined {
    return (
      this.#named(service.names) ??
      this.#settings.endpoints["*"] ??
      (this.#settings.credentials === undefined ? undefined : `https://${service.host}`)
    );
  }

  /** Returns whether a service is AWS's own, and no server that the settings name. */
  isAws(service: AwsServicePlan): boolean {
    return this.#settings.credentials !== undefined && this.originOf(service) === `https://${service.host}`;
  }

  /**
   * Returns why a service can't be called, or undefined: the settings don't say where it is, and AWS itself is called
   * only if the operator wants that.
   */
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
   * Returns the credentials of a role. They come from STS if an endpoint is set for it, or if the service is AWS's own.
   * A local server recognises the account by the access key: a key of 12 digits is the account's id. This server knows
   * its roles itself: its STS is not asked. A session is kept as long as a program uses it.
   */
  acquireRole(roleArn: string, service: AwsServicePlan): RoleCredentials {
    const { credentials } = this.#settings;
    const sts = this.#named(["sts"]);
    const account = { accessKeyId: roleArn.split(":")[4]!, secretAccessKey: "portico" };
    if (this.#isOwn(sts ?? this.originOf(service))) {
      return new OwnRole(roleArn, this.#sessionOf, sts === undefined ? account : undefined);
    }
    if (sts === undefined && !this.isAws(service)) {
      return { latest: account, current: () => account, wait: () => Promise.resolve(undefined) };
    }
    const region = service.signingRegion;
    const origin = sts ?? `https://sts.${region}.amazonaws.com${roleArn.startsWith("arn:aws-cn:") ? ".cn" : ""}`;
    const key = `${origin} ${region} ${roleArn}`;
    let role = this.#roles.get(key);
    if (role === undefined) {
      // The operator's own credentials are used with AWS only; a signature shows nothing of them but the key's id.
      role = new AssumedRole({ roleArn, origin, region, credentials: credentials ?? account }, this.#clock);
      this.#roles.set(key, role);
    }
    role.references++;
    return role;
  }

  /**
   * Returns the credentials of the gateway itself in an account. AWS: "Using service-linked roles for API Gateway": there it has
   * AWSServiceRoleForAPIGateway, which nobody else can assume: so AWS is called as the operator. A local server recognises the
   * account by the access key.
   */
  serviceCredentials(account: string, service: AwsServicePlan): Credentials {
    const local = { accessKeyId: account, secretAccessKey: "portico" };
    return this.isAws(service) ? (this.#settings.credentials ?? local) : local;
  }

  releaseRole(role: RoleCredentials): void {
    if (!(role instanceof AssumedRole) || --role.references > 0) return;
    for (const [key, each] of this.#roles) if (each === role) this.#roles.delete(key);
  }

  #isOwn(origin: string | undefined): boolean {
    return origin !== undefined && this.#settings.own?.includes(origin) === true;
  }

  #named(names: readonly string[]): string | undefined {
    const { endpoints } = this.#settings;
    for (const name of names.map(endpointName)) if (Object.hasOwn(endpoints, name)) return endpoints[name];
    return undefined;
  }
}

/**
 * A role of this server. One that is not here has its account's number for a key, as with any local server; nobody who wants
 * a session of this server's STS takes that.
 */
class OwnRole implements RoleCredentials {
  readonly #roleArn: string;
  readonly #sessionOf: SessionOfRole;
  readonly #otherwise: Credentials | undefined;

  constructor(roleArn: string, sessionOf: SessionOfRole, otherwise: Credentials | undefined) {
    this.#roleArn = roleArn;
    this.#sessionOf = sessionOf;
    this.#otherwise = otherwise;
  }

  get latest(): Credentials | undefined {
    return this.current();
  }

  current(): Credentials | undefined {
    return this.#sessionOf(this.#roleArn) ?? this.#otherwise;
  }

  wait(): Promise<string | undefined> {
    const problem = `API Gateway does not have permission to assume the provided role ${this.#roleArn}`;
    return Promise.resolve(this.current() === undefined ? `${problem} (it is not on this server)` : undefined);
  }
}
