import type { Lambda } from "@aws-sdk/client-lambda";
import type { InputOf, OperationName } from "../../families/input.ts";
import { makeFamilies } from "../../families/make-families.ts";
import { regionalScope } from "../../families/work.ts";
import type { VersionedFunctionClient } from "../../functions/function-client.ts";
import type { FunctionManager } from "../../functions/manager.ts";
import type { PackageStore } from "../../functions/packages.ts";
import { lambdaPaging } from "../../protocol/paging.ts";
import type { CodeLinks } from "./code-links.ts";
import type { EventQueue } from "./event-queue.ts";

/** The parts of the server that Lambda's operations use. */
export interface LambdaParts {
  readonly manager: FunctionManager;
  readonly functions: VersionedFunctionClient;
  readonly packages: PackageStore;
  readonly events: EventQueue;
  readonly codeLinks: CodeLinks;
}

/** The functions that declare Lambda's families and operations. */
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
} = makeFamilies<Lambda, LambdaParts>({ scopeOf: regionalScope, paging: lambdaPaging });

/** The input of one of Lambda's operations. */
export type LambdaInput<Name extends OperationName<Lambda>> = InputOf<Lambda, Name>;
