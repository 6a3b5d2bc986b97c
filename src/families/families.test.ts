// A newcomer's two families over a store in memory: one as API Gateway v2 has them, and one as v1 has them.
import assert from "node:assert/strict";
import { after, beforeEach, describe, it } from "node:test";
import { rerunningStore } from "../../test/contract/rerunning-store.ts";
import { ManualClock } from "../base/clock.ts";
import { randomIds } from "../base/ids.ts";
import { badRequest, notFound } from "../protocol/errors.ts";
import type { CallContext, Operations } from "../protocol/operation.ts";
import { type PagingDialect, restPaging } from "../protocol/paging.ts";
import { openSqliteStore } from "../store/sqlite-store.ts";
import { creationOrder } from "../store/store.ts";
import { bindOperations, makeFamilies } from "./make-families.ts";
import { type MergeRules, mergedAs, mergedUnlessEmpty, mergeInto, unmerged } from "./merge.ts";
import { entry, listPaths, member, type PatchOperation, text } from "./patch.ts";
import { nonEmpty, present, regionalScope } from "./work.ts";

// A made-up service, typed as SDKs type theirs.

/** A method of an SDK's client. */
type Call<Input> = (input: Input, options: object) => Promise<unknown>;

interface Parks {
  createPark: Call<{ Name: string | undefined }>;
  deletePark: Call<{ ParkId: string | undefined }>;
  createRide: Call<{ ParkId: string | undefined; Name: string | undefined; MinimumHeight?: number | undefined }>;
  getRide: Call<{ ParkId: string | undefined; RideId: string | undefined }>;
  getRides: Call<{ ParkId: string | undefined; MaxResults?: string | undefined; NextToken?: string | undefined }>;
  updateRide: Call<{
    ParkId: string | undefined;
    RideId: string | undefined;
    Name?: string | undefined;
    Description?: string | undefined;
    MinimumHeight?: number | undefined;
    Labels?: Record<string, string> | undefined;
  }>;
  deleteRide: Call<{ ParkId: string | undefined; RideId: string | undefined }>;
  createSeat: Call<{ ParkId: string | undefined; RideId: string | undefined; Row: string | undefined }>;
  getSeat: Call<{ ParkId: string | undefined; RideId: string | undefined; Row: string | undefined }>;
  createTicket: Call<{ name?: string | undefined }>;
  getTicket: Call<{ ticketId: string | undefined }>;
  getTickets: Call<{ limit?: number | undefined; position?: string | undefined }>;
  updateTicket: Call<{ ticketId: string | undefined; patchOperations?: PatchOperation[] | undefined }>;
  deleteTicket: Call<{ ticketId: string | undefined }>;
}

interface Park {
  readonly parkId: string;
  readonly name: string;
}

interface Ride {
  readonly rideId: string;
  readonly name: string;
  readonly description?: string;
  readonly minimumHeightCm?: number;
  readonly labels?: Readonly<Record<string, string>>;
}

interface Ticket {
  readonly id: string;
  readonly name?: string;
  readonly variables?: Readonly<Record<string, string>>;
}

const v2Paging: PagingDialect = {
  ...restPaging,
  invalidLimit: "Invalid MaxResults",
  members: { limit: "MaxResults", token: "NextToken", items: "Items", next: "NextToken" },
};

interface ParkService {
  readonly applied: string[];
}

const v2 = makeFamilies<Parks, ParkService>({ scopeOf: regionalScope, paging: v2Paging });

const parks = v2.documents({
  kind: "park",
  member: "ParkId",
  idOf: (park: Park) => park.parkId,
  missing: (id) => notFound(`Invalid park ${id}`),
});

const rides = v2.documents({
  kind: "ride",
  parent: parks,
  member: "RideId",
  idOf: (ride: Ride) => ride.rideId,
  order: creationOrder,
  missing: (id) => notFound(`Invalid ride ${id}`),
});

const park = v2.defineResource({
  operations: { create: "CreatePark", delete: "DeletePark" },
  place: parks,
  create: async (work) => ({ parkId: await parks.freshId(work, 8), name: work.input.Name }),
});

const ride = v2.defineResource({
  operations: { create: "CreateRide", get: "GetRide", list: "GetRides", update: "UpdateRide", delete: "DeleteRide" },
  place: rides,
  async create(work) {
    const { Name: name, MinimumHeight: minimumHeightCm } = work.input;
    const made = present<Ride>({
      rideId: await rides.freshId(work, 8),
      name: `${work.parent.name}: ${name}`,
      description: undefined,
      minimumHeightCm,
      labels: undefined,
    });
    work.afterCommit(async () => void work.applied.push(made.rideId));
    return made;
  },
  merge: {
    ParkId: unmerged,
    MinimumHeight: mergedAs("minimumHeightCm"),
    Labels: (given, before) => ({ labels: nonEmpty({ ...before.labels, ...given }) }),
  },
  complete(item) {
    if ((item.minimumHeightCm ?? 0) < 0) throw badRequest("Invalid height");
    return item;
  },
  view: ({ rideId: RideId, name: Name, ...others }) => ({ RideId, Name, ...others }),
});

