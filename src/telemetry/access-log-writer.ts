import { closeSync, mkdirSync, openSync, write, writeSync } from "node:fs";
import { join } from "node:path";
import { bounds } from "../base/bounds.ts";
import { canaryGroup } from "./canary-group.ts";
import {
  type ExportedLog,
  type LoggedExchange,
  type LogSink,
  type LogStreamAddress,
  loggedRequest,
} from "./log-sink.ts";
import type { Logger } from "./logger.ts";
import type { Metrics } from "./metrics.ts";

/** Lines that wait longer than this are written although they are few. */
const flushMs = 100;
/** A write of four times as much takes half the time of a core for each byte, in a file. A pipe takes no more than this at once. */
const flushChars = { file: 262_144, standardOutput: 65_536 };

/** One destination: lines are gathered and written with one call, one at a time. */
class LogFile {
  /** Programs that write to it. */
  references = 0;
  readonly #fd: number;
  readonly #options: AccessLogOptions;
  readonly #flushChars: number;
  #lines = "";
  #lineCount = 0;
  #isWriting = false;
  #isClosed = false;
  #timer: NodeJS.Timeout | undefined = undefined;

  constructor(fd: number, options: AccessLogOptions) {
    this.#fd = fd;
    this.#flushChars = fd === 1 ? flushChars.standardOutput : flushChars.file;
    this.#options = options;
  }

