/**
 * JSON in which nothing is said twice: a list of values that refer to earlier ones by their numbers. A page about hundreds of
 * clusters under one rule repeats that rule hundreds of times otherwise.
 */
export type Packed = readonly (
  | string
  | number
  | boolean
  | null
  | readonly number[]
  | { readonly [name: string]: number }
)[];

export function pack(value: unknown): Packed {
  const pool: Packed[number][] = [];
  const numbers = new Map<string, number>();
  const put = (entry: Packed[number]): number => {
    const text = JSON.stringify(entry);
    const present = numbers.get(text);
    if (present !== undefined) {
      return present;
    }
    numbers.set(text, pool.length);
    return pool.push(entry) - 1;
  };
  const add = (part: unknown): number => {
    if (Array.isArray(part)) {
      return put(part.map(add));
    }
    if (typeof part === "object" && part !== null) {
      const entries = Object.entries(part).filter(([, entry]) => entry !== undefined);
      return put(Object.fromEntries(entries.map(([name, entry]) => [name, add(entry)])));
    }
    return put(part as string | number | boolean | null);
  };
  add(value);
  return pool;
}

/** The value again; it is the last of the list. Equal parts are one and the same object. */
export function unpack(packed: Packed): unknown {
  const values: unknown[] = [];
  for (const entry of packed) {
    values.push(
      Array.isArray(entry)
        ? entry.map((number) => values[number])
        : typeof entry === "object" && entry !== null
          ? Object.fromEntries(Object.entries(entry).map(([name, number]) => [name, values[number]]))
          : entry,
    );
  }
  return values.at(-1);
}