const seats = v2.documents({
  kind: "seat",
  parent: rides,
  member: "Row",
  idOf: (seat: { readonly row: string; readonly of: string }) => seat.row,
  missing: (row) => notFound(`Invalid row ${row}`),
});

const seat = v2.defineResource({
  operations: { create: "CreateSeat", get: "GetSeat" },
  place: seats,
  create: async ({ input, parent }) => ({ row: input.Row, of: parent.name }),
});

const v1 = makeFamilies<Parks, ParkService>({
  scopeOf: regionalScope,
  paging: restPaging,
  patchOperationsMax: () => 3,
});

const tickets = v1.documents({
  kind: "ticket",
  member: "ticketId",
  idOf: (ticket: Ticket) => ticket.id,
  missing: () => notFound("Invalid Ticket identifier specified"),
});

const ticket = v1.defineResource({
  operations: {
    create: "CreateTicket",
    get: "GetTicket",
    list: "GetTickets",
    update: "UpdateTicket",
    delete: "DeleteTicket",
  },
  place: tickets,
  create: async (work) =>
    present<Ticket>({ id: await tickets.freshId(work, 6), name: work.input.name, variables: undefined }),
  patch: {
    refuse: listPaths,
    rules: { "/name": member("name", text, { clears: true }), "/variables/{name}": entry("variables", text) },
  },
});

// A write's work may run twice; nothing may come of the first run.
const store = rerunningStore(openSqliteStore());
const applied: string[] = [];
const operations: Operations = bindOperations({ ...park, ...ride, ...seat, ...ticket }, store, { applied });
after(() => store.close());
beforeEach(async () => {
  await store.reset();
  applied.length = 0;
});

const call: CallContext = {
  account: "123456789012",
  region: "eu-west-1",
  requestId: "r",
  clock: new ManualClock(0),
  ids: randomIds,
  host: "localhost",
  accessKeyId: undefined,
  userAgent: undefined,
};

// biome-ignore lint/suspicious/noExplicitAny: answers as a caller has them.
const run = (name: string, input: object): Promise<any> => operations[name]!(input, call);
const refusal = (code: string, message: string) => ({ code, message });

async function aRide(members: object = {}): Promise<{ readonly ParkId: string; readonly RideId: string }> {
  const { parkId: ParkId } = await run("CreatePark", { Name: "Tivoli" });
  const { RideId } = await run("CreateRide", { ParkId, Name: "Wheel", ...members });
  return { ParkId, RideId };
}

describe("a family with a parent, pages by NextToken and updates by merging", () => {
  it("is created below its parent and read back as it is viewed", async () => {
    const { ParkId, RideId } = await aRide({ MinimumHeight: 120 });
    const shown = { RideId, Name: "Tivoli: Wheel", minimumHeightCm: 120 };
    assert.deepEqual(await run("GetRide", { ParkId, RideId }), shown);
  });

  it("answers a missing parent's 404 from each operation, before anything of its own", async () => {
    const { RideId } = await aRide();
    for (const name of ["CreateRide", "GetRide", "GetRides", "UpdateRide", "DeleteRide", "GetSeat"]) {
      const input = { ParkId: "gone", RideId, Name: "Other", Row: "1" };
      await assert.rejects(run(name, input), refusal("NotFoundException", "Invalid park gone"), name);
    }
  });

  it("answers a missing item's 404, and never another parent's item", async () => {
    const { RideId } = await aRide();
    const other = await aRide();
    for (const name of ["GetRide", "UpdateRide", "DeleteRide"]) {
      const missing = refusal("NotFoundException", `Invalid ride ${RideId}`);
      await assert.rejects(run(name, { ParkId: other.ParkId, RideId }), missing, name);
    }
  });

  it("lists its parent's items in pages, in its order", async () => {
    const { ParkId } = await aRide();
    await aRide();
    for (const Name of ["Slide", "Swing"]) await run("CreateRide", { ParkId, Name });
    const first = await run("GetRides", { ParkId, MaxResults: "2" });
    assert.equal(first.Items.length, 2);
    const last = await run("GetRides", { ParkId, MaxResults: "2", NextToken: first.NextToken });
    assert.equal(last.Items.length, 1);
    assert.equal(Object.hasOwn(last, "NextToken"), false);
    const names = [...first.Items, ...last.Items].map(({ Name }) => Name);
    assert.deepEqual(names, ["Tivoli: Wheel", "Tivoli: Slide", "Tivoli: Swing"]);
    const invalid = refusal("BadRequestException", "Invalid MaxResults");
    await assert.rejects(run("GetRides", { ParkId, MaxResults: "many" }), invalid);
  });

  it("merges the members that are there, by their rules, and loses those that are empty", async () => {
    const names = await aRide({ MinimumHeight: 120 });
    await run("UpdateRide", { ...names, Description: "high", Labels: { a: "1" } });
    const updated = await run("UpdateRide", { ...names, MinimumHeight: 90, Labels: { b: "2" } });
    const labels = { a: "1", b: "2" };
    const shown = { RideId: names.RideId, Name: "Tivoli: Wheel", minimumHeightCm: 90, description: "high", labels };
    assert.deepEqual(updated, shown);
    const emptied = await run("UpdateRide", { ...names, Description: "" });
    assert.equal(Object.hasOwn(emptied, "description"), false);
    assert.equal(emptied.minimumHeightCm, 90);
  });

  it("stores nothing of an update that does not hold", async () => {
    const names = await aRide({ MinimumHeight: 120 });
    const invalid = refusal("BadRequestException", "Invalid height");
    await assert.rejects(run("UpdateRide", { ...names, Name: "Low", MinimumHeight: -1 }), invalid);
    assert.equal((await run("GetRide", names)).Name, "Tivoli: Wheel");
  });

  it("is deleted once", async () => {
    const names = await aRide();
    await run("DeleteRide", names);
    await assert.rejects(run("DeleteRide", names), refusal("NotFoundException", `Invalid ride ${names.RideId}`));
  });

  it("can be the parent of another family", async () => {
    const names = await aRide();
    await run("CreateSeat", { ...names, Row: "7" });
    assert.deepEqual(await run("GetSeat", { ...names, Row: "7" }), { row: "7", of: "Tivoli: Wheel" });
    const other = await aRide();
    await assert.rejects(run("GetSeat", { ...other, Row: "7" }), refusal("NotFoundException", "Invalid row 7"));
    const missing = refusal("NotFoundException", "Invalid ride gone");
    await assert.rejects(run("GetSeat", { ...names, RideId: "gone", Row: "7" }), missing);
  });

  it("does what goes with a commit once, however often the work ran, and not without a commit", async () => {
    const { ParkId, RideId } = await aRide();
    assert.deepEqual(applied, [RideId]);
    await assert.rejects(run("CreateRide", { ParkId: "gone", Name: "Other" }));
    assert.equal(applied.length, 1);
    assert.equal((await run("GetRides", { ParkId })).Items.length, 1);
  });
});

