/** Results that are kept, and the longest key, in UTF-16 units, whose result is. Together they bound the memory. */
export interface MemoLimits {
  readonly entries: number;
  readonly keyLength: number;
}

/** A function that remembers its last results by a text; it must depend on nothing else. The oldest result goes first. */
export function memoized<A extends readonly unknown[], R>(
  limits: MemoLimits,
  compute: (key: string, ...rest: A) => R,
): (key: string, ...rest: A) => R {
  const results = new Map<string, R>();
  return (key, ...rest) => {
    const found = results.get(key);
    if (found !== undefined) {
      return found;
    }
    const result = compute(key, ...rest);
    if (key.length <= limits.keyLength) {
      if (results.size >= limits.entries) {
        results.delete(results.keys().next().value as string);
      }
      results.set(key, result);
    }
    return result;
  };
}
