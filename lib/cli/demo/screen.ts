import { createColors } from "picocolors";
import { printable } from "../escape";
import type { Io } from "../io";
import { wrap } from "../wrap";

const MARGIN = 3;
const WIDEST = 100;

/** How often a line says that something goes on, where it cannot be rewritten; milliseconds. */
const SLOWLY = 10_000;

/** What a verdict is to the reader. */
type Tone = "good" | "bad" | "neutral";

const TONES = { good: "green", bad: "red", neutral: "reset" } as const;

/** Prints the steps. What came of a step goes to the standard output; what only says that it goes on, to the other one. */
export class Screen {
  private readonly colors: ReturnType<typeof createColors>;
  private shown = "";

  public constructor(private readonly io: Io) {
    this.colors = createColors(io.color);
  }

  /** A step begins. */
  public title(number: number, name: string): void {
    this.print(this.colors.bold(`${number}. ${name}`));
  }

  /** A sentence below a step. */
  public line(text: string, indent = MARGIN): void {
    const margin = " ".repeat(indent);
    for (const line of wrap(printable(text), this.width - indent)) {
      this.print(margin + line);
    }
  }

  /** What to run next, each with what it is for: the commands in one column where that fits. */
  public commands(all: readonly (readonly [what: string, command: string])[]): void {
    const column = Math.max(...all.map(([what]) => what.length)) + 3;
    const margin = " ".repeat(MARGIN);
    const fits = all.every(([, command]) => MARGIN + column + command.length <= this.width);
    for (const [what, command] of all) {
      if (fits) {
        this.print(`${margin}${`${what}:`.padEnd(column)}${command}`);
      } else {
        this.line(`${what}:`);
        this.print(`${margin.repeat(2)}${command}`);
      }
    }
  }

  /** A decision: the verdict as a word of its own, which the colour only repeats. */
  public verdict(tone: Tone, word: string, text: string): void {
    const margin = " ".repeat(MARGIN);
    const [first, ...rest] = wrap(printable(text), this.width - MARGIN - 10);
    this.print(`${margin}${this.colors[TONES[tone]](word.padEnd(9))} ${first}`);
    for (const line of rest) {
      this.print(`${margin}${" ".repeat(10)}${line}`);
    }
  }

  /** What belongs to a verdict. */
  public detail(text: string): void {
    this.line(text, MARGIN + 10);
  }

  public print(text = ""): void {
    this.clear();
    this.io.out(`${text}\n`);
  }

  /** Says that something goes on until `work` is done: a line that is rewritten, or one now and then. */
  public async during<T>(what: () => string, work: () => Promise<T>): Promise<T> {
    const begun = Date.now();
    const say = () => {
      const seconds = Math.round((Date.now() - begun) / 1000);
      this.progress(`${" ".repeat(MARGIN)}${what()}, ${seconds} s`);
    };
    const timer = setInterval(say, this.io.columns === undefined ? SLOWLY : 500);
    try {
      return await work();
    } finally {
      clearInterval(timer);
      this.clear();
    }
  }

  private progress(text: string): void {
    if (this.io.columns === undefined) {
      this.io.err(`${text}\n`);
      return;
    }
    const line = text.slice(0, this.io.columns - 1);
    this.io.err(`\r${line.padEnd(this.shown.length)}`);
    this.shown = line;
  }

  private clear(): void {
    if (this.shown !== "") {
      this.io.err(`\r${" ".repeat(this.shown.length)}\r`);
      this.shown = "";
    }
  }

  private get width(): number {
    return Math.min(this.io.columns ?? WIDEST, WIDEST);
  }
}
