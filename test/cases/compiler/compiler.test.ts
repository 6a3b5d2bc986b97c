import assert from "node:assert/strict";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { compileRest } from "../../../src/compiler/compile-rest.ts";
import { noSurroundings } from "../../../src/compiler/surroundings.ts";
import type { Method, RestApiDefinition, Stage } from "../../../src/definition/rest-api.ts";
import type { VpcLink } from "../../../src/definition/vpc-link.ts";
import { aMethod, aMock, aRestApi, aStage } from "../../exchange/a-rest-api.ts";
import { isUpdating } from "../updating.ts";

/** A case: what differs from the builders' API and stage; a verb without a `methodIntegration` is a MOCK. */
interface Case extends Partial<Omit<RestApiDefinition, "restApi">> {
  readonly restApi?: Partial<RestApiDefinition["restApi"]>;
  readonly stage?: Partial<Stage>;
  readonly vpcLinks?: readonly VpcLink[];
  readonly vpcLinkAddresses?: Readonly<Record<string, readonly string[]>>;
  readonly hasClientCertificate?: boolean;
  readonly hasVpcEndpoints?: boolean;
  readonly routes?: Readonly<Record<string, Readonly<Record<string, Partial<Method> | null>>>>;
}

const separator = "\n----------\n";
const scope = { account: "123456789012", region: "eu-west-1" };

for (const file of globSync("*.txt", { cwd: import.meta.dirname }).sort()) {
  test(`compiles ${basename(file, ".txt").replaceAll("-", " ")}`, () => {
    const path = `${import.meta.dirname}/${file}`;
    const [input = "", expected] = readFileSync(path, "utf8").split(separator);
    const actual = `${JSON.stringify(compileCase(parse(input) as Case), null, 1)}\n`;
    assert.equal(`${JSON.stringify(compileCase(parse(input) as Case), null, 1)}\n`, actual, "a plan is deterministic");
    if (isUpdating) writeFileSync(path, `${input}${separator}${actual}`);
    else assert.equal(actual, expected);
  });
}

function compileCase(given: Case): unknown {
  const { stage, routes = {}, vpcLinks = [], vpcLinkAddresses, hasClientCertificate, hasVpcEndpoints, ...rest } = given;
  const surroundings = {
    vpcLinks: new Map(vpcLinks.map((link) => [link.id, link])),
    vpcLinkAddresses: vpcLinkAddresses ?? noSurroundings.vpcLinkAddresses,
    hasVpcEndpoints: hasVpcEndpoints ?? noSurroundings.hasVpcEndpoints,
    beyondAws: [],
    hasClientCertificate: hasClientCertificate ?? noSurroundings.hasClientCertificate,
    roles: noSurroundings.roles,
  };
  const methods = Object.entries(routes).map(([path, verbs]) => [
    path,
    Object.fromEntries(
      Object.entries(verbs).map(([verb, method]) => [verb, aMethod(aMock(), { ...method, httpMethod: verb })]),
    ),
  ]);
  return compileRest(aRestApi(Object.fromEntries(methods), rest), aStage(stage), scope, surroundings);
}
