import type { PorticoCalls } from "../portico-calls.ts";

export interface ApiTarget {
  readonly apiId: string;
  readonly stageName: string;
}

export interface StageChange {
  readonly description: string;
  readonly variables: Readonly<Record<string, string>>;
  /** The variables that this run has set before. */
  readonly before: Readonly<Record<string, string>>;
  /** Nothing but variables changes: there is nothing to deploy. */
  readonly isSameBody: boolean;
}

/** The calls by which a kind of API is made equal to a document. */
export interface ApiCalls {
  readonly stageDefault: string;
  isThere(calls: PorticoCalls, apiId: string): Promise<boolean>;
  hasStage(calls: PorticoCalls, target: ApiTarget): Promise<boolean>;
  /** Makes an empty API. */
  create(calls: PorticoCalls, name: string, tags: Readonly<Record<string, string>>): Promise<void>;
  /** Replaces all of an API by a document's, and returns the warnings. */
  import(calls: PorticoCalls, apiId: string, body: Buffer): Promise<readonly string[]>;
  remove(calls: PorticoCalls, apiId: string): Promise<void>;
  /** Changes the stage in one call, so that no request meets a new deployment with old variables. */
  deploy(calls: PorticoCalls, target: ApiTarget, change: StageChange): Promise<void>;
  /** Returns the deployments that no stage serves. The document may have been refused, and the API never made. */
  unservedDeployments(
    calls: PorticoCalls,
    apiId: string,
  ): Promise<readonly { readonly id: string; readonly description: string }[]>;
  deleteDeployment(calls: PorticoCalls, apiId: string, deploymentId: string): Promise<void>;
}

/** Returns the items of a list's answer. */
export const itemsOf = (items: unknown): readonly Readonly<Record<string, unknown>>[] =>
  Array.isArray(items) ? items : [];
