// The rows of gates that REST APIs and HTTP APIs have from the same steps.

import { addKey, scope } from "../exchange/fake-keys.ts";
import type { GateTable, Refusal, Row } from "./gate-tables.ts";
import {
  allowedUser,
  ann,
  type Draft,
  type GuardedBase,
  type GuardedKind,
  keyValue,
  type MethodOf,
  userOf,
  webAcl,
  webAclArn,
} from "./guarded-api.ts";

/** An API of any kind, which has the route `none`. */
interface AnyApi extends Omit<GuardedBase<GuardedKind>, "call" | "plan" | "configure"> {
  plan(): { readonly apiId: string };
  call(method: "none"): Promise<unknown>;
}

interface SharedRow extends Omit<Row, "on" | "after" | "send"> {
  readonly on?: readonly never[];
  readonly after?: (api: AnyApi) => unknown;
  readonly send?: (draft: Draft) => void;
}

const sentHeader = (name: string, value: string | undefined): Pick<SharedRow, "send"> => ({
  send: (draft) => {
    if (value === undefined) delete draft.headers[name];
    else draft.headers[name] = value;
  },
});

/** The requests that somebody signed whom nobody lets through. */
export const foreignSigners = ({
  badSignature,
  unknownKey,
  denied,
}: Readonly<Record<"badSignature" | "unknownKey" | "denied", Refusal>>): readonly SharedRow[] => [
  {
    what: "another region",
    refusal: badSignature,
    send: (draft) => {
      draft.signing = { region: "eu-west-1" };
    },
  },
  {
    what: "another service",
    refusal: badSignature,
    send: (draft) => {
      draft.signing = { service: "lambda" };
    },
  },
  {
    what: "a key that nobody has",
    refusal: unknownKey,
    send: (draft) => {
      draft.credentials = { ...ann, accessKeyId: "AKIANOBODY" };
    },
  },
  {
    what: "another's secret",
    refusal: badSignature,
    send: (draft) => {
      draft.credentials = { ...ann, secretAccessKey: "guessed" };
    },
  },
  {
    what: "another account's user",
    refusal: denied,
    after: ({ gateway }) => {
      const theirs = userOf("111111111111", { Effect: "Allow", Action: "*", Resource: "*" });
      gateway.gateway.callers.setIdentity("user/theirs", theirs);
      gateway.gateway.callers.setAccessKey("AKIATHEIRS", { secret: "s", isActive: true, ownerArn: theirs.arn });
    },
    send: (draft) => {
      draft.credentials = { accessKeyId: "AKIATHEIRS", secretAccessKey: "s" };
    },
  },
];

/** What takes a caller's rights away after the deployment. */
export const changedSigners = ({
  unknownKey,
  denied,
}: Readonly<Record<"unknownKey" | "denied", Refusal>>): readonly SharedRow[] => [
  {
    what: "an inactive key",
    refusal: unknownKey,
    after: ({ gateway }) =>
      gateway.gateway.callers.setAccessKey(ann.accessKeyId, {
        secret: ann.secretAccessKey,
        isActive: false,
        ownerArn: allowedUser.arn,
      }),
  },
  {
    what: "a deleted key",
    refusal: unknownKey,
    after: ({ gateway }) => gateway.gateway.callers.setAccessKey(ann.accessKeyId, null),
  },
  {
    what: "a deleted user",
    refusal: unknownKey,
    after: ({ gateway }) => gateway.gateway.callers.setIdentity("user/ann", null),
  },
  {
    what: "a Deny",
    refusal: denied,
    after: ({ gateway }) =>
      gateway.gateway.callers.setIdentity(
        "user/ann",
        userOf(
          scope.account,
          { Effect: "Allow", Action: "*", Resource: "*" },
          { Effect: "Deny", Action: "execute-api:*", Resource: "*" },
        ),
      ),
  },
];

