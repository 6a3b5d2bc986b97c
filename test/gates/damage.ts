// JSON values with one value damaged.

type Json = unknown;
type Path = readonly (string | number)[];

/** A value with one of its values missing or of another type, and where. */
export interface DamagedValue<Value> {
  readonly where: string;
  readonly value: Value;
}

const wrongValues: readonly Json[] = [null, 0, 1, Number.NaN, "", "x", true, false, [], {}];

const typeOf = (value: Json): string => (value === null ? "null" : Array.isArray(value) ? "array" : typeof value);

/**
 * Yields the value with each of its values in turn replaced by each value of another type, or taken away. Members that may
 * be absent are not taken away: nobody could know that they are missing.
 */
export function* damage<Value>(
  value: Value,
  optional: ReadonlySet<string>,
  only?: (path: Path) => boolean,
): Generator<DamagedValue<Value>> {
  for (const path of pathsOf(value, [])) {
    if (path.length === 0 || only?.(path) === false) continue;
    const before = at(value, path);
    const where = path.join(".");
    for (const wrong of wrongValues) {
      if (typeOf(wrong) === typeOf(before) && !Number.isNaN(wrong)) continue;
      yield {
        where: `${where} is ${typeof wrong === "number" ? wrong : JSON.stringify(wrong)}`,
        value: replaced(value, path, wrong) as Value,
      };
    }
    const name = path.at(-1)!;
    if (typeof name === "string" && !optional.has(name)) {
      yield { where: `${where} is missing`, value: replaced(value, path, undefined) as Value };
    }
  }
}

function* pathsOf(value: Json, path: Path): Generator<Path> {
  yield path;
  if (typeof value !== "object" || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    yield* pathsOf(member, [...path, Array.isArray(value) ? Number(name) : name]);
  }
}

const at = (value: Json, path: Path): Json =>
  path.reduce((found, name) => (found as Record<string, Json>)[name], value);

/** `undefined` takes the member away. */
function replaced(value: Json, [name, ...rest]: Path, by: Json): Json {
  if (name === undefined) return by;
  const member = replaced((value as Record<string, Json>)[name], rest, by);
  if (Array.isArray(value)) return value.with(name as number, member);
  const { [name]: _, ...others } = value as Record<string, Json>;
  return member === undefined ? others : { ...(value as object), [name]: member };
}
