/** Returns the name with a small first letter: many members are named so on the wire, and with a capital in a model. */
export const uncapitalised = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);

/** Returns the members of an object, by their names with a small first letter. */
export const uncapitalisedMembers = (members: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(members).map(([name, value]) => [uncapitalised(name), value]));
