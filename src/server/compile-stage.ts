import { closedCanary, withCanary } from "../compiler/compile-canary.ts";
import { rolesOf } from "../compiler/compile-credentials.ts";
import { rolesOfV2Api } from "../compiler/http-api/named-roles.ts";
import type { KnownRole, Surroundings } from "../compiler/surroundings.ts";
import {
  type ClientCertificate,
  type ClientCertificateKey,
  certificateKinds,
} from "../definition/client-certificate.ts";
import type { HttpApiDefinition, HttpStage } from "../definition/http-api.ts";
import type { RestApiDefinition, Stage } from "../definition/rest-api.ts";
import { type HttpVpcLink, type VpcLink, vpcLinkKind } from "../definition/vpc-link.ts";
import type { WebSocketApiDefinition, WebSocketStage } from "../definition/websocket-api.ts";
import type { NamedIdentity } from "../gateway/integrations/tls-identities.ts";
import { identityKey } from "../gateway/integrations/tls-identities.ts";
import type { Plan, PlanKind, PlanOf } from "../plan/kinds.ts";
import type { RestPlan } from "../plan/rest-plan.ts";
import { loadRole } from "../services/iam/load-role.ts";
import type { Reader, Scope, Store } from "../store/store.ts";
import type { DocumentSource } from "./publications/publication-source.ts";

/** What a stage of each kind of API is compiled from. */
interface StageContents {
  readonly rest: {
    readonly kind: "rest";
    readonly definition: RestApiDefinition;
    readonly stage: Stage;
    /** The other side of a stage whose canary takes traffic. */
    readonly canary?: CanaryContent | undefined;
  };
  readonly http: { readonly kind: "http"; readonly definition: HttpApiDefinition; readonly stage: HttpStage };
  readonly websocket: {
    readonly kind: "websocket";
    readonly definition: WebSocketApiDefinition;
    readonly stage: WebSocketStage;
  };
}

/** What a canary is compiled from. */
export interface CanaryContent {
  /** Undefined if its deployment is not there. */
  readonly definition: RestApiDefinition | undefined;
  /** The stage as the canary's requests see it. */
  readonly stage: Stage;
  readonly percentTraffic: number;
}

/** A definition and the stage that it is compiled for. */
export type StageContent = StageContents[PlanKind];

/** Returns what a stage names besides its deployment: its roles, and the certificate that it shows to backends. */
function namesOf(content: StageContent): {
  readonly roles: readonly string[];
  readonly clientCertificateId: string | undefined;
} {
  switch (content.kind) {
    case "rest": {
      const { definition, stage, canary } = content;
      const ofCanary = canary?.definition && rolesOf(canary.definition, canary.stage.variables ?? {});
      return {
        roles: [...new Set([...rolesOf(definition, stage.variables ?? {}), ...(ofCanary ?? [])])],
        clientCertificateId: stage.clientCertificateId,
      };
    }
    case "http": {
      const { definition, stage } = content;
      return { roles: rolesOfV2Api(definition, stage.StageVariables), clientCertificateId: undefined };
    }
    case "websocket": {
      const { definition, stage } = content;
      return {
        roles: rolesOfV2Api(definition, stage.StageVariables),
        clientCertificateId: stage.ClientCertificateId,
      };
    }
  }
}

/** Makes the plans of a kind; returns a promise if another thread does the work. */
type CompileStage<Kind extends PlanKind> = (
  definition: StageContents[Kind]["definition"],
  stage: StageContents[Kind]["stage"],
  scope: Scope,
  surroundings: Surroundings,
) => PlanOf<Kind> | Promise<PlanOf<Kind>>;

export interface CompileSettings {
  /** The compiler of each kind of API. */
  readonly compilers: { readonly [Kind in PlanKind]: CompileStage<Kind> };
  /** The addresses of `--vpc-link`. */
  readonly vpcLinkAddresses: Surroundings["vpcLinkAddresses"];
  /** `--vpc-endpoint` is set. */
  readonly hasVpcEndpoints: boolean;
  /** The features that `--beyond-aws` names. */
  readonly beyondAws: Surroundings["beyondAws"];
}

export interface CompiledStage {
  readonly plan: Plan;
  /** The client certificate that the stage shows to backends. */
  readonly identity: NamedIdentity | undefined;
  /**
   * The documents that were read besides the definition, whether they exist or not. A change of one of them compiles
   * the stage again.
   */
  readonly sources: readonly DocumentSource[];
}

/** Everything that a stage's plan is made of, as one transaction read it. */
export interface StageReading extends Omit<CompiledStage, "plan"> {
  readonly content: StageContent;
  readonly scope: Scope;
  readonly surroundings: Surroundings;
}

