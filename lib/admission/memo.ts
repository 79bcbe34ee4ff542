/**
 * What was stored last under numbers.
 *
 * It is kept in two generations of half the entries each: where the younger one is full, the older one goes as a whole. To
 * delete the oldest entry of one map each time would cost far more: a map passes over its deleted entries one by one until
 * it is rebuilt.
 */
export class Recent<V> {
  private young = new Map<number, V>();
  private old = new Map<number, V>();

  public constructor(private readonly entries: number) {}

  public get(place: number): V | undefined {
    return this.young.get(place) ?? this.old.get(place);
  }

  public set(place: number, value: V): void {
    if (this.young.size >= this.entries / 2) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(place, value);
  }
}

/** How many results are kept, and the longest key, in UTF-16 units, whose result is. Together they bound the memory. */
export interface MemoLimits {
  readonly entries: number;
  readonly keyLength: number;
}

interface Kept<R> {
  readonly key: string;
  readonly result: R;
}

/**
 * A function that remembers its last results by a text; it must depend on nothing else.
 *
 * A result counts only for the whole text. Some of its characters choose where it is kept, and texts that meet there
 * displace each other: whoever makes such texts makes nothing but work. A map of texts would read each to its end to find a
 * place for it, and that is most of what a decision costs.
 */
export function memoized<R>(limits: MemoLimits, compute: (key: string) => R): (key: string) => R {
  const results = new Recent<Kept<R>>(limits.entries);
  return (key) => {
    const place = placeOf(key);
    const kept = results.get(place);
    if (kept?.key === key) {
      return kept.result;
    }
    const result = compute(key);
    if (key.length <= limits.keyLength) {
      results.set(place, { key, result });
    }
    return result;
  };
}

/** A number of 30 bits that depends on the length and on some 64 of the characters. */
function placeOf(key: string): number {
  const stride = 1 + (key.length >> 6);
  let sum = key.length;
  for (let index = key.length - 1; index >= 0; index -= stride) {
    sum = (Math.imul(sum, 31) + key.charCodeAt(index)) | 0;
  }
  return (sum ^ (sum >>> 15)) & 0x3fffffff;
}
