import { readFile } from "node:fs/promises";
import { escapeXml } from "../../base/escape-xml.ts";
import { type Portal, type PortalSite, portalKinds } from "../../definition/portal.ts";
import { pathOfStage } from "../../gateway/routing/address.ts";
import { portalsPath } from "../../management/v2/portal.ts";
import { everywhere, type Scope, type Store } from "../../store/store.ts";
import type { OperationsResponse } from "../operations-endpoints.ts";
import { answerFile, answerJson, answerPageFile, findPageFile, htmlType, type PageFile } from "./page-answers.ts";

/** What a path below {@link portalsPath} names. */
export type PortalPath =
  | { readonly kind: "asset"; readonly file: PageFile }
  | { readonly kind: "site"; readonly id: string; readonly site: "published" | "preview"; readonly isData: boolean };

/** Reads a path; undefined if it is nothing of a portal. Nothing in these paths needs an escape. */
export function readPortalPath(path: string): PortalPath | undefined {
  if (!path.startsWith(`${portalsPath}/`)) return undefined;
  const [, asset] = /^\/assets\/([a-z-]+\.(?:css|mjs))$/.exec(path.slice(portalsPath.length)) ?? [];
  if (asset !== undefined) {
    const file = findPageFile("portal", asset);
    return file && { kind: "asset", file };
  }
  const [, id, preview, data] =
    /^\/([a-z0-9]{10,30})(\/preview)?(?:\/?|(\/site\.json))$/.exec(path.slice(portalsPath.length)) ?? [];
  if (id === undefined) return undefined;
  return { kind: "site", id, site: preview === undefined ? "published" : "preview", isData: data !== undefined };
}

/** Answers a request for a portal's page, or for a file that it loads. */
export async function answerPortal(asked: PortalPath, store: Store): Promise<OperationsResponse> {
  if (asked.kind === "asset") return answerPageFile(asked.file);
  const found = await findSite(store, asked);
  if (asked.isData) return answerJson(found.status, found.kind === "site" ? found.shown : { message: found.message });
  const html = await readFile(new URL("./portal/portal.html", import.meta.url), "utf8");
  const message = found.kind === "site" ? "" : found.message;
  return answerFile(
    found.status,
    htmlType,
    html.replace("{{message}}", () => escapeXml(message)),
  );
}

type FoundSite =
  | { readonly kind: "site"; readonly status: 200; readonly shown: PortalSite }
  | { readonly kind: "none"; readonly status: 404 | 501; readonly message: string };

async function findSite(store: Store, { id, site }: Extract<PortalPath, { kind: "site" }>): Promise<FoundSite> {
  const scope = (await store.read(everywhere, (tx) => tx.get<Scope>(portalKinds.claim, id)))?.body;
  const read =
    scope &&
    (await store.read(scope, async (tx) => ({
      portal: (await tx.get<Portal>(portalKinds.portal, id))?.body,
      frozen: (await tx.get<PortalSite>(portalKinds.site, `${id}/${site}`))?.body,
    })));
  if (read?.portal === undefined || read.frozen === undefined) {
    const what = site === "preview" ? "preview" : "published portal";
    return { kind: "none", status: 404, message: `There is no ${what} ${id} here.` };
  }
  // The sign-in that it asks for since it was published can't be asked for yet, so that nobody may read it.
  if (read.portal.Authorization.None === undefined) {
    const message = "This portal asks its readers to sign in to a Cognito user pool, which is not implemented yet.";
    return { kind: "none", status: 501, message };
  }
  return { kind: "site", status: 200, shown: { ...read.frozen, documents: withServers(read.frozen.documents) } };
}

/** Says in each document where its stage is on this server. */
const withServers = (documents: PortalSite["documents"]): PortalSite["documents"] =>
  Object.fromEntries(
    Object.entries(documents).map(([key, document]) => {
      const [api = "", stage = ""] = key.split("/");
      return [key, { ...(document as object), servers: [{ url: pathOfStage(api, stage) }] }];
    }),
  );
