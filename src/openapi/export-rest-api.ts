import type { RestApiDefinition, Stage } from "../definition/rest-api.ts";

export interface ExportOptions {
  readonly exportType: "swagger" | "oas30";
  /** `integrations` and `apigateway` are the same; `authorizers`, `documentation`, `postman`. */
  readonly extensions: readonly string[];
  readonly format: "json" | "yaml";
  /** The server's host, for `host` or `servers`. */
  readonly host: string;
  readonly stage: Stage;
  /** The deployment's createdDate, seconds. */
  readonly deployedAt: number;
}

/** Writes a deployed definition as a document, as GetExport does. */
export function exportRestApi(_definition: RestApiDefinition, _options: ExportOptions): string {
  throw new Error("written by the owner of openapi/");
}
