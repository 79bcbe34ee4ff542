import { Command } from "commander";
import { readEntries } from "../audit/entries";
import { EVENT_KINDS, type EventKind, LOG_KINDS, type LogKind } from "../audit/kinds";
import { type AuditOptions, type AuditReport, auditReport } from "../audit/report";
import { readText } from "../trust/private/text";
import { ReadError } from "../trust/read-error";
import { memberError } from "../vocabulary/member";
import { jsonOf } from "./audit/json";
import { markdownOf } from "./audit/markdown";
import { textOf } from "./audit/text";
import { collect } from "./collect";
import { safeJson } from "./escape";
import { emit, type Medium, parseFormats } from "./formats";
import { helpText } from "./help-text";
import type { ExitCode, Io } from "./io";
import { STDIN, stdinText } from "./stdin";
import { UsageError } from "./usage-error";

const FORMATS = ["text", "json", "markdown"] as const;
interface Options {
  readonly signer?: readonly string[];
  readonly operator?: readonly string[];
  readonly key?: readonly string[];
  readonly covers?: readonly string[];
  readonly failOn?: readonly string[];
  readonly format?: readonly string[];
}

/** `binauthz audit`: what did Binary Authorization admit, deny, dry-run, bypass, and by whom? */
export function auditCommand(io: Io, done: (code: ExitCode) => void): Command {
  return new Command("audit")
    .description(
      "What did Binary Authorization admit, deny or skip, and who did it? Reads entries of Cloud Audit Logs, as gcloud logging read --format=json prints them. No account is asked.",
    )
    .argument("<logs...>", "files of log entries in JSON, or - for the standard input")
    .option("--signer <member>", "who signs: anybody else's signature is a finding (repeatable)", collect)
    .option(
      "--operator <member>",
      "who changes policy, attestors and keys: anybody else's change is a finding (repeatable)",
      collect,
    )
    .option(
      "--key <key>",
      "the signing key, projects/P/locations/L/keyRings/R/cryptoKeys/K (repeatable; default: all in the logs)",
      collect,
    )
    .option(
      "--covers <logs>",
      `the logs that were asked for, so that no entry means nothing happened: ${LOG_KINDS.join(", ")}, or all (repeatable, or with commas)`,
      collect,
    )
    .option(
      "--fail-on <kinds>",
      `what ends with exit code 2: ${EVENT_KINDS.join(", ")}, or none (repeatable, or with commas; default: what let something run unchecked, and what is foreign)`,
      collect,
    )
    .option(
      "--format <format>",
      "text, json or markdown; FORMAT=PATH writes a file (repeatable; default: text)",
      collect,
    )
    .addHelpText("after", helpText(HELP, io))
    .action((paths: readonly string[], options: Options) => {
      const destinations = parseFormats(options.format ?? ["text"], FORMATS);
      const settings = settingsOf(options);
      const report = auditReport(readEntries(filesOf(paths, io)), settings);
      emit(io, destinations, (format, medium) => render(report, format, medium));
      done({ pass: 0, fail: 2, undecided: 3 }[report.result] as ExitCode);
    });
}

const HELP = `
Examples:
  gcloud logging read 'protoPayload.serviceName="binaryauthorization.googleapis.com"' --freshness=7d --format=json |
    binauthz audit --fail-on policy-opened --covers policy -
  binauthz audit --covers all --signer serviceAccount:signer@my-project.iam.gserviceaccount.com logs.json

Exit codes: 0 nothing that fails was found; 1 called wrongly, or something cannot be understood; 2 something that fails was
found; 3 none was found, and the logs in which it would be are not there. The queries are in docs/audit.md.`;

function render(report: AuditReport, format: (typeof FORMATS)[number], medium: Medium): string {
  switch (format) {
    case "text":
      return textOf(report, medium);
    case "json":
      return `${safeJson(jsonOf(report))}\n`;
    case "markdown":
      return markdownOf(report);
  }
}

function settingsOf({ signer, operator, key, covers = [], failOn }: Options): AuditOptions {
  const kinds = failOn && listOf("--fail-on", failOn, EVENT_KINDS, "none", []);
  for (const [kind, option, given] of [
    ["foreign-signature", "--signer", signer],
    ["foreign-change", "--operator", operator],
  ] as const) {
    if (kinds?.includes(kind) && given === undefined) {
      throw new UsageError(
        `--fail-on ${kind} needs to know whose are not foreign; allowed: ${option} MEMBER beside it`,
      );
    }
  }
  return {
    ...(signer && { signers: signer.map((member) => checkMember("--signer", member)) }),
    ...(operator && { operators: operator.map((member) => checkMember("--operator", member)) }),
    ...(key && { keys: key.map(checkKey) }),
    ...(kinds && { failOn: kinds }),
    covered: listOf<LogKind>("--covers", covers, LOG_KINDS, "all", LOG_KINDS),
  };
}

/** Words with commas between them; one word stands for all, or for none. */
function listOf<T extends EventKind | LogKind>(
  option: string,
  texts: readonly string[],
  allowed: readonly T[],
  special: string,
  meaning: readonly T[],
): readonly T[] {
  const words = texts.flatMap((text) => text.split(",")).map((word) => word.trim());
  if (words.length === 1 && words[0] === special) {
    return meaning;
  }
  return words.map((word) => {
    const found = allowed.find((candidate) => candidate === word);
    if (found === undefined) {
      const what = word === special ? "stands by itself" : "is not understood";
      throw new UsageError(`${option} ${word} ${what}; allowed: ${allowed.join(", ")}, or ${special} alone`);
    }
    return found;
  });
}

/** The log names one principal: of a group nobody could say whether it is in it. */
function checkMember(option: string, member: string): string {
  if (!/^(?:serviceAccount|user|principal):/.test(member) || memberError(member)) {
    throw new UsageError(
      `${option} ${member} is no single principal; allowed: serviceAccount:EMAIL, user:EMAIL or principal://…`,
    );
  }
  return member;
}

function checkKey(text: string): string {
  const key = text.replace(/^\/\/cloudkms\.googleapis\.com\/v1\//, "");
  if (!/^projects\/[^/]+\/locations\/[^/]+\/keyRings\/[^/]+\/cryptoKeys\/[^/]+$/.test(key)) {
    throw new UsageError(`--key ${text} is no key; allowed: projects/P/locations/L/keyRings/R/cryptoKeys/K`);
  }
  return key;
}

function filesOf(paths: readonly string[], io: Io): { readonly source: string; readonly text: string }[] {
  if (paths.filter((path) => path === "-").length > 1) {
    throw new UsageError("- is given twice, and the standard input can be read once; allowed: - once");
  }
  return paths.map((path) =>
    path === "-" ? { source: STDIN, text: readStdin(io) } : { source: path, text: readText(path) },
  );
}

function readStdin(io: Io): string {
  try {
    return stdinText(io);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ReadError({ source: STDIN, problem: `cannot be read (${code})`, allowed: "log entries" });
  }
}
