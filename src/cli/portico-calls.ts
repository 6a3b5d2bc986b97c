import { type Client, makeClient, ServiceError } from "../protocol/client.ts";

import { credentialsFor } from "./signed-calls.ts";

type ServiceName = "apigateway" | "apigatewayv2" | "lambda" | "logs";
type Answer = Readonly<Record<string, unknown>>;

/** The management API of a running server, for one account and region. */
export interface PorticoCalls {
  readonly account: string;
  readonly region: string;
  call(service: ServiceName, operation: string, input: Readonly<Record<string, unknown>>): Promise<Answer>;
  /** Like `call`, but returns undefined for something that does not exist. */
  find(service: ServiceName, operation: string, input: Readonly<Record<string, unknown>>): Promise<Answer | undefined>;
}

/** A twelve-digit access key is its own account id. See docs/internals/architecture.md, "Management calls". */
export function connect(endpoint: string, account: string, region: string): PorticoCalls {
  const clients = new Map<ServiceName, Client>();
  const call: PorticoCalls["call"] = async (service, operation, input) => {
    let client = clients.get(service);
    if (!client) {
      const credentials = await credentialsFor(endpoint);
      client = makeClient({
        endpoint,
        model: service,
        region,
        ...(credentials === undefined ? { accessKeyId: account } : { credentials }),
      });
      clients.set(service, client);
    }
    return client.call(operation, input);
  };
  return {
    account,
    region,
    call,
    async find(...input) {
      try {
        return await call(...input);
      } catch (error) {
        if (hasCode(error, "NotFoundException", "ResourceNotFoundException")) return undefined;
        throw error;
      }
    },
  };
}

/** Returns whether this is an error with one of these names that the service answered. */
export const hasCode = (error: unknown, ...codes: readonly string[]): error is ServiceError =>
  error instanceof ServiceError && codes.includes(error.code);
