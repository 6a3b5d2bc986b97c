import { setTimeout as wait } from "node:timers/promises";
import { makeConditionContext } from "../../access/condition-keys.ts";
import { parsePolicy } from "../../access/policy.ts";
import { type Credentials, RequestSigner } from "../../access/request-signer.ts";
import { bounds } from "../../base/bounds.ts";
import type { Clock } from "../../base/clock.ts";
import type { EventClient, FunctionFacts } from "../../functions/function-client.ts";
import type { Store } from "../../store/store.ts";
import type { Logger } from "../../telemetry/logger.ts";
import { type AlarmDocument, actionsOf } from "./alarm-document.ts";
import { alarmEvent, notification, notificationSubject } from "./alarm-events.ts";
import type { AlarmChange } from "./alarm-families.ts";
import { actionLine, record } from "./alarm-history.ts";
import { kindOfAction } from "./alarm-rules.ts";

export interface AlarmActionsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly functions: {
    describe(functionArn: string): FunctionFacts | undefined;
    /** Says by name what is not there. */
    problemOf(functionArn: string): string | undefined;
    readonly accept: EventClient["accept"];
  };
  /** Finds where a region's SNS is, and with what an account's calls are signed; or why it is nowhere. */
  readonly findSns: (region: string, account: string) => Receiver | { readonly problem: string };
  readonly hasWebhooks: boolean;
  /** Sends a POST, follows no redirect, and resolves with the status of the answer. */
  readonly post: (request: AlarmPost) => Promise<number>;
}

export interface AlarmPost {
  readonly url: string;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly body: Buffer;
  readonly signal: AbortSignal;
}

interface Receiver {
  readonly origin: string;
  readonly credentials: Credentials;
}

/** How an attempt ended: done, or why not and whether another may succeed. */
type Attempt = { readonly problem?: string; readonly isFinal?: boolean };

/** Runs what alarms do when their states change. AWS: CloudWatch User Guide, "Acting on alarm changes". */
export class AlarmActions {
  readonly #options: AlarmActionsOptions;
  readonly #running = new Set<Promise<void>>();
  readonly #closing = new AbortController();

  constructor(options: AlarmActionsOptions) {
    this.#options = options;
  }

  /** Runs the actions of an alarm's new state, without waiting for them. What becomes of each is in its history. */
  act(change: AlarmChange): void {
    const { settings, state } = change.after;
    if (!settings.ActionsEnabled) return;
    for (const action of actionsOf(settings, state.value)) {
      const run = this.#run(action, change).finally(() => this.#running.delete(run));
      this.#running.add(run);
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#running);
  }

  async #run(action: string, change: AlarmChange): Promise<void> {
    const { store, clock, logger } = this.#options;
    const { account, region, after } = change;
    const isTooMany = this.#running.size >= bounds.alarmActionsMax.value;
    const problem = isTooMany ? "too many actions are under way" : await this.#tryOften(action, change);
    if (problem !== undefined) logger.warn("An alarm's action failed.", { alarm: after.arn, action, reason: problem });
    try {
      const message = kindOfAction(action) === "sns" ? notification(change) : alarmEvent(change);
      await store.write({ account, region }, (tx) =>
        record(tx, after.name, clock.now(), actionLine(action, message, after.state.updatedAt, problem)),
      );
    } catch (error) {
      logger.error("What an alarm did could not be written to its history.", {
        alarm: after.arn,
        error: String(error),
      });
    }
  }

