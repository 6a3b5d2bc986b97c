import { bindOperations } from "../../families/make-families.ts";
import type { Operations } from "../../protocol/operation.ts";
import type { Store } from "../../store/store.ts";
import { aliasOperations } from "./aliases.ts";
import { functionOperations } from "./function.ts";
import { codeOperations } from "./function-code.ts";
import { tagOperations } from "./function-tags.ts";
import { invocationOperations } from "./invocations.ts";
import type { LambdaParts } from "./lambda-families.ts";
import { permissionOperations } from "./permissions.ts";
import { versionOperations } from "./versions.ts";

/**
 * The operations of the `lambda` service, as deep as a gateway's users need: functions from zips, their versions
 * and aliases, their policies, their invocation.
 */
export const makeLambdaOperations = ({ store, ...parts }: LambdaParts & { readonly store: Store }): Operations =>
  bindOperations<LambdaParts>(
    {
      ...functionOperations,
      ...codeOperations,
      ...versionOperations,
      ...aliasOperations,
      ...permissionOperations,
      ...tagOperations,
      ...invocationOperations,
    },
    store,
    parts,
  );