/** A user's policy that can't be read. */
export const unreadableUserPolicy: Pick<SharedRow, "what" | "after"> = {
  what: "a policy that can't be read",
  after: ({ gateway }) =>
    gateway.gateway.callers.setIdentity("user/ann", { ...allowedUser, policies: [{ name: "own", document: "{" }] }),
};

/** The gates of API keys. A key that is sent twice is tried where the request is not signed. */
export function makeKeyGates<Kind extends GuardedKind>(
  methods: readonly MethodOf<Kind>[],
  unsigned: readonly MethodOf<Kind>[],
  {
    refusals: { noKey, throttled, exceeded, failed },
    misspelt,
    moved,
  }: {
    readonly refusals: Readonly<Record<"noKey" | "throttled" | "exceeded" | "failed", Refusal>>;
    /** Where the key is, in words that nobody knows. */
    readonly misspelt: Omit<Row<Kind>, "what">;
    /** The key is the authorizer's. */
    readonly moved: Pick<Row<Kind>, "after">;
  },
): { readonly "api-key": GateTable<Kind>; readonly quota: GateTable<Kind> } {
  return {
    "api-key": {
      methods,
      without: { steps: ["api-key", "quota"] },
      faults: {
        absent: [
          { what: "no key", refusal: noKey, ...sentHeader("x-api-key", undefined) },
          { what: "an empty key", refusal: noKey, ...sentHeader("x-api-key", "") },
          {
            what: "in the query",
            refusal: noKey,
            send: (draft) => {
              delete draft.headers["x-api-key"];
              draft.query["x-api-key"] = keyValue;
            },
          },
        ],
        malformed: [
          {
            what: "twice",
            refusal: noKey,
            on: unsigned,
            send: (draft: Draft) => {
              draft.tamper = (headers) => {
                headers["x-api-key"] = [keyValue, keyValue];
              };
            },
          },
          { what: "in another case", refusal: noKey, ...sentHeader("x-api-key", keyValue.toUpperCase()) },
          { what: "its beginning", refusal: noKey, ...sentHeader("x-api-key", keyValue.slice(0, -1)) },
          { what: "its id", refusal: noKey, ...sentHeader("x-api-key", "key") },
          { what: "a misspelt source", ...misspelt },
        ],
        expired: "API keys do not expire",
        foreign: [
          {
            what: "another account's",
            refusal: noKey,
            after: ({ table, throttles }) =>
              addKey(table, { id: "theirs", value: "theirKeyOfTwentyOrMore1", plans: ["plan"] }, throttles.clients, {
                of: { ...scope, account: "111111111111" },
              }),
            ...sentHeader("x-api-key", "theirKeyOfTwentyOrMore1"),
          },
          {
            what: "another region's",
            refusal: noKey,
            after: ({ table, throttles }) =>
              addKey(table, { id: "far", value: "farKeyOfTwentyOrMore123", plans: ["plan"] }, throttles.clients, {
                of: { ...scope, region: "eu-west-1" },
              }),
            ...sentHeader("x-api-key", "farKeyOfTwentyOrMore123"),
          },
          {
            what: "of no plan",
            refusal: noKey,
            after: ({ table, throttles }) =>
              addKey(table, { id: "lone", value: "loneKeyOfTwentyOrMore12" }, throttles.clients),
            ...sentHeader("x-api-key", "loneKeyOfTwentyOrMore12"),
          },
          {
            what: "of a plan of another stage",
            refusal: noKey,
            after: (api) =>
              api.setUsagePlan({ stages: [{ apiId: api.plan().apiId, stageName: "dev", throttles: {} }] }),
          },
        ],
        unreachable: "keys are in memory that control shares with the thread",
        changed: [
          {
            what: "disabled",
            refusal: noKey,
            after: ({ table }) => table.put(scope, { id: "key", value: keyValue, isEnabled: false }),
          },
          { what: "deleted", refusal: noKey, after: ({ table }) => table.delete(scope, "key") },
          {
            what: "the plan withdrawn",
            refusal: noKey,
            after: ({ gateway }) => gateway.gateway.setUsagePlan("000000000000/us-east-1/plan", null),
          },
          {
            what: "throttled by its plan",
            refusal: throttled,
            after: (api) => api.setUsagePlan({ throttle: { ratePerSecond: 0 } }),
          },
          { what: "the source", refusal: noKey, ...moved },
        ],
      },
    },
    quota: {
      methods,
      without: { steps: ["quota"] },
      faults: {
        absent: [
          {
            what: "a quota of nothing",
            refusal: exceeded,
            after: (api) => api.setUsagePlan({ quota: { limit: 0, offset: 0, period: "DAY" } }),
          },
        ],
        malformed: [
          {
            what: "a limit that is no number",
            refusal: exceeded,
            after: (api) => api.setUsagePlan({ quota: { limit: "many" as never, offset: 0, period: "DAY" } }),
          },
          {
            what: "a period that is none",
            refusal: failed,
            after: (api) => api.setUsagePlan({ quota: { limit: 9, offset: 0, period: "YEAR" as never } }),
          },
        ],
        expired: [
          {
            what: "a period that comes again",
            refusal: exceeded,
            after: async (api) => {
              api.setUsagePlan({ quota: { limit: 1, offset: 0, period: "DAY" } });
              await api.call("none");
              // The throttles see a clock that went back, too, and fill anew.
              api.clock.advance(-86_400_000);
              await api.call("none");
              api.clock.advance(60_000);
            },
            on: ["none"],
          },
        ],
        foreign: "a key's count is its own",
        unreachable: [
          {
            what: "counts that can't be saved",
            refusal: failed,
            on: ["none"],
            options: { saved: () => Promise.resolve(false) },
            after: async (api) => {
              api.setUsagePlan({ quota: { limit: 10_000, offset: 0, period: "DAY" } });
              for (let count = 0; count < 1_000; count++) await api.call("none");
            },
          },
        ],
        changed: [
          {
            what: "used up",
            refusal: exceeded,
            after: async (api) => {
              api.setUsagePlan({ quota: { limit: 1, offset: 0, period: "MONTH" } });
              await api.call("none");
            },
          },
        ],
      },
    },
  };
}

