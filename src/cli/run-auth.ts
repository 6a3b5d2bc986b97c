import { UserError } from "../base/user-error.ts";
import { readConfig } from "../server/config.ts";
import { createAdministratorKey } from "../server/create-administrator-key.ts";
import type { Invocation } from "./commands.ts";
import { printKey } from "./show-administrator.ts";

/** `portico auth create-key`: makes an administrator with an access key in a data directory that no server uses. */
export async function runAuth({ args, serverFlags, output }: Invocation): Promise<number> {
  if (args[0] !== "create-key") {
    throw new UserError({
      what: `There is no portico auth ${args[0] ?? ""}.`,
      why: "",
      next: "It is `portico auth create-key`.",
      isUsage: true,
    });
  }
  const config = await readConfig({ flags: serverFlags, env: process.env, cwd: process.cwd() });
  printKey(await createAdministratorKey(config.data), output);
  return 0;
}
