import {
  closeSync,
  existsSync,
  fchmodSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { ReadError } from "../trust";
import { isObject, type JsonObject } from "./json";
import { crc32c } from "./signing";
import { emptyState, STATE_VERSION, type State } from "./state";

/**
 * A state that outlives its sandbox. The file is a journal: a header, then a line per write, each with a checksum. A line is
 * on the disk before the request that caused it is answered. A process that is killed can leave half a line at the end, and
 * nobody was told that it was stored; everything before it is whole.
 */
export interface StateFile {
  /** What the file holds. It is changed in place, and `save` writes what changed. */
  readonly state: State;
  /** True where there was no state yet. */
  readonly isNew: boolean;
  /** The bytes of a write that was cut off; they were taken away. */
  readonly cutOff: number;
  /** Writes what has changed; returns when the disk has it. Throws an error whose message is for the caller of the sandbox. */
  save(): void;
  /** Saves, and lets others have the file. */
  close(): void;
}

const FILE_VERSION = 1;

const HEADER = {
  file: "state of binauthz sandbox",
  fileVersion: FILE_VERSION,
  stateVersion: STATE_VERSION,
  note: "Throw-away: the private keys in here were made by a sandbox, and are good for nothing else.",
};

/** Bytes of journal beyond which the file is written anew, unless the state itself is as large. */
const LONG = 4 * 1024 * 1024;

type TableName = {
  [K in keyof State]: State[K] extends Record<string, unknown> ? K : never;
}[keyof State];

const TABLES = Object.entries(emptyState())
  .filter(([, value]) => isObject(value))
  .map(([name]) => name as TableName);

/** What one line may say. */
type Change =
  | readonly ["set", table: TableName, name: string, value: unknown]
  | readonly ["delete", table: TableName, name: string]
  | readonly ["table", table: TableName, content: Record<string, unknown>]
  | readonly ["log", entries: readonly JsonObject[]]
  | readonly ["log-anew", entries: readonly JsonObject[]]
  | readonly ["owner", owner: string]
  | readonly ["counter", counter: number];

/**
 * Opens the state in a file, or begins a new one.
 * @throws ReadError for a file that is damaged, of another kind or version, in use, or out of reach
 */
export function openStateFile(path: string): StateFile {
  const file = reachable(path, () =>
    existsSync(path) ? realpathSync(path) : join(realpathSync(dirname(path)), basename(path)),
  );
  const unlock = lock(path, file);
  try {
    return new Journal(path, file, unlock);
  } catch (error) {
    unlock();
    throw error;
  }
}

class Journal implements StateFile {
  public readonly state = emptyState();
  public readonly isNew: boolean;
  public readonly cutOff: number = 0;
  private readonly saved = new Map<TableName, Map<string, string>>(TABLES.map((table) => [table, new Map()]));
  private readonly savedValues = { owner: "", counter: -1, entries: 0 };
  private descriptor = -1;
  /** The length of the file, all of it acknowledged. */
  private size = 0;
  private snapshotSize = 0;

  public constructor(
    private readonly named: string,
    private readonly file: string,
    private readonly unlock: () => void,
  ) {
    const content = reachable(named, () => (existsSync(file) ? readFileSync(file) : Buffer.alloc(0)));
    this.isNew = content.length === 0;
    if (this.isNew) {
      reachable(named, () => this.rewrite());
      return;
    }
    const end = content.lastIndexOf(LINE_FEED) + 1;
    this.replay(content.subarray(0, end));
    this.cutOff = content.length - end;
    reachable(named, () => {
      this.open();
      if (this.cutOff > 0) {
        ftruncateSync(this.descriptor, end);
        fsyncSync(this.descriptor);
      }
    });
    this.size = end;
    this.snapshotSize = end;
    this.remember(this.changes());
  }

  public save(): void {
    const changes = this.changes();
    if (changes.length === 0) {
      return;
    }
    this.expectUntouched();
    const line = lineOf(changes);
    try {
      writeWhole(this.descriptor, line);
      fdatasyncSync(this.descriptor);
    } catch (error) {
      // Half a line in the middle of the file would be damage.
      ftruncateSync(this.descriptor, this.size);
      throw new Error(`The state cannot be written to ${this.named} (${(error as NodeJS.ErrnoException).code}).`);
    }
    this.size += line.length;
    this.remember(changes);
    if (this.size - this.snapshotSize > Math.max(LONG, this.snapshotSize)) {
      this.rewrite();
    }
  }

  public close(): void {
    try {
      this.save();
    } finally {
      closeSync(this.descriptor);
      this.unlock();
    }
  }

  private open(): void {
    this.descriptor = openSync(this.file, "a", 0o600);
    // Private keys are in it, whoever made the file.
    fchmodSync(this.descriptor, 0o600);
  }

  /** Writes the whole state to a new file, which takes the place of the old one once it is on the disk. */
  private rewrite(): void {
    const fresh = `${this.file}.new`;
    const header = Buffer.from(`${JSON.stringify(HEADER)}\n`);
    const content = Buffer.concat([header, lineOf(this.everything())]);
    rmSync(fresh, { force: true });
    const descriptor = openSync(fresh, "wx", 0o600);
    try {
      writeWhole(descriptor, content);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(fresh, this.file);
    syncFolder(dirname(this.file));
    if (this.descriptor >= 0) {
      closeSync(this.descriptor);
    }
    this.open();
    this.size = content.length;
    this.snapshotSize = content.length;
    this.remember(this.changes());
  }

  /** Two that write to one file would each lose what the other was told. */
  private expectUntouched(): void {
    const own = fstatSync(this.descriptor);
    const there = statSync(this.file, { throwIfNoEntry: false });
    if (there === undefined || there.ino !== own.ino || there.dev !== own.dev || own.size !== this.size) {
      throw new Error(`The state cannot be written: ${this.named} was changed or removed by somebody else.`);
    }
  }

  private replay(content: Buffer): void {
    let number = 0;
    for (let start = 0; start < content.length; ) {
      const end = content.indexOf(LINE_FEED, start);
      const line = content.subarray(start, end);
      number += 1;
      if (number === 1) {
        this.checkHeader(line);
      } else {
        this.replayLine(line, number);
      }
      start = end + 1;
    }
    if (number === 0) {
      throw this.wrong("is no state of a sandbox", "a file that --state made, or none");
    }
  }

  private checkHeader(line: Buffer): void {
    const header = parsed(line.toString());
    if (!isObject(header) || header.file !== HEADER.file) {
      throw this.wrong("is no state of a sandbox", "a file that --state made, or none");
    }
    if (header.fileVersion !== FILE_VERSION || header.stateVersion !== STATE_VERSION) {
      const found = `${header.fileVersion}.${header.stateVersion}`;
      throw this.wrong(
        `is of version ${found}`,
        `version ${FILE_VERSION}.${STATE_VERSION}; another version of binauthz made it`,
      );
    }
  }

  private replayLine(line: Buffer, number: number): void {
    const space = line.indexOf(SPACE);
    const body = line.subarray(space + 1);
    const sound = space > 0 && line.subarray(0, space).toString() === crc32c(body);
    const changes = sound ? parsed(body.toString()) : undefined;
    if (!Array.isArray(changes) || !changes.every(isChange)) {
      throw this.wrong(
        `is damaged in line ${number}`,
        "the file as a sandbox left it; take a copy, or begin a new one",
      );
    }
    for (const change of changes as Change[]) {
      this.apply(change);
    }
  }

  private apply(change: Change): void {
    switch (change[0]) {
      case "set":
        put(this.state[change[1]], change[2], change[3]);
        return;
      case "delete":
        delete this.state[change[1]][change[2]];
        return;
      case "table":
        for (const name of Object.keys(this.state[change[1]])) {
          delete this.state[change[1]][name];
        }
        for (const [name, value] of Object.entries(change[2])) {
          put(this.state[change[1]], name, value);
        }
        return;
      case "log":
        this.state.logEntries.push(...change[1]);
        return;
      case "log-anew":
        this.state.logEntries.splice(0, Number.POSITIVE_INFINITY, ...change[1]);
        return;
      case "owner":
        this.state.owner = change[1];
        return;
      case "counter":
        this.state.counter = change[1];
    }
  }

  private everything(): Change[] {
    const { state } = this;
    return [
      ["owner", state.owner],
      ["counter", state.counter],
      ...TABLES.map((table): Change => ["table", table, state[table]]),
      ["log-anew", state.logEntries],
    ];
  }

  /** What differs from what is in the file. */
  private changes(): Change[] {
    const { state, savedValues } = this;
    const entries = state.logEntries;
    return [
      ...(state.owner === savedValues.owner ? [] : [["owner", state.owner] as const]),
      ...(state.counter === savedValues.counter ? [] : [["counter", state.counter] as const]),
      ...TABLES.flatMap((table) => this.changesOf(table)),
      ...(entries.length < savedValues.entries ? [["log-anew", entries] as const] : []),
      ...(entries.length > savedValues.entries ? [["log", entries.slice(savedValues.entries)] as const] : []),
    ];
  }

  private changesOf(table: TableName): Change[] {
    const before = this.saved.get(table) as Map<string, string>;
    const now: Readonly<Record<string, unknown>> = this.state[table];
    const names = Object.keys(now);
    const deleted = [...before.keys()].filter((name) => !Object.hasOwn(now, name));
    const kept = [...before.keys()].filter((name) => Object.hasOwn(now, name));
    // Lists are in the order in which their members were made: one that was made again moves to the end.
    if (kept.some((name, index) => names[index] !== name)) {
      return [["table", table, now]];
    }
    const set = names.filter((name) => before.get(name) !== JSON.stringify(now[name]));
    return [
      ...deleted.map((name) => ["delete", table, name] as const),
      ...set.map((name) => ["set", table, name, now[name]] as const),
    ];
  }

  private remember(changes: readonly Change[]): void {
    const { saved, savedValues, state } = this;
    for (const change of changes) {
      if (change[0] === "set") {
        saved.get(change[1])?.set(change[2], JSON.stringify(change[3]));
      } else if (change[0] === "delete") {
        saved.get(change[1])?.delete(change[2]);
      } else if (change[0] === "table") {
        const entries = Object.entries(change[2]).map(([name, value]): [string, string] => [
          name,
          JSON.stringify(value),
        ]);
        saved.set(change[1], new Map(entries));
      }
    }
    Object.assign(savedValues, { owner: state.owner, counter: state.counter, entries: state.logEntries.length });
  }

  private wrong(problem: string, allowed: string): ReadError {
    return new ReadError({ source: this.named, problem, allowed });
  }
}

const LINE_FEED = 0x0a;
const SPACE = 0x20;

function lineOf(changes: readonly Change[]): Buffer {
  const body = JSON.stringify(changes);
  return Buffer.from(`${crc32c(Buffer.from(body))} ${body}\n`);
}

function isChange(value: unknown): value is Change {
  return Array.isArray(value) && typeof value[0] === "string" && isSound(value);
}

function isSound([kind, first, second]: unknown[]): boolean {
  switch (kind) {
    case "set":
    case "delete":
      return TABLES.includes(first as TableName) && typeof second === "string";
    case "table":
      return TABLES.includes(first as TableName) && isObject(second);
    case "log":
    case "log-anew":
      return Array.isArray(first);
    case "owner":
      return typeof first === "string";
    case "counter":
      return typeof first === "number";
    default:
      return false;
  }
}

/** Also where a name is one that every object inherits. */
function put(table: object, name: string, value: unknown): void {
  Object.defineProperty(table, name, { value, enumerable: true, configurable: true, writable: true });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function writeWhole(descriptor: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.length; ) {
    written += writeSync(descriptor, bytes, written);
  }
}

/** Where an operating system cannot, the rename is on the disk a little later. */
function syncFolder(folder: string): void {
  try {
    const descriptor = openSync(folder, "r");
    fsyncSync(descriptor);
    closeSync(descriptor);
  } catch {
    return;
  }
}

function reachable<T>(source: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof ReadError || code === undefined) {
      throw error;
    }
    throw new ReadError({
      source,
      problem: `cannot be read and written (${code})`,
      allowed: "a file of yours, or a new one in a folder that is there",
    });
  }
}

