import { listed } from "./function.ts";
import { toConfiguration } from "./function-document.ts";
import { functions } from "./functions.ts";
import { operations, viewing } from "./lambda-families.ts";

/** A function's versions: so far only `$LATEST`. AWS: Lambda API reference, "ListVersionsByFunction". */
export const versionOperations = operations({
  ListVersionsByFunction: viewing(functions, (document) => ({
    Versions: [listed(toConfiguration(document, `${document.functionArn}:$LATEST`))],
  })),
});
