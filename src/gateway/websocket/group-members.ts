import { bounds } from "../../base/bounds.ts";

/** What is in groups. */
export interface Member {
  /** The groups that it is in; made with the first one. */
  groups: Set<string> | undefined;
}

const groupsOfMemberMax = bounds.connectionGroupsMax.value;
const groupsMax = bounds.stageGroupsMax.value;
const nobody: ReadonlySet<never> = new Set();

/** The groups of a stage's connections in a gateway thread. A group is there as long as somebody is in it. */
export class GroupMembers<Item extends Member> {
  readonly #groups = new Map<string, Set<Item>>();

  /** Returns false if there are too many groups, of this member or of the stage. */
  join(member: Item, group: string): boolean {
    if (member.groups?.has(group) === true) return true;
    if ((member.groups?.size ?? 0) >= groupsOfMemberMax) return false;
    const members = this.#groups.get(group);
    if (members === undefined) {
      if (this.#groups.size >= groupsMax) return false;
      this.#groups.set(group, new Set([member]));
    } else members.add(member);
    member.groups ??= new Set();
    member.groups.add(group);
    return true;
  }

  leave(member: Item, group: string): void {
    if (member.groups?.delete(group) !== true) return;
    const members = this.#groups.get(group);
    members?.delete(member);
    if (members?.size === 0) this.#groups.delete(group);
  }

  leaveAll(member: Item): void {
    for (const group of [...(member.groups ?? [])]) this.leave(member, group);
  }

  of(group: string): ReadonlySet<Item> {
    return this.#groups.get(group) ?? nobody;
  }

  get names(): Iterable<string> {
    return this.#groups.keys();
  }
}

/** Says what is wrong with a group's name, or undefined. */
export function problemOfGroup(name: string): string | undefined {
  const bytesMax = bounds.connectionGroupNameBytesMax.value;
  if (name === "" || name.length > bytesMax || Buffer.byteLength(name) > bytesMax)
    return `a group's name has 1 to ${bytesMax} bytes`;
  if (name === "." || name === ".." || /\p{Cc}|\p{Cs}/u.test(name))
    return "a group's name has no control characters, and is neither . nor ..";
  return undefined;
}
