import type { Origin } from "./model";

/** What could not be read, in parts. */
export interface ReadProblem {
  /** The file or folder as the user named it. */
  readonly source: string;
  /** The line, or the Terraform address and attribute, where known. */
  readonly at?: string;
  /** What is wrong: `is no JSON`, `"project" is no text`. */
  readonly problem: string;
  /** What was found instead; left out where there is nothing to show. */
  readonly found?: unknown;
  /** What would have been understood. */
  readonly allowed: string;
}

/** Input that cannot be understood. Its message is one sentence; nothing of what was read is used. */
export class ReadError extends Error {
  public readonly source: string;
  public readonly at?: string;

  public constructor({ source, at, problem, found, allowed }: ReadProblem) {
    const place = at === undefined ? source : `${source}, ${at}`;
    const got = found === undefined ? "" : `, got ${showFound(found)}`;
    super(printable(`${place}: ${problem}${got}; allowed: ${allowed}`));
    this.name = "ReadError";
    this.source = source;
    this.at = at;
  }
}

/** Two sources, or two places of one source, that say different things of the same thing. */
export class ConflictError extends ReadError {
  /** What both speak of, by its full name. */
  public readonly subject: string;
  /** Where each was read. */
  public readonly origins: readonly [Origin, Origin];

  public constructor(subject: string, problem: string, origins: readonly [Origin, Origin], allowed: string) {
    super({ source: origins[0].source, problem, allowed });
    this.name = "ConflictError";
    this.subject = subject;
    this.origins = origins;
  }
}

/** Where something was read, for people. */
export function showOrigin({ source, address }: Origin): string {
  return address === undefined ? source : `${source}, ${address}`;
}

const LONGEST = 120;

function showFound(found: unknown): string {
  // Never the whole of it: input may be huge, or nested deeper than a stack.
  if (Array.isArray(found)) {
    return `a list of ${found.length}`;
  }
  if (typeof found === "object" && found !== null) {
    return `an object with ${cut(Object.keys(found).slice(0, 5).join(", ")) || "no fields"}`;
  }
  return typeof found === "string" ? cut(JSON.stringify(found.slice(0, LONGEST))) : String(found);
}

function cut(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 3)}...` : text;
}

/** Names come from files that others wrote: no line breaks and no terminal sequences in a message. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, "?");
}