  async #tryOften(action: string, change: AlarmChange): Promise<string | undefined> {
    let pauseMs = bounds.alarmActionPauseMs.value;
    for (let attempt = 1; ; attempt++) {
      const { problem, isFinal = false } = await this.#try(action, change).catch((error: unknown) => ({
        problem: describe(error),
        isFinal: false,
      }));
      if (problem === undefined) return undefined;
      if (isFinal || attempt >= bounds.alarmActionAttemptsMax.value || this.#closing.signal.aborted) return problem;
      await wait(pauseMs, undefined, { signal: this.#closing.signal, ref: false }).catch(() => undefined);
      pauseMs *= 2;
    }
  }

  #try(action: string, change: AlarmChange): Promise<Attempt> {
    switch (kindOfAction(action)) {
      case "lambda":
        return this.#invoke(action, change);
      case "sns":
        return this.#publish(action, change);
      case "webhook":
        return this.#post(action, change);
      default:
        return Promise.resolve({ problem: "Portico can't run such an action", isFinal: true });
    }
  }

  /** AWS: "Invoke a Lambda function from an alarm": asynchronously, if the function's policy lets it. */
  async #invoke(functionArn: string, change: AlarmChange): Promise<Attempt> {
    const { functions } = this.#options;
    const facts = functions.describe(functionArn);
    if (facts === undefined) {
      return { problem: functions.problemOf(functionArn) ?? "the function is not there", isFinal: true };
    }
    if (!mayInvoke(facts, change.after, change.account)) {
      const problem =
        "CloudWatch Alarms is not authorized to perform: lambda:InvokeFunction on the resource because no resource-based policy allows the lambda:InvokeFunction action";
      return { problem, isFinal: true };
    }
    const outcome = await functions.accept({ functionArn, payload: alarmEvent(change) });
    if (outcome.kind === "accepted") return {};
    return { problem: `${outcome.code}: ${outcome.message}`, isFinal: outcome.status < 500 && outcome.status !== 429 };
  }

  /** AWS: SNS API reference, "Publish". */
  async #publish(topicArn: string, change: AlarmChange): Promise<Attempt> {
    const region = topicArn.split(":")[3] ?? change.region;
    const found = this.#options.findSns(region, change.account);
    if ("problem" in found) return { problem: found.problem, isFinal: true };
    const form = new URLSearchParams({
      Action: "Publish",
      Version: "2010-03-31",
      TopicArn: topicArn,
      Subject: notificationSubject(change),
      Message: notification(change),
    });
    const body = Buffer.from(form.toString());
    const { origin, credentials } = found;
    const list = ["Content-Type", "application/x-www-form-urlencoded; charset=utf-8"];
    const request = { method: "POST", target: "/", host: new URL(origin).host, headers: list, body };
    new RequestSigner({ service: "sns", region }).sign(request, credentials, this.#options.clock.now());
    return this.#send(`${origin}/`, list, body);
  }

  /** Beyond AWS: the event that functions get, too, by HTTP. */
  #post(url: string, change: AlarmChange): Promise<Attempt> {
    if (!this.#options.hasWebhooks) {
      return Promise.resolve({ problem: "this server does not call URLs: --beyond-aws alarm-webhooks", isFinal: true });
    }
    return this.#send(url, ["Content-Type", "application/json"], Buffer.from(alarmEvent(change)));
  }

  async #send(url: string, list: readonly string[], body: Buffer): Promise<Attempt> {
    const signal = AbortSignal.any([AbortSignal.timeout(bounds.alarmActionMsMax.value), this.#closing.signal]);
    const status = await this.#options.post({ url, headers: list, body, signal });
    if (status >= 200 && status < 300) return {};
    return { problem: `${new URL(url).origin} answered ${status}`, isFinal: status < 500 && status !== 429 };
  }
}

/** AWS: the service principal of alarms. */
const servicePrincipal = "lambda.alarms.cloudwatch.amazonaws.com";

function mayInvoke({ functionArn, policy }: FunctionFacts, alarm: AlarmDocument, account: string): boolean {
  if (policy === undefined) return false;
  const decision = parsePolicy(policy).decide({
    action: "lambda:InvokeFunction",
    resource: functionArn,
    servicePrincipal,
    context: makeConditionContext({
      kind: "service",
      servicePrincipal,
      sourceArn: alarm.arn,
      sourceAccount: account,
      resource: functionArn,
    }),
  });
  return decision.kind === "allowed";
}

function describe(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}
