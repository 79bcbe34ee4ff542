/**
 * Whether an exempt image pattern accepts an image, told by a set of states that moves over the image character by
 * character. Written from the sentences of the documentation alone, as a witness against the library's own matcher:
 * https://docs.cloud.google.com/binary-authorization/docs/policy-yaml-reference
 */
export function automatonAccepts(pattern: string, image: string): boolean {
  const tokens = tokensOf(pattern);
  let states = closure(new Set([0]), tokens);
  for (let index = 0; index < image.length; index += 1) {
    const next = new Set<number>();
    for (const state of states) {
      const token = tokens[state];
      if (token === undefined) {
        continue;
      }
      if (token.kind === "literal") {
        if (token.unit === image.charCodeAt(index)) {
          next.add(state + 1);
        }
      } else if (token.crossesSlash || image.charCodeAt(index) !== SLASH) {
        next.add(state);
      }
    }
    states = closure(next, tokens);
  }
  return states.has(tokens.length);
}

const STAR = 0x2a;
const SLASH = 0x2f;

type Token =
  | { readonly kind: "literal"; readonly unit: number }
  /** Any number of characters. */
  | { readonly kind: "any"; readonly crossesSlash: boolean };

/** Only one or two stars at the very end are wildcards. */
function tokensOf(pattern: string): Token[] {
  const units = Array.from({ length: pattern.length }, (_, index) => pattern.charCodeAt(index));
  let wildcards = 0;
  while (wildcards < 2 && units.at(-1) === STAR) {
    units.pop();
    wildcards += 1;
  }
  const literals = units.map((unit): Token => ({ kind: "literal", unit }));
  return wildcards === 0 ? literals : [...literals, { kind: "any", crossesSlash: wildcards === 2 }];
}

/** A wildcard may also stand for nothing. */
function closure(states: ReadonlySet<number>, tokens: readonly Token[]): Set<number> {
  const all = new Set(states);
  for (const state of all) {
    if (tokens[state]?.kind === "any") {
      all.add(state + 1);
    }
  }
  return all;
}
