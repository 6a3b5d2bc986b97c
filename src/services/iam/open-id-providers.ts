import { bounds } from "../../base/bounds.ts";
import type { Place } from "../../families/place.ts";
import { type Change, nowSeconds } from "../../families/work.ts";
import { iamKinds, type OpenIdProviderDocument } from "./documents.ts";
import { alreadyExists, invalidInput, limitExceeded, noSuchEntity, validationError } from "./errors.ts";
import {
  changing,
  defineResource,
  type IamInput,
  type IamService,
  operations,
  reading,
  viewing,
} from "./iam-families.ts";
import { tagList, tagPage, withoutTags, withTags } from "./tags.ts";

type NamedProvider = { readonly OpenIDConnectProviderArn: string };

/** Returns the account and the URL, without the scheme, in a provider's ARN; undefined for another text. */
export function parseProviderArn(arn: string): { readonly account: string; readonly url: string } | undefined {
  const parts = /^arn:aws[a-z-]*:iam::(\d{12}):oidc-provider\/([\x21-\x7e]{1,255})$/.exec(arn);
  return parts === null ? undefined : { account: parts[1]!, url: parts[2]! };
}

const providers: Place<IamService, OpenIdProviderDocument, unknown, NamedProvider> = {
  async find({ tx, input: { OpenIDConnectProviderArn: arn }, call }) {
    const parts = parseProviderArn(arn);
    if (parts === undefined) throw validationError(`Invalid ARN: ${arn.slice(0, 256)}`);
    const stored =
      parts.account === call.account
        ? await tx.get<OpenIdProviderDocument>(iamKinds.openIdProvider, parts.url)
        : undefined;
    if (stored === undefined) throw noSuchEntity(`OpenIDConnect Provider not found for arn ${arn}`);
    return stored.body;
  },
  put: (provider, { tx }) => tx.put(iamKinds.openIdProvider, provider.url, provider),
  delete: (provider, { tx }) => tx.delete(iamKinds.openIdProvider, provider.url),
};

/**
 * Returns a provider's URL without its scheme. AWS: IAM API reference, "CreateOpenIDConnectProvider": https, without a port
 * or a query.
 */
function urlOf(text: string, canHavePort: boolean): string {
  const parts = /^https:\/\/([a-z0-9.-]+(:\d{1,5})?(?:\/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?)$/i.exec(text);
  if (parts === null || (parts[2] !== undefined && !canHavePort)) {
    throw validationError("Invalid Open ID Connect Provider URL");
  }
  return parts[1]!.replace(/\/$/, "");
}

async function createProvider({
  input,
  tx,
  call,
  profile,
}: Change<IamService, IamInput<"CreateOpenIDConnectProvider">>): Promise<OpenIdProviderDocument> {
  const url = urlOf(input.Url, profile === "relaxed");
  if ((await tx.get(iamKinds.openIdProvider, url)) !== undefined) {
    throw alreadyExists(`Provider with url https://${url} already exists.`);
  }
  const max = bounds.iamOpenIdProvidersMax.value;
  if ((await tx.count(iamKinds.openIdProvider)) >= max) {
    throw limitExceeded(`Cannot exceed quota for OpenIdConnectProvidersPerAccount: ${max}`);
  }
  return {
    arn: `arn:aws:iam::${call.account}:oidc-provider/${url}`,
    url,
    createdAt: nowSeconds(call),
    clientIds: requireClients(input.ClientIDList ?? []),
    thumbprints: requireThumbprints(input.ThumbprintList ?? []),
    tags: withTags({}, input.Tags ?? []),
  };
}

function requireClients(ids: readonly string[]): readonly string[] {
  const max = bounds.iamOpenIdClientsMax.value;
  if (ids.length > max) throw limitExceeded(`Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: ${max}`);
  return [...new Set(ids)];
}

function requireThumbprints(thumbprints: readonly string[]): readonly string[] {
  const max = bounds.iamOpenIdThumbprintsMax.value;
  if (thumbprints.length > max) throw invalidInput(`Thumbprint list must contain fewer than ${max} entries.`);
  return thumbprints;
}

const changed = (
  provider: OpenIdProviderDocument,
  change: Partial<OpenIdProviderDocument>,
): OpenIdProviderDocument => ({
  ...provider,
  ...change,
});

/** AWS: IAM API reference, one page for each operation. */
export const openIdProviderOperations = {
  ...defineResource({
    operations: {
      create: "CreateOpenIDConnectProvider",
      get: "GetOpenIDConnectProvider",
      delete: "DeleteOpenIDConnectProvider",
    },
    place: providers,
    create: createProvider,
    view: ({ arn, url, createdAt, clientIds, thumbprints, tags }, _work, by) =>
      by === "create"
        ? { OpenIDConnectProviderArn: arn, Tags: tagList(tags) }
        : {
            Url: url,
            ClientIDList: clientIds,
            ThumbprintList: thumbprints,
            CreateDate: createdAt,
            Tags: tagList(tags),
          },
  }),
  ...operations({
    ListOpenIDConnectProviders: reading(async ({ tx }) => {
      const all = await tx.list<OpenIdProviderDocument>(iamKinds.openIdProvider);
      return { OpenIDConnectProviderList: all.map(({ body }) => ({ Arn: body.arn })) };
    }),
    AddClientIDToOpenIDConnectProvider: changing(providers, (provider, { input }) =>
      changed(provider, { clientIds: requireClients([...provider.clientIds, input.ClientID]) }),
    ),
    // AWS: no error for an id that is not registered.
    RemoveClientIDFromOpenIDConnectProvider: changing(providers, (provider, { input }) =>
      changed(provider, { clientIds: provider.clientIds.filter((id) => id !== input.ClientID) }),
    ),
    UpdateOpenIDConnectProviderThumbprint: changing(providers, (provider, { input }) =>
      changed(provider, { thumbprints: requireThumbprints(input.ThumbprintList) }),
    ),
    TagOpenIDConnectProvider: changing(providers, (provider, { input }) =>
      changed(provider, { tags: withTags(provider.tags, input.Tags) }),
    ),
    UntagOpenIDConnectProvider: changing(providers, (provider, { input }) =>
      changed(provider, { tags: withoutTags(provider.tags, input.TagKeys) }),
    ),
    ListOpenIDConnectProviderTags: viewing(providers, ({ tags }, { input }) => tagPage(tags, input)),
  }),
};
