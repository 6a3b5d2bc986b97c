import { bounds } from "../../base/bounds.ts";
import {
  isColor,
  type Portal,
  type PortalAuthorization,
  type PortalContent,
  type PortalSite,
  portalArn,
  portalKinds,
} from "../../definition/portal.ts";
import { unmerged } from "../../families/merge.ts";
import { nonEmpty, nowSeconds, present } from "../../families/work.ts";
import { badRequest, conflict, notFound, notImplemented } from "../../protocol/errors.ts";
import type { CallContext } from "../../protocol/operation.ts";
import { creationOrder, everywhere } from "../../store/store.ts";
import { checkTags } from "../tags/tag-rules.ts";
import { requireIncluded } from "./portal-products.ts";
import { portalDocumentsJob, readSite } from "./portal-site.ts";
import { tooMany } from "./refusals.ts";
import {
  type Change,
  changing,
  defineResource,
  documents,
  operations,
  preparedWrite,
  type Work,
  writing,
} from "./work.ts";

// Unconfirmed: the words of this file; see docs/compatibility.md, "HTTP APIs, words of management".
const portals = documents({
  kind: portalKinds.portal,
  member: "PortalId",
  idOf: (portal: Portal) => portal.PortalId,
  order: creationOrder,
  missing: () => notFound("Invalid Portal identifier specified"),
});

/** Where the sites of portals are on this server, by the portal's id. */
export const portalsPath = "/_portico/portals";

/** Returns where a portal is, on the host and port that the caller called. */
const siteAddress = ({ host }: CallContext, id: string): string => `http://${host}${portalsPath}/${id}`;

function view(portal: Portal, { call }: { readonly call: CallContext }, by: string): object {
  const { PreviewedAt, AcmManaged, LogoUri: _, ...shown } = portal;
  return present<object>({
    ...shown,
    PortalArn: portalArn(call, portal.PortalId),
    EndpointConfiguration: {
      ...AcmManaged,
      PortalDefaultDomainName: `${portal.PortalId}.portal.${call.region}.amazonaws.com`,
      PortalDomainHostedZoneId: "Z0000000000000000000",
    },
    Preview:
      PreviewedAt === undefined || by === "create"
        ? undefined
        : { PreviewStatus: "PREVIEW_READY", PreviewUrl: `${siteAddress(call, portal.PortalId)}/preview` },
    Tags: portal.Tags ?? {},
  });
}

type Input = Work<"CreatePortal">["input"];

function authorizationOf({ None, CognitoConfig }: Input["Authorization"]): PortalAuthorization {
  if ((None === undefined) === (CognitoConfig === undefined)) {
    throw badRequest("Exactly one of cognitoConfig and none is required in authorization");
  }
  return CognitoConfig === undefined ? { None: {} } : { CognitoConfig };
}

function ownDomainOf({ AcmManaged, None }: Input["EndpointConfiguration"]): Portal["AcmManaged"] {
  if ((None === undefined) === (AcmManaged === undefined)) {
    throw badRequest("Exactly one of acmManaged and none is required in endpointConfiguration");
  }
  return AcmManaged;
}

function contentOf(given: Input["PortalContent"]): PortalContent {
  const content = given as PortalContent;
  for (const [name, color] of Object.entries({ ...content.Theme.CustomColors })) {
    if (!isColor(color)) throw badRequest(`Invalid color specified for ${name}: ${color}`);
  }
  return content;
}

async function includedOf(arns: readonly string[], work: Work): Promise<readonly string[]> {
  if (new Set(arns).size < arns.length) throw badRequest("A portal product can be included once");
  for (const arn of arns) await requireIncluded(work, arn);
  return arns;
}

async function createPortal(work: Change<"CreatePortal">): Promise<Portal> {
  const { input, call, limits } = work;
  checkTags(input.Tags ?? {}, limits, tooMany);
  const portal = present<Portal>({
    PortalId: await freePortalId(work),
    Authorization: authorizationOf(input.Authorization),
    AcmManaged: ownDomainOf(input.EndpointConfiguration),
    IncludedPortalProductArns: await includedOf(input.IncludedPortalProductArns ?? [], work),
    LogoUri: input.LogoUri || undefined,
    PortalContent: contentOf(input.PortalContent),
    RumAppMonitorName: input.RumAppMonitorName || undefined,
    LastModified: nowSeconds(call),
    LastPublished: undefined,
    LastPublishedDescription: undefined,
    PublishStatus: undefined,
    PreviewedAt: undefined,
    Tags: nonEmpty(input.Tags),
  });
  await work.tx.in(everywhere).put(portalKinds.claim, portal.PortalId, { account: call.account, region: call.region });
  return portal;
}

