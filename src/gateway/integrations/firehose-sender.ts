import { RequestSigner } from "../../access/request-signer.ts";
import { bounds } from "../../base/bounds.ts";
import type { Clock } from "../../base/clock.ts";
import { readText } from "../../base/read-bytes.ts";
import type { AwsServicePlan } from "../../plan/steps.ts";
import type { AccessLog } from "../../telemetry/access-log-writer.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type { Metrics } from "../../telemetry/metrics.ts";
import type { AwsServices } from "./aws-services.ts";

const flushMs = 1_000;
const firstPauseMs = 500;
/** The shortest time between two warnings about a stream. */
const warningMs = 60_000;
/** AWS: API Gateway Developer Guide, "Log REST API calls to Amazon Data Firehose": the stream's name. */
const destination = /^arn:(aws[a-z-]*):firehose:([a-z0-9-]+):(\d{12}):deliverystream\/(amazon-apigateway-[\w.-]+)$/;

export interface FirehoseSenderOptions {
  readonly services: AwsServices;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/**
 * Sends access logs to delivery streams of Firehose: where the settings say that it is. Lines are gathered, and go in batches, one
 * after another. A stream that takes none, or is slow, costs lines, which are counted, and never a request.
 */
export class FirehoseSender {
  readonly #options: FirehoseSenderOptions;
  readonly #streams = new Map<string, DeliveryStream>();

  constructor(options: FirehoseSenderOptions) {
    this.#options = options;
  }

