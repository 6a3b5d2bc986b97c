// Portals: products, their pages and what a published portal shows, under the official SDK.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { APIGatewayClient, CreateDeploymentCommand, ImportRestApiCommand } from "@aws-sdk/client-api-gateway";
import {
  ApiGatewayV2Client,
  CreatePortalCommand,
  type CreatePortalCommandInput,
  CreatePortalProductCommand,
  CreateProductPageCommand,
  CreateProductRestEndpointPageCommand,
  DeletePortalCommand,
  DeletePortalProductCommand,
  DeletePortalProductSharingPolicyCommand,
  DeleteProductRestEndpointPageCommand,
  DisablePortalCommand,
  GetPortalCommand,
  GetPortalProductCommand,
  GetPortalProductSharingPolicyCommand,
  GetProductRestEndpointPageCommand,
  GetTagsCommand,
  ListPortalProductsCommand,
  ListProductPagesCommand,
  ListProductRestEndpointPagesCommand,
  PreviewPortalCommand,
  PublishPortalCommand,
  PutPortalProductSharingPolicyCommand,
  UpdatePortalCommand,
  UpdatePortalProductCommand,
  UpdateProductPageCommand,
  UpdateProductRestEndpointPageCommand,
} from "@aws-sdk/client-apigatewayv2";
import { CreateAccessKeyCommand, CreateUserCommand, IAMClient } from "@aws-sdk/client-iam";
import { elsewhere, startForSuite } from "./sdk-client.ts";

const colors = {
  AccentColor: "#0b6e72",
  BackgroundColor: "#ffffff",
  ErrorValidationColor: "#b3261e",
  HeaderColor: "white",
  NavigationColor: "#f6f7f8",
  TextColor: "#1d232a",
};

const portalInput = (products: readonly string[]): CreatePortalCommandInput => ({
  Authorization: { None: {} },
  EndpointConfiguration: { None: {} },
  IncludedPortalProductArns: [...products],
  PortalContent: { DisplayName: "Pet shop", Theme: { CustomColors: colors } },
});

const mock = {
  type: "mock",
  requestTemplates: { "application/json": '{"statusCode": 200}' },
  responses: { default: { statusCode: "200" } },
};
const operation = (schema: string, summary: string): object => ({
  summary,
  responses: {
    "200": {
      description: "ok",
      content: { "application/json": { schema: { $ref: `#/components/schemas/${schema}` } } },
    },
  },
  "x-amazon-apigateway-integration": mock,
});
const document = {
  openapi: "3.0.1",
  info: { title: "Pets", version: "1" },
  paths: {
    "/pets": { get: operation("Pets", "Lists pets"), post: operation("Secret", "Adds a pet") },
    "/internal": { get: operation("Secret", "Not for everybody") },
  },
  components: {
    schemas: {
      Pets: { type: "array", items: { $ref: "#/components/schemas/Pet" } },
      Pet: { type: "object", properties: { name: { type: "string" } } },
      Secret: { type: "object", properties: { hidden: { type: "string" } } },
    },
  },
};

/** What a portal's page loads. */
interface Site {
  readonly products: readonly {
    readonly name: string;
    readonly overview?: { readonly title: string };
    readonly pages: readonly { readonly title: string }[];
    readonly sections: readonly { readonly name: string; readonly endpoints: readonly { readonly name: string }[] }[];
  }[];
  readonly documents: Readonly<
    Record<string, { readonly paths: object; readonly components: { readonly schemas: object } }>
  >;
}

