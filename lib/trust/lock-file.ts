import { readText } from "./private/text";
import { ReadError } from "./read-error";

/** The name that Terraform gives it, beside the configuration. */
export const LOCK_FILE = ".terraform.lock.hcl";

/**
 * Reads the versions of providers that Terraform has chosen, by their full name, from its lock file. Terraform writes it, a
 * line for each setting: https://developer.hashicorp.com/terraform/language/files/dependency-lock
 */
export function readLockFile(path: string): ReadonlyMap<string, string> {
  return lockedIn(path, readText(path));
}

export function lockedIn(source: string, text: string): ReadonlyMap<string, string> {
  const versions = new Map<string, string>();
  const lines = text.split(/\r?\n/);
  let provider: string | undefined;
  for (const [index, line] of lines.entries()) {
    const opened = /^provider\s+"([^"]+)"\s*\{\s*$/.exec(line)?.[1];
    const version = /^\s+version\s*=\s*"([^"]+)"\s*$/.exec(line)?.[1];
    if (opened !== undefined) {
      provider = opened;
    } else if (provider !== undefined && version !== undefined) {
      versions.set(provider, version);
    } else if (/^\}/.test(line)) {
      if (provider !== undefined && !versions.has(provider)) {
        throw unreadable(source, index + 1, `no version of ${provider}`);
      }
      provider = undefined;
    }
  }
  if (provider !== undefined || versions.size === 0) {
    throw unreadable(source, lines.length, provider === undefined ? "no provider" : `no end of ${provider}`);
  }
  return versions;
}

function unreadable(source: string, line: number, found: string): ReadError {
  return new ReadError({
    source,
    at: `line ${line}`,
    problem: `is no lock file: it has ${found}`,
    allowed: `${LOCK_FILE}, as terraform init writes it`,
  });
}
