import type { ServerConfig } from "../server/config.ts";
import type { Output } from "./output.ts";
import { shortPath } from "./short-path.ts";

/** An access key, as it is shown once. */
export interface ShownKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/**
 * Shows the access key of a new administrator on the terminal. Output that goes elsewhere may be kept in a file, where the
 * key does not belong; without a data directory there is no other way to get one.
 */
export function showAdministrator(key: ShownKey, config: ServerConfig, output: Output): void {
  if (process.stdout.isTTY || config.memory) {
    output.line("An administrator was made. Its access key is shown this once:");
    printKey(key, output);
    return;
  }
  output.line(
    `An administrator was made, whose access key is shown on a terminal only. Stop the server and make another key: portico auth create-key --data ${shortPath(config.data)}`,
  );
}

/** Prints a key in the form that shells read. */
export function printKey({ accessKeyId, secretAccessKey }: ShownKey, output: Output): void {
  output.line(`export AWS_ACCESS_KEY_ID=${accessKeyId}`);
  output.line(`export AWS_SECRET_ACCESS_KEY=${secretAccessKey}`);
}
