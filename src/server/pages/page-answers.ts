import { readFile } from "node:fs/promises";
import type { OperationsResponse } from "../operations-endpoints.ts";

/** A page loads everything from this server and runs only its own script, whatever an API's texts contain. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

export const htmlType = "text/html; charset=utf-8";

/** The pages that load files: the reference of a stage, and portals. */
type Page = "reference" | "portal";

export interface PageFile {
  readonly name: string;
  /** The folder of the page that it was written for. */
  readonly folder: Page;
  readonly type: string;
}

/** Returns a row of the files that each page loads, by their names. */
const filesOf = (folder: Page, names: readonly string[]): readonly [string, PageFile][] =>
  names.map((name) => [
    name,
    { name, folder, type: `text/${name.endsWith(".css") ? "css" : "javascript"}; charset=utf-8` },
  ]);

/** What both pages load. */
const sharedFiles = filesOf("reference", [
  "page.css",
  "description.mjs",
  "element.mjs",
  "operation.mjs",
  "prose.mjs",
  "schema.mjs",
  "search.mjs",
  "try-it.mjs",
]);

/** A page serves no other files: readers of portals get nothing of the reference. */
const files: Readonly<Record<Page, ReadonlyMap<string, PageFile>>> = {
  reference: new Map([...sharedFiles, ...filesOf("reference", ["page.mjs"])]),
  portal: new Map([...sharedFiles, ...filesOf("portal", ["portal.css", "portal.mjs"])]),
};

/** Returns the file of that name that a page loads, or undefined. */
export const findPageFile = (page: Page, name: string): PageFile | undefined => files[page].get(name);

/** Returns the answer with a file that a page loads. */
export const answerPageFile = async ({ folder, name, type }: PageFile): Promise<OperationsResponse> =>
  answerFile(200, type, await readFile(new URL(`./${folder}/${name}`, import.meta.url)));

/** Returns an answer that a page consists of, or loads. */
export const answerFile = (status: number, type: string, body: Buffer | string): OperationsResponse => ({
  status,
  headers: {
    "Content-Type": type,
    "Cache-Control": "no-store",
    "Content-Security-Policy": contentSecurityPolicy,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
  },
  body,
});

export const answerJson = (status: number, value: unknown): OperationsResponse =>
  answerFile(status, "application/json", `${JSON.stringify(value)}\n`);