/** Returns an id that no portal of any account has, since the address of a site has nothing but the id. */
async function freePortalId({ tx, call }: Change): Promise<string> {
  for (;;) {
    const id = call.ids.id(10);
    if ((await tx.in(everywhere).get(portalKinds.claim, id)) === undefined) return id;
  }
}

async function deletePortal(work: Change<"DeletePortal">): Promise<object> {
  const { input, tx } = work;
  const portal = await portals.get(work, input.PortalId);
  // AWS's model has no NotFoundException for this operation alone.
  if (portal === undefined) throw badRequest("Invalid Portal identifier specified");
  // AWS: API Gateway developer guide, "Delete a portal in API Gateway".
  if (portal.PublishStatus === "PUBLISHED") {
    throw badRequest("The portal is published; disable it before you delete it");
  }
  for (const site of ["published", "preview"]) await tx.delete(portalKinds.site, `${portal.PortalId}/${site}`);
  await tx.in(everywhere).delete(portalKinds.claim, portal.PortalId);
  await portals.delete(portal, work);
  return {};
}

/** AWS: API Gateway version 2 API reference, "Portal". */
const family = defineResource({
  operations: {
    create: "CreatePortal",
    get: "GetPortal",
    list: "ListPortals",
    update: "UpdatePortal",
  },
  place: portals,
  create: createPortal,
  merge: {
    PortalId: unmerged,
    Authorization: (authorization) => ({ Authorization: authorizationOf(authorization) }),
    EndpointConfiguration: (configuration) => ({ AcmManaged: ownDomainOf(configuration) }),
    PortalContent: (content) => ({ PortalContent: contentOf(content) }),
  },
  async complete(portal, _, work) {
    if (work.input.IncludedPortalProductArns !== undefined) await includedOf(portal.IncludedPortalProductArns, work);
    return { ...portal, LastModified: nowSeconds(work.call) };
  },
  view,
});

/** Makes the operation that freezes what a portal shows, as its published site or as its preview. */
const freezing = <Name extends "PublishPortal" | "PreviewPortal">(
  site: "published" | "preview",
  changed: (portal: Portal, work: Change<Name>) => Portal,
) =>
  preparedWrite({
    job: portalDocumentsJob,
    async prepare(work: Work<Name>) {
      const portal = await portals.find(work as Work<"PublishPortal">);
      if (portal.Authorization.CognitoConfig !== undefined) {
        // What is published without the sign-in that it asks for would be there for everybody. With one, the pages of
        // APIs that this server serves at the same origin could read what a reader sees: a portal needs an origin of its own.
        throw notImplemented(
          "Portals whose readers sign in to a Cognito user pool are not implemented yet. Publish the portal with the authorization None only if everybody who can reach this server may read it.",
        );
      }
      return readSite(work, portal);
    },
    async apply(work: Change<Name>, input, documents) {
      const portal = await portals.find(work as Work<"PublishPortal">);
      const frozen: PortalSite = { ...input.site, documents };
      if (JSON.stringify(frozen).length > bounds.portalSiteCharsMax.value) {
        throw badRequest("The portal shows too much at once; leave out some of its products or pages");
      }
      await work.tx.put(portalKinds.site, `${portal.PortalId}/${site}`, frozen);
      await portals.put(changed(portal, work), work);
      return {};
    },
  });

/** AWS: API Gateway version 2 API reference, "Portal", "Publish portal", "Preview portal". */
const publication = operations({
  PublishPortal: freezing("published", (portal, work: Change<"PublishPortal">) =>
    present<Portal>({
      ...portal,
      PublishStatus: "PUBLISHED",
      LastPublished: nowSeconds(work.call),
      LastPublishedDescription: work.input.Description || undefined,
    } as Portal),
  ),
  PreviewPortal: freezing("preview", (portal, work: Change<"PreviewPortal">) => ({
    ...portal,
    PreviewedAt: nowSeconds(work.call),
  })),
  DeletePortal: writing(deletePortal),
  DisablePortal: changing(portals, async (portal, { tx }: Change<"DisablePortal">): Promise<Portal> => {
    if (portal.PublishStatus !== "PUBLISHED") throw conflict("The portal is not published");
    await tx.delete(portalKinds.site, `${portal.PortalId}/published`);
    return { ...portal, PublishStatus: "DISABLED" };
  }),
});

export const portalOperations = { ...family, ...publication };
