/** What a command reads from and prints to; handed in, so that tests need no process. */
export interface Io {
  /** The whole of the standard input, as its bytes or, where somebody decoded them, as text. */
  readonly stdin: () => string | Uint8Array;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Whether colours are wanted: a terminal that does not refuse them. */
  readonly color: boolean;
  /** The width of the terminal in characters; undefined where there is none, so that nothing is cut. */
  readonly columns: number | undefined;
}

/**
 * How every command ends: 0 passed; 1 usage error, unreadable or unsupported input, internal error; 2 findings at or above
 * the threshold, or an image denied; 3 not decidable from the input, and nothing worse.
 */
export type ExitCode = 0 | 1 | 2 | 3;
