import type { ApiGatewayV2 } from "@aws-sdk/client-apigatewayv2";
import type { InputOf, MembersOf, OperationName } from "../../families/input.ts";
import { makeFamilies } from "../../families/make-families.ts";
import { regionalScope, type Change as ServiceChange, type Work as ServiceWork } from "../../families/work.ts";
import { v2Paging } from "../../protocol/paging.ts";
import { makePreparedWrite } from "../apis/prepared-write.ts";
import type { ControlService } from "../control-service.ts";

/** Asks an issuer of tokens for its configuration. Returns why it can't be had, or undefined. The promise never rejects. */
export type AskIssuer = (issuer: string) => Promise<string | undefined>;

/** What the operations of API Gateway's second version work with. */
export interface V2Service extends ControlService {
  readonly askIssuer: AskIssuer;
}

/** The functions that declare the families and operations of API Gateway's second version. */
export const { defineResource, operations, reading, writing, spanning, viewing, changing, documents, pageOfItems } =
  makeFamilies<ApiGatewayV2, V2Service>({ scopeOf: regionalScope, paging: v2Paging, memberNames: "as-in-model" });

/** Makes writes that need a job's output. */
export const preparedWrite = makePreparedWrite(spanning);

/** The input of the operations of these names; unknown for code that reads no input. */
type V2Input<Name> = [Name] extends [never] ? unknown : InputOf<ApiGatewayV2, Name>;

/** A call of the named operations at work, below a parent. */
export type Work<Name extends OperationName<ApiGatewayV2> = never, Parent = unknown> = ServiceWork<
  V2Service,
  V2Input<Name>,
  Parent
>;

/**
 * A call at work of any of the named operations, for code that shows an item: each member of their inputs may be
 * absent.
 */
export type ViewWork<Name extends OperationName<ApiGatewayV2>, Parent = unknown> = ServiceWork<
  V2Service,
  MembersOf<V2Input<Name>>,
  Parent
>;

/** A call of the named operations that may write. */
export type Change<Name extends OperationName<ApiGatewayV2> = never, Parent = unknown> = ServiceChange<
  V2Service,
  V2Input<Name>,
  Parent
>;
