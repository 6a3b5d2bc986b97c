/** The facts of each kind of step, which compiler, docs and `portico explain` read. The linkers are in `gateway/steps/`. */
export interface StepFacts {
  readonly synopsis: string;
  /** What of the request it reads; a step that reads the body makes the gateway buffer it. */
  readonly reads: readonly ("headers" | "query" | "path" | "body")[];
}

export const steps = {
  closed: { synopsis: "refuses with 501: the method asks for what can't be enforced yet", reads: [] },
  mock: { synopsis: "answers by itself, as a MOCK integration", reads: ["headers"] },
  "http-proxy": {
    synopsis: "passes the request on to an HTTP backend and its answer back",
    reads: ["headers", "query", "path"],
  },
  "lambda-proxy": {
    synopsis: "invokes a Lambda function with the proxy event",
    reads: ["headers", "query", "path", "body"],
  },
} as const satisfies Record<string, StepFacts>;

export type StepKind = keyof typeof steps;

/** One step as data; the member `kind` says which. The compiler's owner refines the members. */
export type StepPlan = ClosedPlan;

export interface ClosedPlan {
  readonly kind: "closed";
  /** What can't be enforced, by its AWS name, such as `authorizer CUSTOM`. */
  readonly reason: string;
}