describe("a family of the account, with pages by position and updates by PATCH", () => {
  const patch = (ticketId: string, ...patchOperations: PatchOperation[]) =>
    run("UpdateTicket", { ticketId, patchOperations });

  it("lives: create, get, list, update, delete", async () => {
    const { id: ticketId } = await run("CreateTicket", { name: "day" });
    assert.deepEqual(await run("GetTicket", { ticketId }), { id: ticketId, name: "day" });
    await run("CreateTicket", {});
    const first = await run("GetTickets", { limit: 1 });
    const second = await run("GetTickets", { limit: 1, position: first.position });
    assert.deepEqual([first.items.length, second.items.length, second.position], [1, 1, undefined]);
    const patched = await patch(
      ticketId,
      { op: "replace", path: "/name", value: "" },
      { op: "add", path: "/variables/colour", value: "red" },
    );
    assert.deepEqual(patched, { id: ticketId, variables: { colour: "red" } });
    await run("DeleteTicket", { ticketId });
    const missing = refusal("NotFoundException", "Invalid Ticket identifier specified");
    for (const name of ["GetTicket", "UpdateTicket", "DeleteTicket"]) {
      await assert.rejects(run(name, { ticketId }), missing, name);
    }
  });

  it("refuses paths that it does not have, and more operations than its service allows", async () => {
    const { id } = await run("CreateTicket", { name: "day" });
    await assert.rejects(patch(id, { op: "replace", path: "/price", value: "1" }), /Invalid patch path {2}'\/price'/);
    const one = { op: "replace", path: "/name", value: "x" } as const;
    await assert.rejects(patch(id, one, one, one, one), refusal("BadRequestException", "Too many patch operations"));
    assert.equal((await run("GetTicket", { ticketId: id })).name, "day");
  });

  it("writes nothing for an update of nothing", async () => {
    const { id } = await run("CreateTicket", { name: "day" });
    const before = await store.revision();
    await patch(id);
    assert.equal(await store.revision(), before);
  });
});

describe("a merge", () => {
  it("wants a rule for each member of the input that has no place in the item", () => {
    interface Input {
      readonly Name?: string;
      readonly MinimumHeight?: number;
    }
    const rules: MergeRules<Ride, Input> = { MinimumHeight: mergedAs("minimumHeightCm") };
    // @ts-expect-error Ride has no member minimumHeight.
    const incomplete: MergeRules<Ride, Input> = {};
    assert.equal(Object.keys(incomplete).length, 0);
    const before: Ride = { rideId: "r", name: "Wheel", minimumHeightCm: 120 };
    assert.deepEqual(mergeInto(before, { MinimumHeight: 0 }, rules), { ...before, minimumHeightCm: 0 });
    assert.deepEqual(mergeInto(before, {}, rules), before);
  });

  it("takes away what an empty text stands for, by the name that the item has it by", () => {
    const rules: MergeRules<Ride, { readonly Text?: string }> = { Text: mergedUnlessEmpty("description") };
    const before: Ride = { rideId: "r", name: "Wheel", description: "high" };
    assert.deepEqual(mergeInto(before, { Text: "" }, rules), { rideId: "r", name: "Wheel" });
    assert.equal(mergeInto(before, { Text: "low" }, rules).description, "low");
  });
});
