import type { APIGateway } from "@aws-sdk/client-api-gateway";
import type { InputOf, MembersOf, OperationName } from "../../families/input.ts";
import { makeFamilies, type OperationTable } from "../../families/make-families.ts";
import { regionalScope, type Change as ServiceChange, type Work as ServiceWork } from "../../families/work.ts";
import { restPaging } from "../../protocol/paging.ts";
import type { Reader } from "../../store/store.ts";
import { makePreparedWrite } from "../apis/prepared-write.ts";
import type { ControlService } from "../control-service.ts";
import type { ServiceDependencies } from "../service-dependencies.ts";
import type { AuthorizerTestRun } from "./test-authorizer.ts";
import type { TestInvocation } from "./test-invoke.ts";

/** What the operations of REST APIs need. */
export interface Dependencies extends ServiceDependencies {
  /** If it is absent, TestInvokeMethod answers 501. */
  readonly testInvocation?: TestInvocation;
  /** If it is absent, TestInvokeAuthorizer answers 501. */
  readonly authorizerTest?: AuthorizerTestRun;
}

/** The functions that declare the families and operations of REST APIs. */
export const {
  defineResource,
  operations,
  reading,
  writing,
  spanning,
  viewing,
  changing,
  documents,
  pageOfItems,
  answerPage,
} = makeFamilies<APIGateway, ControlService>({
  scopeOf: regionalScope,
  paging: restPaging,
  patchOperationsMax: ({ limits }) => limits.patchOperations,
});

/** Makes writes that need a job's output. */
export const preparedWrite = makePreparedWrite(spanning);

/** Declared operations of REST APIs. */
export type RestOperations = OperationTable<ControlService>;

/** The input of the operations of these names; unknown for code that reads no input. */
type RestInput<Name> = [Name] extends [never] ? unknown : InputOf<APIGateway, Name>;

/** A call of the named operations at work, below a parent. */
export type Work<Name extends OperationName<APIGateway> = never, Parent = unknown> = ServiceWork<
  ControlService,
  RestInput<Name>,
  Parent
>;

/**
 * A call at work of any of the named operations, for code that shows an item: each member of their inputs may be
 * absent.
 */
export type ViewWork<Name extends OperationName<APIGateway>, Parent = unknown> = ServiceWork<
  ControlService,
  MembersOf<RestInput<Name>>,
  Parent
>;

/** A call of the named operations that may write. */
export type Change<Name extends OperationName<APIGateway> = never, Parent = unknown> = ServiceChange<
  ControlService,
  RestInput<Name>,
  Parent
>;

/** Returns every document of a kind that belongs to an API or a plan, in the order of their ids. */
export async function childrenOf<Item>(tx: Reader, kind: string, parentId: string): Promise<readonly Item[]> {
  const stored = await tx.list<Item>(kind, { prefix: `${parentId}/` });
  return stored.map((document) => document.body);
}
