import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ReadError } from "../trust";

/** Makes a folder for what is gone at the end. A {@link ReadError} where the system's folder for such is of no use. */
export function temporaryFolder(prefix: string): string {
  try {
    return mkdtempSync(join(tmpdir(), prefix));
  } catch (error) {
    const problem = `cannot hold temporary files (${(error as NodeJS.ErrnoException).code})`;
    const allowed = "a folder that is there and that you may write to; the environment variable TMPDIR names it";
    throw new ReadError({ source: tmpdir(), problem, allowed });
  }
}