/**
 * Reads the stage that `load` finds, and everything it depends on, in one transaction, and compiles it after the
 * transaction, so that the store never waits for a compiler. Returns undefined if `load` finds nothing.
 */
export async function compileStage(
  store: Store,
  scope: Scope,
  load: (tx: Reader) => Promise<StageContent | undefined>,
  settings: CompileSettings,
): Promise<CompiledStage | undefined> {
  const reading = await store.read(scope, async (tx) => {
    const content = await load(tx);
    return content && readStage(tx, { content, scope }, settings);
  });
  return reading && compileReading(reading, settings);
}

/** Reads everything that a stage depends on besides its definition. */
export async function readStage(
  tx: Reader,
  { content, scope }: Pick<StageReading, "content" | "scope">,
  { vpcLinkAddresses, hasVpcEndpoints, beyondAws }: Omit<CompileSettings, "compilers">,
): Promise<StageReading> {
  const { roles: arns, clientCertificateId } = namesOf(content);
  const links = await tx.list<VpcLink | HttpVpcLink>(vpcLinkKind);
  const identity = clientCertificateId === undefined ? undefined : await readIdentity(tx, scope, clientCertificateId);
  const { roles, sources } = await readRoles(tx, arns);
  const surroundings: Surroundings = {
    vpcLinks: new Map(links.map(({ id, body }) => [id, body])),
    vpcLinkAddresses,
    hasVpcEndpoints,
    beyondAws,
    hasClientCertificate: identity !== undefined,
    roles,
  };
  // The plan only says that there is a certificate, so a new key of the same certificate compiles nothing again.
  const certificates = clientCertificateId === undefined ? [] : Object.values(certificateKinds);
  const isThere = identity !== undefined;
  for (const kind of certificates) sources.push({ scope, kind, id: clientCertificateId ?? "", isThere });
  return { content, scope, surroundings, identity, sources };
}

/** Compiles what {@link readStage} read. */
export async function compileReading(
  { content, scope, surroundings, identity, sources }: StageReading,
  { compilers }: Pick<CompileSettings, "compilers">,
): Promise<CompiledStage> {
  // The table's type says that a kind's compiler takes that kind's content; TypeScript can't follow that through the union.
  const compile = compilers[content.kind] as CompileStage<PlanKind>;
  const stable = await compile(content.definition, content.stage, scope, surroundings);
  const canary = "canary" in content ? content.canary : undefined;
  const plan = canary === undefined ? stable : await addCanary(stable as RestPlan, canary);
  const ofCanary = "canary" in plan ? plan.canary?.plan.vpcLinks : undefined;
  const links = [...new Set([...(plan.vpcLinks ?? []), ...(ofCanary ?? [])])].map((id) => ({
    scope,
    kind: vpcLinkKind,
    id,
  }));
  return { plan, identity, sources: [...sources, ...links] };

  async function addCanary(stage: RestPlan, { definition, percentTraffic, stage: side }: CanaryContent): Promise<Plan> {
    const other = await compileSide();
    return withCanary(stage, other, percentTraffic);

    async function compileSide(): Promise<RestPlan> {
      if (definition === undefined) return closedCanary(stage, side.deploymentId, "it has no snapshot");
      try {
        return await compilers.rest(definition, side, scope, surroundings);
      } catch (error) {
        const problem = error instanceof Error ? error.message : String(error);
        return closedCanary(stage, side.deploymentId, `it can't be compiled: ${problem}`);
      }
    }
  }
}

/** Returns the roles as they are now, by their ARNs, and the documents that they were read from. */
export async function readRoles(
  tx: Reader,
  arns: readonly string[],
): Promise<{ readonly roles: ReadonlyMap<string, KnownRole>; readonly sources: DocumentSource[] }> {
  const roles = new Map<string, KnownRole>();
  const sources: DocumentSource[] = [];
  for (const arn of arns) {
    const { role, isAccountHere, sources: read } = await loadRole(tx, arn);
    roles.set(arn, { role, isAccountHere });
    sources.push(...read);
  }
  return { roles, sources };
}

/** Returns a client certificate with its private key, or undefined if one of the two is missing. */
export async function readIdentity(tx: Reader, scope: Scope, id: string): Promise<NamedIdentity | undefined> {
  const certificate = await tx.get<ClientCertificate>(certificateKinds.clientCertificate, id);
  const key = await tx.get<ClientCertificateKey>(certificateKinds.clientCertificateKey, id);
  if (certificate === undefined || key === undefined) return undefined;
  const { pemEncodedCertificate } = certificate.body;
  return {
    key: identityKey(scope, id),
    identity: { certificate: pemEncodedCertificate, privateKey: key.body.privateKey },
  };
}