  add(line: string): void {
    if (this.#isClosed) return;
    if (this.#lines.length > bounds.accessLogBufferBytesMax.value) {
      this.#options.metrics.add("accessLogLinesDropped");
      return;
    }
    this.#lines += line;
    this.#lineCount++;
    if (this.#lines.length >= this.#flushChars) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), flushMs).unref();
  }

  #take(): Buffer {
    const text = Buffer.from(this.#lines, "utf8");
    this.#options.metrics.add("accessLogLines", this.#lineCount);
    this.#lines = "";
    this.#lineCount = 0;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    return text;
  }

  #flush(): void {
    this.#timer = undefined;
    if (this.#isWriting || this.#lines === "") return;
    this.#isWriting = true;
    this.#write(this.#take(), 0);
  }

  #write(text: Buffer, at: number): void {
    write(this.#fd, text, at, text.length - at, null, (error, written) => {
      if (error?.code === "EAGAIN") {
        // Standard output may be a pipe whose reader is slow.
        setTimeout(() => this.#write(text, at), 10).unref();
      } else if (error === null && at + written < text.length) this.#write(text, at + written);
      else {
        if (error !== null) this.#options.logger.error("access log can't be written", { error: error.message });
        this.#isWriting = false;
        if (this.#isClosed) {
          this.#closeFile();
          return;
        }
        if (this.#lines.length >= this.#flushChars) this.#flush();
        else if (this.#lines !== "") this.#timer ??= setTimeout(() => this.#flush(), flushMs).unref();
      }
    });
  }

  /** Writes what is left, waiting for it. The file is closed when no write is under way. */
  close(): void {
    this.#isClosed = true;
    const text = this.#take();
    try {
      if (text.length > 0) writeSync(this.#fd, text);
    } catch (error) {
      this.#options.logger.error("access log can't be written", { error: String(error) });
    }
    if (!this.#isWriting) this.#closeFile();
  }

  #closeFile(): void {
    if (this.#fd > 2) closeSync(this.#fd);
  }
}

export interface AccessLogOptions {
  /** `-` is standard output, else a folder with a file for each log group. */
  readonly target: string;
  /** Takes lines, besides, whose destination is a log group. */
  readonly logs: LogSink;
  /** Takes lines, besides, whose destination is a delivery stream. Returns undefined where it is not known where streams are. */
  readonly openStream?: (destinationArn: string) => AccessLog | undefined;
  /** A collector gets the lines, too. */
  readonly isExported?: boolean;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** An open log; lines end with a newline. */
export interface AccessLog {
  write(line: string, exchange?: LoggedExchange): void;
  close(): void;
}

/** The stage whose access log is opened. */
export type AccessLoggedStage = Pick<LogStreamAddress, "account" | "region"> &
  Pick<ExportedLog, "apiKind" | "apiId" | "apiName" | "stageName">;

interface OpenAccessLog {
  /** The log stream in the log group. */
  readonly stream: string;
  readonly isOfCanary?: boolean;
  readonly stage: AccessLoggedStage;
}

/** Writes access logs in batches. Each batch is one append of whole lines, so lines of several threads don't mix. */
export class AccessLogWriter {
  readonly #options: AccessLogOptions;
  readonly #files = new Map<string, LogFile>();

  constructor(options: AccessLogOptions) {
    this.#options = options;
  }

  /**
   * Opens the log of a log group, with the stream to write to there, or of a delivery stream. Returns undefined if it
   * can't be opened. A canary's lines go to a log group of its own, besides.
   */
  open(destinationArn: string, { stream, isOfCanary = false, stage }: OpenAccessLog): AccessLog | undefined {
    const { account, region, ...api } = stage;
    const isExported = this.#options.isExported === true;
    const file = this.#openTarget(destinationArn);
    const deliveryStream = this.#options.openStream?.(destinationArn);
    const arn = /^arn:[^:]+:logs:([^:]+):([^:]+):log-group:([^:]+)/.exec(destinationArn);
    if (deliveryStream !== undefined || arn === null) {
      const exported = { kind: "access", ...api, isOnlyExported: true } as const;
      const collector = isExported && this.#openGroup({ account, region, group: destinationArn, stream, exported });
      return all([deliveryStream, file, collector]);
    }
    const [, groupRegion = "", groupAccount = "", group = ""] = arn;
    const address = { account: groupAccount, region: groupRegion, stream };
    return all([
      file,
      this.#openGroup({ ...address, group, ...(isExported && { exported: { kind: "access", ...api } }) }),
      isOfCanary && this.#openGroup({ ...address, group: canaryGroup(group) }),
      // Standard output has the lines of all groups, so each line is there once.
      isOfCanary && this.#options.target !== "-" && this.#openTarget(`:log-group:${canaryGroup(group)}`),
    ]);
  }

  #openGroup(address: LogStreamAddress): AccessLog {
    const writer = this.#options.logs.open(address);
    const { exported } = address;
    return {
      write(line, exchange) {
        const isTold = exported !== undefined && exchange !== undefined;
        writer.write(line.slice(0, -1), undefined, isTold ? { request: loggedRequest(exchange) } : undefined);
      },
      close: () => undefined,
    };
  }

  #openTarget(destinationArn: string): AccessLog | undefined {
    const name = this.#options.target === "-" ? "-" : fileName(destinationArn);
    const file = this.#files.get(name) ?? this.#openFile(name);
    if (file === undefined) return undefined;
    this.#files.set(name, file);
    file.references++;
    return {
      write: (line) => file.add(line),
      close: () => {
        if (--file.references > 0 || this.#files.get(name) !== file) return;
        this.#files.delete(name);
        file.close();
      },
    };
  }

  #openFile(name: string): LogFile | undefined {
    if (name === "-") return new LogFile(1, this.#options);
    try {
      mkdirSync(this.#options.target, { recursive: true });
      return new LogFile(openSync(join(this.#options.target, name), "a", 0o640), this.#options);
    } catch (error) {
      this.#options.logger.error("access log can't be opened", { name, error: String(error) });
      return undefined;
    }
  }

  close(): void {
    for (const file of this.#files.values()) file.close();
    this.#files.clear();
  }
}

/** Returns a log that writes to all of these; undefined if there are none. */
function all(given: readonly (AccessLog | false | undefined)[]): AccessLog | undefined {
  const logs = given.filter((log) => log !== undefined && log !== false);
  if (logs.length < 2) return logs[0];
  return {
    write(line, exchange) {
      for (const log of logs) log.write(line, exchange);
    },
    close() {
      for (const log of logs) log.close();
    },
  };
}

/** Returns the name of a log group's file: `/aws/api` becomes `aws-api.log`. */
function fileName(destinationArn: string): string {
  const name = /:log-group:([^:]+)/.exec(destinationArn)?.[1] ?? destinationArn.split("/").at(-1) ?? "";
  const safe = name.replaceAll(/[^A-Za-z0-9._-]+/g, "-").replace(/^[-.]+/, "");
  return `${safe === "" ? "access" : safe.slice(0, 200)}.log`;
}