/** The files that this very process holds. */
const held = new Set<string>();

/**
 * Keeps others from the file; returns what lets them. The lock is a file beside it that names its process: one whose process
 * is gone, killed for instance, does not count.
 */
function lock(named: string, file: string): () => void {
  const path = `${file}.lock`;
  const inUse = (by: string) =>
    new ReadError({ source: named, problem: `is in use by ${by}`, allowed: "one sandbox for each file" });
  if (held.has(file)) {
    throw inUse("another sandbox of this program");
  }
  for (let attempt = 0; ; attempt += 1) {
    try {
      reachable(named, () => writeFileSync(path, JSON.stringify(self()), { flag: "wx", mode: 0o600 }));
      break;
    } catch (error) {
      const owner = existsSync(path) ? ownerOf(path) : undefined;
      if (!existsSync(path) || attempt > 20) {
        throw error;
      }
      if (owner !== undefined && isAlive(owner)) {
        throw inUse(`the sandbox with process id ${owner.pid}`);
      }
      if (owner !== undefined || Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) > 2000) {
        rmSync(path, { force: true });
      } else {
        // Made just now, and not written yet.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
      }
    }
  }
  held.add(file);
  return () => {
    held.delete(file);
    rmSync(path, { force: true });
  };
}

interface Owner {
  readonly pid: number;
  /** When the process began, where the operating system says it: numbers of processes are used again. */
  readonly begun: string;
}

const self = (): Owner => ({ pid: process.pid, begun: begunOf(process.pid) });

function ownerOf(path: string): Owner | undefined {
  try {
    const owner = parsed(readFileSync(path, "utf8"));
    return isObject(owner) && typeof owner.pid === "number" && typeof owner.begun === "string"
      ? { pid: owner.pid, begun: owner.begun }
      : undefined;
  } catch {
    return undefined;
  }
}

function isAlive({ pid, begun }: Owner): boolean {
  // This process does not hold the file, or it would have said so: the number belonged to another one.
  if (pid === process.pid) {
    return false;
  }
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  return begun === begunOf(pid);
}

function begunOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name of the program may hold spaces and parentheses; the time is the 20th field behind it.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}
