import { Role } from "../access/role-access.ts";
import { rolesOf } from "../compiler/compile-credentials.ts";
import type { KnownRole, Surroundings } from "../compiler/surroundings.ts";
import {
  type ClientCertificate,
  type ClientCertificateKey,
  certificateKinds,
} from "../definition/client-certificate.ts";
import type { RestApiDefinition, Stage } from "../definition/rest-api.ts";
import { type VpcLink, vpcLinkKind } from "../definition/vpc-link.ts";
import type { NamedIdentity } from "../gateway/integrations/tls-identities.ts";
import { identityKey } from "../gateway/integrations/tls-identities.ts";
import type { StagePlan } from "../plan/plan.ts";
import { loadRole, type Source } from "../services/iam/load-role.ts";
import type { Reader, Scope } from "../store/store.ts";

export type CompileStage = (
  definition: RestApiDefinition,
  stage: Stage,
  scope: Scope,
  surroundings: Surroundings,
) => StagePlan;

export interface CompileSettings {
  readonly compile: CompileStage;
  /** `--vpc-link` */
  readonly vpcLinkAddresses: Surroundings["vpcLinkAddresses"];
}

export interface CompiledStage {
  readonly plan: StagePlan;
  /** The client certificate that it shows to backends. */
  readonly identity: NamedIdentity | undefined;
  /** What was read besides the definition, there or not: a change of one of these compiles the stage anew. */
  readonly sources: readonly Source[];
}

/** Compiles a definition for a stage, with what else it depends on in the store. */
export async function compileStage(
  tx: Reader,
  {
    definition,
    stage,
    scope,
  }: { readonly definition: RestApiDefinition; readonly stage: Stage; readonly scope: Scope },
  { compile, vpcLinkAddresses }: CompileSettings,
): Promise<CompiledStage> {
  const links = await tx.list<VpcLink>(vpcLinkKind);
  const identity = await readIdentity(tx, scope, stage.clientCertificateId);
  const { roles, sources } = await readRoles(tx, rolesOf(definition, stage.variables ?? {}));
  const plan = compile(definition, stage, scope, {
    vpcLinks: new Map(links.map(({ id, body }) => [id, body])),
    vpcLinkAddresses,
    hasClientCertificate: identity !== undefined,
    roles,
  });
  for (const id of plan.vpcLinks ?? []) sources.push({ scope, kind: vpcLinkKind, id });
  return { plan, identity, sources };
}

/** Roles as they are now, by their ARNs, and what they were read from. */
export async function readRoles(
  tx: Reader,
  arns: readonly string[],
): Promise<{ readonly roles: ReadonlyMap<string, KnownRole>; readonly sources: Source[] }> {
  const roles = new Map<string, KnownRole>();
  const sources: Source[] = [];
  for (const arn of arns) {
    const { role, isAccountHere, sources: read } = await loadRole(tx, arn);
    roles.set(arn, { role: role && new Role(role), isAccountHere });
    sources.push(...read);
  }
  return { roles, sources };
}

async function readIdentity(tx: Reader, scope: Scope, id: string | undefined): Promise<NamedIdentity | undefined> {
  if (id === undefined) return undefined;
  const certificate = await tx.get<ClientCertificate>(certificateKinds.clientCertificate, id);
  const key = await tx.get<ClientCertificateKey>(certificateKinds.clientCertificateKey, id);
  if (certificate === undefined || key === undefined) return undefined;
  const { pemEncodedCertificate } = certificate.body;
  return {
    key: identityKey(scope, id),
    identity: { certificate: pemEncodedCertificate, privateKey: key.body.privateKey },
  };
}
