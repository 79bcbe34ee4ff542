/** The shapes of the table behind `binauthz explain`: what a message looks like, what it means, what mends it. */

/**
 * How well a wording is known. `logged`: users pasted it from the real service; `official`: Google's documentation has it;
 * `tool`: gcloud, the provider or Terraform prints it, seen in their source or in a run; `own`: this library writes it;
 * `inferred`: composed from such, or from the grammar of a neighbouring message, and seen nowhere.
 */
export type Certainty = "logged" | "official" | "tool" | "own" | "inferred";

/** One wording. */
export interface Wording {
  /**
   * The message, on one line with single spaces. What differs from case to case is a name of `VALUES` in braces:
   * `Image {image} denied by attestor {attestor}: …`.
   */
  readonly text: string;
  readonly certainty: Certainty;
  /** Where the wording is from, for people. */
  readonly source: string;
}

/** A command to look further. */
export interface Look {
  /** What it shows, without full stop. */
  readonly shows: string;
  /** The command, with names of `VALUES` in braces; they are quoted for a POSIX shell, or stay in upper case. */
  readonly command: string;
}

/** What is known about one message. Prose has code in backticks and values in braces, and no other markup. */
export interface KnownMessage {
  /** Never changes its meaning; tests and scripts may rely on it. */
  readonly id: string;
  /** A few words, without full stop. */
  readonly title: string;
  readonly wordings: readonly Wording[];
  readonly meaning: string;
  /** What to do, in the order to try it. */
  readonly mend: readonly string[];
  readonly look: readonly Look[];
  /** Pages of this documentation. */
  readonly see: readonly string[];
  /** Entries that say the same and more: beside one of them for the same image this entry is left out. */
  readonly vaguerThan?: readonly string[];
}

/** Words before a message that say which rule or which service speaks. */
export interface KnownContext {
  readonly id: string;
  readonly wordings: readonly Wording[];
  /** One sentence. */
  readonly says: string;
}
