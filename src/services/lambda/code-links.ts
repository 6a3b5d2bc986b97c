import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Clock } from "../../base/clock.ts";

/** The beginning of the links' paths, below the server's own paths. */
export const codePath = "/_portico/code/";

/** AWS: Lambda API reference, "FunctionCodeLocation": "a presigned URL that you can use to download the deployment package". */
const validMs = 600_000;

/**
 * Links to functions' packages that nobody can guess, and that end after ten minutes, as S3's do. No link is stored:
 * each names its package and is signed with this process's secret.
 */
export class CodeLinks {
  readonly #clock: Clock;
  readonly #secret = randomBytes(32);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Returns the path of a link to a package. */
  make(hash: string): string {
    const untilMs = this.#clock.now() + validMs;
    return `${codePath}${hash}/${untilMs}/${this.#sign(hash, untilMs).toString("hex")}.zip`;
  }

  /** Returns the package that a path leads to; undefined if the link was not made here or has ended. */
  read(path: string): string | undefined {
    const [, hash, until, signature] =
      /^([0-9a-f]{64})\/(\d{1,16})\/([0-9a-f]{64})\.zip$/.exec(
        path.startsWith(codePath) ? path.slice(codePath.length) : "",
      ) ?? [];
    if (hash === undefined || until === undefined || signature === undefined) return undefined;
    const untilMs = Number(until);
    const isSigned = timingSafeEqual(Buffer.from(signature, "hex"), this.#sign(hash, untilMs));
    return isSigned && this.#clock.now() < untilMs ? hash : undefined;
  }

  #sign(hash: string, untilMs: number): Buffer {
    return createHmac("sha256", this.#secret).update(`${hash}/${untilMs}`).digest();
  }
}
