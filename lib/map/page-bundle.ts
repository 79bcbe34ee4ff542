import { join } from "node:path";
import { type BuildOptions, buildSync } from "esbuild";
import options from "./page/bundle.json";

/** The program and the style of the page. */
export interface PageBundle {
  readonly script: string;
  readonly style: string;
}

/** The project, of which this file is a source. */
const ROOT = join(__dirname, "..", "..");

let bundled: PageBundle | undefined;

/**
 * The program and the style of the page, made of their sources when they are first asked for.
 *
 * Only in a checkout: scripts/build.mjs puts what it made of them in the place of this file, so that the command carries no
 * bundler.
 */
export function pageBundle(): PageBundle {
  bundled ??= fromSources();
  return bundled;
}

function fromSources(): PageBundle {
  const { outputFiles } = buildSync({ absWorkingDir: ROOT, ...(options as BuildOptions), write: false });
  const named = (end: string) => outputFiles.find(({ path }) => path.endsWith(end))?.text ?? "";
  return { script: named(".js"), style: named(".css") };
}