/** The gate of the stage's web ACL. */
export function makeWebAclGate<Kind extends GuardedKind>(
  methods: readonly MethodOf<Kind>[],
  { forbidden, closed }: Readonly<Record<"forbidden" | "closed", Refusal>>,
  another: Pick<Row<Kind>, "after">,
): { readonly webAclArn: GateTable<Kind> } {
  return {
    webAclArn: {
      methods,
      without: { members: ["webAclArn"] },
      faults: {
        absent: [
          {
            what: "a web ACL that nobody published",
            refusal: closed,
            after: ({ gateway }) => gateway.gateway.setWebAcl(webAclArn, null),
          },
        ],
        malformed: [
          {
            what: "a web ACL that is garbage",
            refusal: closed,
            after: ({ gateway }) => gateway.gateway.setWebAcl(webAclArn, { ...webAcl, webAcl: {} } as never),
          },
        ],
        expired: "nothing of it expires",
        foreign: [
          {
            what: "a request that it blocks",
            refusal: forbidden,
            send: ({ query }) => {
              query["q"] = "attack";
            },
          },
          { what: "another web ACL", refusal: closed, ...another },
        ],
        unreachable: [
          {
            what: "a web ACL that control can't read",
            refusal: closed,
            after: ({ gateway }) =>
              gateway.gateway.setWebAcl(webAclArn, { kind: "closed", reason: "it is in no store" }),
          },
        ],
        changed: [
          {
            what: "a rule that blocks all",
            refusal: forbidden,
            after: ({ gateway }) =>
              gateway.gateway.setWebAcl(webAclArn, {
                ...webAcl,
                webAcl: { ...(webAcl as { webAcl: object }).webAcl, DefaultAction: { Block: {} } },
              } as never),
          },
        ],
      },
    },
  };
}
