import { type Dirent, readdirSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { readText } from "../trust/private/text";
import { ReadError } from "../trust/read-error";

/** A file of manifests: its name as the user would type it, and its text. */
export interface ManifestFile {
  readonly source: string;
  readonly text: string;
}

const MANIFEST = /\.(?:ya?ml|json)$/i;

/**
 * The files of a path, one at a time: the file itself, or those of a folder and its folders that end in `.yaml`, `.yml` or
 * `.json`, in the order of their names. A folder that links lead to twice is read once.
 *
 * @throws ReadError for what does not exist, cannot be read, or is the source of manifests and none itself
 */
export function* manifestFiles(path: string): Generator<ManifestFile> {
  if (!isFolder(path)) {
    yield { source: path, text: readText(path) };
    return;
  }
  let any = false;
  for (const source of walk(path, new Set())) {
    any = true;
    yield { source, text: readText(source) };
  }
  if (!any) {
    throw new ReadError({
      source: path,
      problem: "is a folder without manifests",
      allowed: "files that end in .yaml, .yml or .json",
    });
  }
}

function* walk(folder: string, seen: Set<string>): Generator<string> {
  const real = readable(folder, () => realpathSync(folder));
  if (seen.has(real)) {
    return;
  }
  seen.add(real);
  const entries = readable(folder, () => readdirSync(folder, { withFileTypes: true }));
  refuseTemplates(folder, entries);
  // By code units: the same on every machine.
  for (const entry of [...entries].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() || (entry.isSymbolicLink() && isFolder(path))) {
      if (entry.name !== ".git") {
        yield* walk(path, seen);
      }
    } else if (MANIFEST.test(entry.name)) {
      yield path;
    }
  }
}

/** What only becomes manifests is not taken for them. */
function refuseTemplates(folder: string, entries: readonly Dirent[]): void {
  const names = new Set(entries.map(({ name }) => name));
  if (names.has("Chart.yaml")) {
    throw new ReadError({
      source: folder,
      problem: "is a Helm chart, and no manifests",
      allowed: `what it is rendered to: helm template ${folder} | binauthz admit -f -`,
    });
  }
  const kustomization = ["kustomization.yaml", "kustomization.yml", "Kustomization"].find((name) => names.has(name));
  if (kustomization !== undefined) {
    throw new ReadError({
      source: join(folder, kustomization),
      problem: "makes the folder one of Kustomize, whose images and patches are not applied here",
      allowed: `what it is built to: kubectl kustomize ${folder} | binauthz admit -f -`,
    });
  }
}

function isFolder(path: string): boolean {
  // What does not exist, or is a link to itself, is no folder: reading it as a file says what is wrong.
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

function readable<T>(folder: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new ReadError({ source: folder, problem: `cannot be read (${code})`, allowed: "a folder that can be read" });
  }
}
