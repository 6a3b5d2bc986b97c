import { readConfig } from "../server/config.ts";
import { serve } from "../server/serve.ts";
import type { Invocation } from "./commands.ts";
import { showEndpoint } from "./endpoint.ts";
import { showAdministrator } from "./show-administrator.ts";

/** `portico serve`: runs the server until it is told to stop. */
export async function runServe({ serverFlags, output }: Invocation): Promise<number> {
  const config = await readConfig({ flags: serverFlags, env: process.env, cwd: process.cwd() });
  return serve(config, ({ url, administrator }) => {
    output.line(`Portico is ready at ${output.paint("cyan", showEndpoint(url))}`);
    if (administrator !== undefined) showAdministrator(administrator, config, output);
  });
}
