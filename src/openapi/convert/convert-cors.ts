import { checkCors } from "../../definition/cors-rules.ts";
import type { CorsConfiguration } from "../../definition/http-api.ts";
import type { Method, Resource } from "../../definition/rest-api.ts";

/** The API's CORS configuration, or why its preflights can't become one. */
export type CorsConversion =
  | { readonly kind: "converted"; readonly cors: CorsConfiguration }
  | { readonly kind: "none" }
  | { readonly kind: "impossible"; readonly reason: string };

/** What an OPTIONS method of MOCK answers to preflights. */
interface Preflight {
  readonly origin: string;
  readonly methods: readonly string[];
  readonly headers: readonly string[];
  readonly credentials: boolean;
  readonly maxAge: number | undefined;
}

const verbs = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"] as const;

/**
 * Makes one CORS configuration of the OPTIONS methods that answer preflights. It opens no resource to pages that could not
 * call it: every resource with methods has to allow the same pages, and no more than its own methods.
 */
export function convertCors(resources: readonly Resource[]): CorsConversion {
  const served = resources.filter(({ resourceMethods = {} }) => Object.keys(resourceMethods).length > 0);
  const found = served.flatMap((resource) => {
    const preflight = preflightOf(resource.resourceMethods?.["OPTIONS"]);
    return preflight === undefined ? [] : [{ resource, preflight }];
  });
  const [first] = found;
  if (first === undefined) return { kind: "none" };
  const impossible = (reason: string): CorsConversion => ({ kind: "impossible", reason });
  const without = served.find((resource) => !found.some((one) => one.resource === resource));
  if (without !== undefined) return impossible(`${without.path} has no such method, and pages may not call it now`);
  const differing = found.find(({ preflight }) => settingsOf(preflight) !== settingsOf(first.preflight));
  if (differing !== undefined)
    return impossible(`${differing.resource.path} and ${first.resource.path} allow different things`);
  const allowed = [...new Set(found.flatMap(({ preflight }) => preflight.methods))];
  for (const { resource, preflight } of found) {
    const own = Object.keys(resource.resourceMethods ?? {});
    const opened = verbs.find(
      (verb) =>
        (own.includes(verb) || own.includes("ANY")) &&
        (allowed.includes(verb) || allowed.includes("*")) &&
        !preflight.methods.includes(verb) &&
        !preflight.methods.includes("*"),
    );
    if (opened !== undefined) return impossible(`pages may not call ${opened} ${resource.path} now`);
  }
  const { origin, headers, credentials, maxAge } = first.preflight;
  const cors: CorsConfiguration = {
    AllowOrigins: [origin],
    AllowMethods: allowed,
    ...(headers.length > 0 && { AllowHeaders: headers }),
    ...(credentials && { AllowCredentials: true }),
    ...(maxAge !== undefined && { MaxAge: maxAge }),
  };
  const problem = checkCors(cors);
  return problem === undefined ? { kind: "converted", cors } : impossible(problem);
}

const settingsOf = ({ origin, headers, credentials, maxAge }: Preflight): string =>
  JSON.stringify([origin, headers.map((name) => name.toLowerCase()).toSorted(), credentials, maxAge]);

/** Returns what a method says to preflights; undefined if it is no open MOCK that says it in fixed headers. */
function preflightOf(method: Method | undefined): Preflight | undefined {
  if (method?.methodIntegration?.type !== "MOCK" || method.authorizationType !== "NONE" || method.apiKeyRequired) {
    return undefined;
  }
  const [response, ...others] = Object.values(method.methodIntegration.integrationResponses ?? {});
  if (response === undefined || others.length > 0) return undefined;
  if (Object.values(response.responseTemplates ?? {}).some((template) => /[#$]/.test(template ?? ""))) return undefined;
  const headers = new Map<string, string>();
  for (const [target, value] of Object.entries(response.responseParameters ?? {})) {
    const [, name] = /^method\.response\.header\.access-control-(.+)$/i.exec(target) ?? [];
    if (name === undefined) continue;
    const [, text] = /^'([^']*)'$/.exec(value) ?? [];
    if (text === undefined) return undefined;
    headers.set(name.toLowerCase(), text.trim());
  }
  const origin = headers.get("allow-origin");
  if (origin === undefined) return undefined;
  const list = (name: string): readonly string[] =>
    (headers.get(name) ?? "")
      .split(",")
      .map((one) => one.trim())
      .filter((one) => one !== "");
  const maxAge = headers.get("max-age");
  return {
    origin,
    methods: list("allow-methods").map((verb) => verb.toUpperCase()),
    headers: list("allow-headers"),
    credentials: headers.get("allow-credentials") === "true",
    maxAge: maxAge !== undefined && /^\d{1,6}$/.test(maxAge) ? Number(maxAge) : undefined,
  };
}
