import { openSource, type Source } from "../trust";
import { readText } from "../trust/private/text";
import { UsageError } from "./usage-error";

/**
 * The file of `--attestors`: what gcloud lists of attestors; nothing else, so that a mix-up is noticed.
 * @param elsewhere what the error adds: where other sources are given
 */
export function readAttestors(path: string, elsewhere = ""): Source[] {
  // gcloud prints an empty list where a project has none.
  if (/^\s*\[\s*\]\s*$/.test(readText(path))) {
    return [];
  }
  const source = openSource(path);
  if (source.kind !== "attestors") {
    throw new UsageError(
      `--attestors ${path} is no list of attestors; allowed: what gcloud container binauthz attestors list --format=json prints${elsewhere}`,
    );
  }
  return [source];
}