describe("portals", () => {
  const portico = startForSuite();
  const v2 = portico.client(ApiGatewayV2Client);
  const rest = portico.client(APIGatewayClient);
  const stranger = portico.client(ApiGatewayV2Client, { accountId: "123456789012", maxAttempts: 1 });

  async function petsApi(): Promise<string> {
    const { id } = await rest.send(new ImportRestApiCommand({ body: Buffer.from(JSON.stringify(document)) }));
    await rest.send(new CreateDeploymentCommand({ restApiId: id!, stageName: "prod" }));
    return id!;
  }
  async function product(name: string): Promise<{ PortalProductId: string; arn: string }> {
    const made = await v2.send(new CreatePortalProductCommand({ DisplayName: name }));
    return { PortalProductId: made.PortalProductId!, arn: made.PortalProductArn! };
  }
  const partsOf = (RestApiId: string, Method = "GET", Path = "/pets") => ({
    IdentifierParts: { RestApiId, Stage: "prod", Path, Method },
  });
  const site = async (id: string, below = ""): Promise<{ status: number; site: Site }> => {
    const answer = await fetch(`${portico.url}/_portico/portals/${id}${below}/site.json`);
    return { status: answer.status, site: (await answer.json()) as Site };
  };
  const refused = (name: string, pattern: RegExp) => (error: Error) => {
    assert.equal(error.name, name, error.message);
    assert.match(error.message, pattern);
    return true;
  };

  test("a published portal shows its products in their order, with no more of an API than what they name", async () => {
    const api = await petsApi();
    const { PortalProductId, arn } = await product("Pets");
    const page = async (Title: string) =>
      (await v2.send(new CreateProductPageCommand({ PortalProductId, DisplayContent: { Title, Body: `# ${Title}` } })))
        .ProductPageArn!;
    const first = await page("First");
    const overview = await page("Overview");
    const endpoint = await v2.send(
      new CreateProductRestEndpointPageCommand({ PortalProductId, RestEndpointIdentifier: partsOf(api) }),
    );
    assert.equal(endpoint.Status, "AVAILABLE");
    assert.equal(endpoint.TryItState, "ENABLED");
    assert.equal(endpoint.DisplayContent?.Endpoint, `${portico.url}/_aws/execute-api/${api}/prod/pets`);
    await v2.send(
      new UpdatePortalProductCommand({
        PortalProductId,
        DisplayOrder: {
          OverviewPageArn: overview,
          Contents: [{ SectionName: "Reading", ProductRestEndpointPageArns: [endpoint.ProductRestEndpointPageArn!] }],
        },
      }),
    );
    const { PortalId } = await v2.send(new CreatePortalCommand(portalInput([arn])));
    assert.equal((await site(PortalId!)).status, 404, "it is not published yet");
    await v2.send(new PublishPortalCommand({ PortalId, Description: "first" }));
    const got = await v2.send(new GetPortalCommand({ PortalId }));
    assert.equal(got.PublishStatus, "PUBLISHED");
    assert.equal(got.LastPublishedDescription, "first");
    assert.ok(got.LastPublished instanceof Date);

    const published = (await site(PortalId!)).site;
    const [shown] = published.products;
    assert.deepEqual(
      [shown?.name, shown?.overview?.title, shown?.pages.map(({ title }) => title)],
      ["Pets", "Overview", ["First"]],
    );
    assert.deepEqual(
      shown?.sections.map(({ name, endpoints }) => [name, endpoints.map((one) => one.name)]),
      [["Reading", ["/pets"]]],
    );
    const shownDocument = published.documents[`${api}/prod`]!;
    assert.deepEqual(Object.keys(shownDocument.paths), ["/pets"]);
    assert.deepEqual(Object.keys(Object.values(shownDocument.paths)[0] as object), ["get"]);
    assert.deepEqual(Object.keys(shownDocument.components.schemas).sort(), ["Pet", "Pets"]);
    assert.doesNotMatch(JSON.stringify(published), /internal|hidden|Adds a pet/);

    const html = await fetch(`${portico.url}/_portico/portals/${PortalId}`);
    assert.equal(html.status, 200);
    assert.match(html.headers.get("content-security-policy") ?? "", /default-src 'none'/);
    const assets = `${portico.url}/_portico/portals/assets`;
    const script = await (await fetch(`${assets}/portal.mjs`)).text();
    for (const [, file = ""] of script.matchAll(/from "\.\/([^"]+)"/g))
      assert.equal((await fetch(`${assets}/${file}`)).status, 200, file);
    assert.notEqual((await fetch(`${assets}/page.mjs`)).status, 200, "what only the reference loads");

    // Nothing changes what is shown but another publication.
    const { Items: pages = [] } = await v2.send(new ListProductPagesCommand({ PortalProductId }));
    assert.deepEqual(
      pages.map((one) => one.PageTitle),
      ["First", "Overview"],
    );
    const changed = pages.find((one) => one.ProductPageArn === first)!;
    await v2.send(
      new UpdateProductPageCommand({
        PortalProductId,
        ProductPageId: changed.ProductPageId,
        DisplayContent: { Title: "Changed", Body: "new" },
      }),
    );
    const titles = async (below?: string) =>
      (await site(PortalId!, below)).site.products[0]?.pages.map(({ title }) => title);
    assert.deepEqual(await titles(), ["First"]);
    await v2.send(new PreviewPortalCommand({ PortalId }));
    assert.deepEqual(await titles("/preview"), ["Changed"]);
    assert.deepEqual(await titles(), ["First"]);
    const { Preview } = await v2.send(new GetPortalCommand({ PortalId }));
    assert.equal(Preview?.PreviewStatus, "PREVIEW_READY");
    assert.equal((await fetch(Preview?.PreviewUrl ?? "")).status, 200);
    await v2.send(new PublishPortalCommand({ PortalId }));
    assert.deepEqual(await titles(), ["Changed"]);

    await assert.rejects(v2.send(new DeletePortalCommand({ PortalId })), refused("BadRequestException", /disable it/));
    await v2.send(new DisablePortalCommand({ PortalId }));
    assert.equal((await site(PortalId!)).status, 404);
    await assert.rejects(
      v2.send(new DisablePortalCommand({ PortalId })),
      refused("ConflictException", /not published/),
    );
    await v2.send(new DeletePortalCommand({ PortalId }));
    assert.equal((await site(PortalId!, "/preview")).status, 404);
  });

  test("a portal that asks for a sign-in is not published, and a published one that comes to ask for it is closed", async () => {
    const CognitoConfig = {
      AppClientId: "client",
      UserPoolArn: "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_a",
      UserPoolDomain: "https://pool.example.com",
    };
    const guarded = await v2.send(new CreatePortalCommand({ ...portalInput([]), Authorization: { CognitoConfig } }));
    for (const command of [PublishPortalCommand, PreviewPortalCommand]) {
      await assert.rejects(
        v2.send(new command({ PortalId: guarded.PortalId })),
        refused("NotImplementedException", /Cognito/),
      );
    }
    const { PortalId } = await v2.send(new CreatePortalCommand(portalInput([])));
    await v2.send(new PublishPortalCommand({ PortalId }));
    await v2.send(new PreviewPortalCommand({ PortalId }));
    await v2.send(new UpdatePortalCommand({ PortalId, Authorization: { CognitoConfig } }));
    for (const below of ["", "/preview"]) {
      const closed = await site(PortalId!, below);
      assert.equal(closed.status, 501);
      assert.equal(closed.site.products, undefined);
    }
    for (const Authorization of [{}, { None: {}, CognitoConfig }]) {
      await assert.rejects(
        v2.send(new CreatePortalCommand({ ...portalInput([]), Authorization })),
        refused("BadRequestException", /Exactly one/),
      );
    }
  });

  test("an account uses another's product as far as its sharing policy allows", async () => {
    const { PortalProductId, arn } = await product("Shared");
    await v2.send(new CreateProductPageCommand({ PortalProductId, DisplayContent: { Title: "Hello", Body: "hi" } }));
    const owned = { PortalProductId, ResourceOwnerAccountId: "000000000000" };
    const denied = refused("AccessDeniedException", /sharing policy/);
    await assert.rejects(stranger.send(new GetPortalProductCommand({ PortalProductId })), {
      name: "NotFoundException",
    });
    await assert.rejects(stranger.send(new GetPortalProductCommand(owned)), denied);
    await assert.rejects(
      stranger.send(new CreatePortalCommand(portalInput([arn]))),
      refused("BadRequestException", /not shared/),
    );
    const share = (Action: string | string[], principal = "123456789012", more: object = {}) =>
      v2.send(
        new PutPortalProductSharingPolicyCommand({
          PortalProductId,
          PolicyDocument: JSON.stringify({
            Version: "2012-10-17",
            Statement: [{ Effect: "Allow", Principal: { AWS: principal }, Action, Resource: arn, ...more }],
          }),
        }),
      );
    const shared = async (): Promise<(string | undefined)[]> => {
      const { Items = [] } = await stranger.send(new ListPortalProductsCommand({ ResourceOwner: "OTHER_ACCOUNTS" }));
      return Items.map(({ PortalProductArn }) => PortalProductArn);
    };
    assert.deepEqual(await shared(), []);
    await share("apigateway:GetPortalProduct");
    assert.deepEqual(await shared(), [arn]);
    assert.deepEqual((await v2.send(new ListPortalProductsCommand({ ResourceOwner: "OTHER_ACCOUNTS" }))).Items, []);
    assert.deepEqual((await stranger.send(new ListPortalProductsCommand({}))).Items, []);
    assert.equal((await stranger.send(new GetPortalProductCommand(owned))).PortalProductArn, arn);
    await assert.rejects(stranger.send(new ListProductPagesCommand(owned)), denied);
    for (const [action, principal, more] of [
      ["apigateway:*", "210987654321", {}],
      ["apigateway:*", "123456789012", { Condition: { StringEquals: { "aws:unheardOf": "x" } } }],
      ["apigateway:*", "123456789012", { Effect: "Deny" }],
    ] as const) {
      await share(action, principal, more);
      await assert.rejects(stranger.send(new GetPortalProductCommand(owned)), denied, JSON.stringify(more));
      assert.deepEqual(await shared(), [], JSON.stringify(more));
    }
    await share("apigateway:*");
    assert.equal((await stranger.send(new ListProductPagesCommand(owned))).Items?.[0]?.PageTitle, "Hello");
    const { PortalId } = await stranger.send(new CreatePortalCommand(portalInput([arn])));
    await stranger.send(new PublishPortalCommand({ PortalId }));
    assert.equal((await site(PortalId!)).site.products[0]?.name, "Shared");
    await share("apigateway:GetPortalProduct");
    await assert.rejects(
      stranger.send(new PublishPortalCommand({ PortalId })),
      refused("BadRequestException", /not shared/),
      "no longer shared",
    );
    // AWS: the product stays visible in the portal that is published already.
    assert.equal((await site(PortalId!)).site.products[0]?.name, "Shared");
    for (const PolicyDocument of ["{", "[]", '{"Statement": [{"Efect": "Deny"}]}']) {
      await assert.rejects(
        v2.send(new PutPortalProductSharingPolicyCommand({ PortalProductId, PolicyDocument })),
        { name: "BadRequestException" },
        PolicyDocument,
      );
    }
    const kept = await v2.send(new GetPortalProductSharingPolicyCommand({ PortalProductId }));
    assert.match(kept.PolicyDocument ?? "", /GetPortalProduct/);
    await v2.send(new DeletePortalProductSharingPolicyCommand({ PortalProductId }));
    assert.deepEqual(await shared(), []);
    await share("apigateway:*");
    assert.deepEqual(await shared(), [arn]);
    await v2.send(new DeletePortalProductCommand({ PortalProductId }));
    assert.deepEqual(await shared(), []);
  });

  test("a sharing policy may name another account's user, to let it read or to keep it out", async () => {
    const { PortalProductId, arn } = await product("Shared with one");
    const account = elsewhere.accountId!;
    const iam = portico.client(IAMClient, { ...elsewhere, region: "us-east-1" });
    const { User } = await iam.send(new CreateUserCommand({ UserName: "reader" }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: "reader" }));
    const reader = portico.client(ApiGatewayV2Client, { accountId: AccessKey!.AccessKeyId!, maxAttempts: 1 });
    const owned = { PortalProductId, ResourceOwnerAccountId: "000000000000" };
    const share = (...statements: object[]) =>
      v2.send(
        new PutPortalProductSharingPolicyCommand({
          PortalProductId,
          PolicyDocument: JSON.stringify({
            Version: "2012-10-17",
            Statement: statements.map((one) => ({ Action: "apigateway:*", Resource: arn, ...one })),
          }),
        }),
      );
    const one = { AWS: User!.Arn! };
    await share({ Effect: "Allow", Principal: { AWS: account } }, { Effect: "Deny", Principal: one });
    const denied = refused("AccessDeniedException", /sharing policy/);
    await stranger.send(new GetPortalProductCommand(owned));
    await assert.rejects(reader.send(new GetPortalProductCommand(owned)), denied);
    await assert.rejects(reader.send(new ListProductPagesCommand(owned)), denied);
    await assert.rejects(
      reader.send(new CreatePortalCommand(portalInput([arn]))),
      refused("BadRequestException", /not shared/),
    );
    await share({ Effect: "Allow", Principal: one });
    await reader.send(new GetPortalProductCommand(owned));
    await assert.rejects(stranger.send(new GetPortalProductCommand(owned)), denied);
  });

  test("what a page or an order names has to be there", async () => {
    const api = await petsApi();
    const { PortalProductId, arn } = await product("Strict");
    for (const parts of [partsOf("none"), partsOf(api, "PUT"), partsOf(api, "GET", "/cats")]) {
      await assert.rejects(
        v2.send(new CreateProductRestEndpointPageCommand({ PortalProductId, RestEndpointIdentifier: parts })),
        { name: "BadRequestException" },
      );
    }
    const { ProductRestEndpointPageId: id, ProductRestEndpointPageArn: pageArn } = await v2.send(
      new CreateProductRestEndpointPageCommand({
        PortalProductId,
        RestEndpointIdentifier: partsOf(api),
        DisplayContent: { Overrides: { OperationName: "All pets", Body: "Lists *all*" } },
        TryItState: "DISABLED",
      }),
    );
    const named = { PortalProductId, ProductRestEndpointPageId: id };
    const { Items: [listed] = [] } = await v2.send(new ListProductRestEndpointPagesCommand({ PortalProductId }));
    assert.equal(listed?.OperationName, "All pets");
    const raw = await v2.send(new GetProductRestEndpointPageCommand({ ...named, IncludeRawDisplayContent: "true" }));
    assert.deepEqual(JSON.parse(raw.RawDisplayContent!), { operationName: "All pets", body: "Lists *all*" });
    const cleared = await v2.send(
      new UpdateProductRestEndpointPageCommand({ ...named, DisplayContent: { None: {} }, TryItState: "ENABLED" }),
    );
    assert.deepEqual([cleared.DisplayContent?.OperationName, cleared.TryItState], [undefined, "ENABLED"]);

    const order = (arns: string[]) =>
      v2.send(
        new UpdatePortalProductCommand({
          PortalProductId,
          DisplayOrder: { Contents: [{ SectionName: "All", ProductRestEndpointPageArns: arns }] },
        }),
      );
    await assert.rejects(order([`${pageArn}x`]), refused("BadRequestException", /no product REST endpoint page/));
    await assert.rejects(order([pageArn!, pageArn!]), refused("BadRequestException", /twice/));
    await order([pageArn!]);
    await assert.rejects(
      v2.send(new DeleteProductRestEndpointPageCommand(named)),
      refused("BadRequestException", /display order/),
    );
    await order([]);
    await v2.send(new DeleteProductRestEndpointPageCommand(named));

    for (const products of [
      [arn, arn],
      [arn.replace("us-east-1", "eu-west-1")],
      [`${arn}x`],
      ["arn:aws:nothing:at:all:"],
    ]) {
      await assert.rejects(v2.send(new CreatePortalCommand(portalInput(products))), { name: "BadRequestException" });
    }
    for (const color of ["#12", "red;x", "url(x)", "var(--x)"]) {
      const input = portalInput([]);
      input.PortalContent!.Theme!.CustomColors = { ...colors, TextColor: color };
      await assert.rejects(v2.send(new CreatePortalCommand(input)), refused("BadRequestException", /color/));
    }
  });

  test("portals and products have tags, and belong to one region", async () => {
    const { PortalArn, PortalId } = await v2.send(
      new CreatePortalCommand({ ...portalInput([]), Tags: { team: "pets" } }),
    );
    assert.deepEqual((await v2.send(new GetTagsCommand({ ResourceArn: PortalArn }))).Tags, { team: "pets" });
    const far = portico.client(ApiGatewayV2Client, elsewhere);
    await assert.rejects(far.send(new GetPortalCommand({ PortalId })), { name: "NotFoundException" });
  });
});
