import assert from "node:assert/strict";
import { test } from "node:test";
import { bounds } from "../../base/bounds.ts";
import { GroupMembers, type Member, problemOfGroup } from "./group-members.ts";

const member = (): Member => ({ groups: undefined });

test("a group is there as long as somebody is in it", () => {
  const groups = new GroupMembers();
  const [one, other] = [member(), member()];
  assert.ok(groups.join(one, "room"));
  assert.ok(groups.join(one, "room"));
  assert.ok(groups.join(other, "room"));
  assert.deepEqual([...groups.of("room")], [one, other]);
  groups.leave(one, "room");
  groups.leave(one, "room");
  groups.leave(one, "never joined");
  assert.deepEqual([...groups.of("room")], [other]);
  assert.ok(groups.join(other, "hall"));
  groups.leaveAll(other);
  groups.leaveAll(member());
  assert.deepEqual([[...groups.names], other.groups?.size], [[], 0]);
});

test("names of prototypes are groups like others", () => {
  const groups = new GroupMembers();
  for (const name of ["__proto__", "constructor", "toString"]) {
    assert.equal(groups.of(name).size, 0);
    assert.ok(groups.join(member(), name));
    assert.equal(groups.of(name).size, 1);
  }
});

test("the groups of a member and of a stage are bounded; those that are there go on taking members", () => {
  const groups = new GroupMembers();
  const one = member();
  for (let index = 0; index < bounds.connectionGroupsMax.value; index++) assert.ok(groups.join(one, `of one ${index}`));
  assert.equal(groups.join(one, "one more"), false);
  assert.ok(groups.join(one, "of one 0"));
  for (let index = bounds.connectionGroupsMax.value; index < bounds.stageGroupsMax.value; index++)
    assert.ok(groups.join(member(), `other ${index}`));
  const late = member();
  assert.equal(groups.join(late, "too many"), false);
  assert.ok(groups.join(late, "of one 0"));
  groups.leaveAll(one);
  assert.ok(groups.join(late, "room again"));
});

test("a group's name is short text", () => {
  for (const name of ["a", "room/1", "räume", "*", "__proto__", "x".repeat(128), "$connect"])
    assert.equal(problemOfGroup(name), undefined, name);
  for (const name of ["", ".", "..", "x".repeat(129), "é".repeat(65), "a\nb", "a\0", "\ud800", "x".repeat(1e6)])
    assert.ok(problemOfGroup(name), name.slice(0, 20));
});
