import { bounds } from "../base/bounds.ts";
import { UserError } from "../base/user-error.ts";
import { fetchSigned } from "./signed-calls.ts";

/** What a server answered at one of Portico's own endpoints. */
export interface OwnAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Asks a server at one of Portico's own endpoints below `/_portico`. */
export async function askOwn(endpoint: string, path: string, question: object): Promise<OwnAnswer> {
  const response = await fetchSigned(endpoint, {
    ...{ method: "POST", path, service: "portico" },
    body: JSON.stringify(question),
    timeoutMs: bounds.cliStatusMsMax.value,
  });
  return { status: response.status, body: (await response.json()) as OwnAnswer["body"] };
}

/** Returns the error to a user whose question the server did not answer. */
export const unanswered = (
  what: string,
  { status, body: { message } }: OwnAnswer,
  next = "Look into its log.",
): UserError =>
  new UserError({
    what,
    why: typeof message === "string" ? message : `It answered ${status}.`,
    next:
      status === 403
        ? "The credentials have to be an access key of that server, whose policies allow portico:POST."
        : next,
  });
