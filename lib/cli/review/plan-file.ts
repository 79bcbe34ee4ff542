import { createHash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import type { ReviewedPlan } from "../../review/engine";
import { openSource, openSourceBytes, ReadError, type ReadOptions, type SourceKind } from "../../trust";
import type { Io } from "../io";
import { STDIN } from "../stdin";
import { UsageError } from "../usage-error";

const ALLOWED = "what terraform show -json prints of a plan file; states and configurations with --context";

const KINDS: Readonly<Record<SourceKind, string>> = {
  "cdktf-out": "a folder of cdktf synth",
  "terraform-json": "a configuration",
  plan: "a plan",
  state: "a state",
  policy: "a policy",
  attestors: "a list of attestors",
};

/** Reads a plan, or `-` for the standard input, with the hash of its bytes. */
export function readPlanFile(path: string, options: ReadOptions, io: Io): ReviewedPlan {
  const { hash, source } =
    path === "-" ? readStdin(options, io) : { hash: hashOfFile(path), source: openSource(path, options) };
  if (source.plan === undefined) {
    const name = path === "-" ? STDIN : path;
    throw new UsageError(`${name} is no plan but ${KINDS[source.kind]}; allowed: ${ALLOWED}`);
  }
  return { plan: source.plan, ...(hash !== undefined && { hash }) };
}

function readStdin(options: ReadOptions, io: Io) {
  let bytes: Buffer;
  try {
    const input = io.stdin();
    bytes = typeof input === "string" ? Buffer.from(input) : Buffer.from(input.buffer, input.byteOffset, input.length);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ReadError({ source: STDIN, problem: `cannot be read (${code})`, allowed: ALLOWED });
  }
  if (bytes.subarray(0, 4).equals(ZIP)) {
    throw new UsageError(
      `${STDIN} is a plan in Terraform's own format; allowed: terraform show -json PLANFILE, and what it prints`,
    );
  }
  return { hash: createHash("sha256").update(bytes).digest("hex"), source: openSourceBytes(STDIN, bytes, options) };
}

/** In parts, since a plan may be larger than what is worth holding twice; undefined where reading it will say why. */
function hashOfFile(path: string): string | undefined {
  const hash = createHash("sha256");
  const part = Buffer.allocUnsafe(1 << 20);
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    return undefined;
  }
  try {
    for (;;) {
      const length = readSync(file, part);
      if (length === 0) {
        return hash.digest("hex");
      }
      hash.update(part.subarray(0, length));
    }
  } catch {
    return undefined;
  } finally {
    closeSync(file);
  }
}

/** A plan file of Terraform is a ZIP archive. */
const ZIP = Buffer.from("PK\u0003\u0004");