  /** Returns the log of a delivery stream; undefined for other destinations, and where nobody has said where Firehose is. */
  open(destinationArn: string): AccessLog | undefined {
    const [, partition, region, account, name] = destination.exec(destinationArn) ?? [];
    if (partition === undefined || region === undefined || account === undefined || name === undefined)
      return undefined;
    const host = `firehose.${region}.amazonaws.com${partition === "aws-cn" ? ".cn" : ""}`;
    const service = { names: ["firehose", "Firehose"], host, signingName: "firehose", signingRegion: region };
    const origin = this.#options.services.originOf(service);
    if (origin === undefined) return undefined;
    let stream = this.#streams.get(destinationArn);
    if (stream === undefined) {
      stream = new DeliveryStream({ ...this.#options, service, origin, account, name });
      this.#streams.set(destinationArn, stream);
    }
    // A stream stays open for the lines that wait, and for the next program of its stage.
    const open = stream;
    return { write: (line) => open.add(line), close: () => undefined };
  }

  /** Sends what waits, within bounded time. */
  async close(): Promise<void> {
    await Promise.all([...this.#streams.values()].map((stream) => stream.close()));
  }
}

interface DeliveryStreamOptions extends FirehoseSenderOptions {
  readonly service: AwsServicePlan;
  readonly origin: string;
  readonly account: string;
  readonly name: string;
}

class DeliveryStream {
  readonly #options: DeliveryStreamOptions;
  readonly #signer: RequestSigner;
  #waiting: string[] = [];
  #chars = 0;
  /** The records of the batch that are not taken yet. */
  #underWay = 0;
  #timer: NodeJS.Timeout | undefined = undefined;
  #sending: Promise<void> | undefined = undefined;
  #isClosing = false;
  /** Breaks off the request under way. */
  readonly #end = new AbortController();
  #wake: () => void = () => undefined;
  #warnedMs = Number.NEGATIVE_INFINITY;

  constructor(options: DeliveryStreamOptions) {
    this.#options = options;
    this.#signer = new RequestSigner({ service: "firehose", region: options.service.signingRegion });
  }

  add(line: string): void {
    if (this.#chars + line.length > bounds.accessLogBufferBytesMax.value || this.#isClosing) {
      this.#drop(1, "they come faster than the stream takes them");
      return;
    }
    this.#waiting.push(line);
    this.#chars += line.length;
    if (this.#sending !== undefined) return;
    if (this.#waiting.length >= bounds.firehoseRecordsMax.value) this.#send();
    else this.#timer ??= setTimeout(() => this.#send(), flushMs).unref();
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    this.#wake();
    this.#send();
    const late = new Promise<void>((resolve) => setTimeout(resolve, bounds.firehoseCloseMsMax.value).unref());
    await Promise.race([this.#sending, late]);
    // A request that is answered too late must not keep its thread alive.
    this.#end.abort();
    const left = this.#waiting.length + this.#underWay;
    if (left > 0) this.#drop(left, "the server stops");
  }

  #send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined;
    });
  }

  async #sendAll(): Promise<void> {
    while (this.#waiting.length > 0 && !this.#end.signal.aborted) {
      await this.#deliver(this.#takeBatch());
      this.#underWay = 0;
    }
  }

  /** AWS: Firehose API reference, "PutRecordBatch": 500 records, and 4 MiB. */
  #takeBatch(): readonly string[] {
    let chars = 0;
    let count = 0;
    while (count < this.#waiting.length && count < bounds.firehoseRecordsMax.value) {
      chars += this.#waiting[count]!.length;
      if (count > 0 && chars > bounds.firehoseBatchCharsMax.value) break;
      count++;
    }
    const batch = this.#waiting.splice(0, count);
    for (const line of batch) this.#chars -= line.length;
    return batch;
  }

  async #deliver(batch: readonly string[]): Promise<void> {
    let left = batch.map((line) => Buffer.from(line).toString("base64"));
    for (let attempt = 1, pauseMs = firstPauseMs; ; attempt++, pauseMs *= 2) {
      this.#underWay = left.length;
      const outcome = await this.#put(left);
      if (this.#end.signal.aborted) return;
      if (outcome.kind === "taken") {
        this.#options.metrics.add("accessLogLines", left.length - outcome.refused.length);
        if (outcome.refused.length === 0) return;
        left = outcome.refused.map((index) => left[index]!);
      }
      const why = outcome.kind === "failed" ? outcome.why : "the stream refused them";
      const isOver = outcome.kind === "failed" && !outcome.isRetryable;
      if (isOver || attempt >= bounds.firehoseAttemptsMax.value || this.#isClosing) {
        this.#drop(left.length, why);
        return;
      }
      await this.#pause(pauseMs);
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      timer.unref();
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #put(records: readonly string[]): Promise<PutOutcome> {
    const { services, service, origin, account, name, clock } = this.#options;
    const url = new URL("/", origin);
    const body = JSON.stringify({ DeliveryStreamName: name, Records: records.map((Data) => ({ Data })) });
    const headers = ["Content-Type", "application/x-amz-json-1.1", "X-Amz-Target", "Firehose_20150804.PutRecordBatch"];
    const request = { method: "POST", target: "/", host: url.host, headers, body: Buffer.from(body) };
    this.#signer.sign(request, services.serviceCredentials(account, service), clock.now());
    const sent: [string, string][] = [];
    for (let index = 0; index < headers.length; index += 2) sent.push([headers[index]!, headers[index + 1]!]);
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: sent,
        body,
        redirect: "error",
        signal: AbortSignal.any([AbortSignal.timeout(bounds.firehoseRequestMsMax.value), this.#end.signal]),
      });
      const answer = await readText(response, bounds.firehoseAnswerBytesMax.value);
      if (!response.ok) {
        const isRetryable = response.status >= 500 ? response.status !== 501 : response.status === 429;
        return { kind: "failed", isRetryable, why: `Firehose answered ${response.status} ${answer.slice(0, 200)}` };
      }
      return { kind: "taken", refused: readRefused(answer, records.length) };
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      return { kind: "failed", isRetryable: true, why: cause instanceof Error ? cause.message : String(cause) };
    }
  }

  #drop(count: number, why: string): void {
    const { metrics, logger, clock, name } = this.#options;
    metrics.add("accessLogLinesDropped", count);
    if (clock.now() - this.#warnedMs < warningMs) return;
    this.#warnedMs = clock.now();
    logger.warn("access log lines for Firehose are dropped", { deliveryStream: name, count, why });
  }
}

type PutOutcome =
  /** `refused` has the indexes of the records that the stream did not take. */
  | { readonly kind: "taken"; readonly refused: readonly number[] }
  | { readonly kind: "failed"; readonly isRetryable: boolean; readonly why: string };

/** AWS: PutRecordBatch: "you should detect individual failed records and resend them". What can't be read says nothing of any. */
function readRefused(answer: string, count: number): number[] {
  try {
    const { FailedPutCount, RequestResponses } = JSON.parse(answer) as {
      readonly FailedPutCount?: unknown;
      readonly RequestResponses?: unknown;
    };
    if (!(Number(FailedPutCount) > 0) || !Array.isArray(RequestResponses)) return [];
    return RequestResponses.slice(0, count).flatMap((each: { readonly ErrorCode?: unknown } | null, index) =>
      each?.ErrorCode === undefined ? [] : [index],
    );
  } catch {
    return [];
  }
}
