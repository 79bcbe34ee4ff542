import { isRecord, own } from "../trust/private/attribute";
import { parseJson } from "../trust/private/text";
import { ReadError } from "../trust/read-error";

export type Fields = Readonly<Record<string, unknown>>;

/** A text of log entries, and what it is called in messages. */
export interface LogFile {
  readonly source: string;
  readonly text: string;
}

/** Who did something, as far as the entry says it. */
export interface Principal {
  /** An e-mail address, an account of Kubernetes, or the subject of a federated identity; undefined where none is named. */
  readonly name?: string;
  /** Who used the account in somebody's name, the first that asked first. */
  readonly impersonatedBy: readonly string[];
}

/** An entry of Cloud Logging, as far as it is read. Source: https://docs.cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry */
export interface LogEntry {
  /** The name of the log: `cloudaudit.googleapis.com/activity`. */
  readonly log: string;
  /** What the log belongs to: a project, a folder or an organization by its id. */
  readonly owner: string;
  /** In UTC with nine digits of a second, so that texts are in the order of times. */
  readonly time: string;
  readonly resourceType: string;
  readonly resourceLabels: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** The audited call; undefined for an entry that is no audit log. */
  readonly audit?: AuditedCall;
}

/** Source: https://docs.cloud.google.com/logging/docs/reference/audit/auditlog/rest/Shared.Types/AuditLog */
export interface AuditedCall {
  readonly service: string;
  readonly method: string;
  readonly resource: string;
  readonly principal: Principal;
  readonly request: Fields;
  readonly response: Fields;
  /** Whether the call was refused or went wrong. */
  readonly failed: boolean;
  readonly message: string;
}

export interface ReadEntries {
  readonly entries: readonly LogEntry[];
  /** How many were left out since another file, or the same, has them too. */
  readonly duplicates: number;
}

const ALLOWED = "what gcloud logging read --format=json prints, or one entry on each line";

/**
 * Reads entries of Cloud Logging: a list, the answer of `entries.list`, one entry, or one on each line.
 * @throws ReadError for everything else, with the number of the entry or of the line
 */
export function readEntries(files: readonly LogFile[]): ReadEntries {
  const seen = new Set<string>();
  const entries: LogEntry[] = [];
  let duplicates = 0;
  for (const file of files) {
    for (const located of valuesOf(file)) {
      const reader = new EntryReader(file.source, located.at, located.value);
      const entry = reader.entry();
      // Entries of one log, time and insertId are the same one: exports overlap.
      const id = reader.identity(entry);
      if (id !== undefined && seen.has(id)) {
        duplicates += 1;
        continue;
      }
      if (id !== undefined) {
        seen.add(id);
      }
      entries.push(entry);
    }
  }
  return { entries, duplicates };
}

interface Located {
  readonly value: unknown;
  readonly at: string;
}

function valuesOf({ source, text }: LogFile): Iterable<Located> {
  if (text.trim() === "") {
    throw new ReadError({ source, problem: "is empty", allowed: `${ALLOWED}; for no entries that is []` });
  }
  if (!/^\s*\{/.test(text)) {
    const value = parseJson(source, text);
    if (!Array.isArray(value)) {
      throw new ReadError({ source, problem: "has no log entries", found: value, allowed: ALLOWED });
    }
    return numbered(value);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return linesOf(source, text);
  }
  if (!isRecord(value) || own(value, "logName") !== undefined || own(value, "entries") === undefined) {
    return [{ value, at: "entry 1" }];
  }
  if (!Array.isArray(value.entries)) {
    throw new ReadError({ source, problem: '"entries" is no list', found: value.entries, allowed: ALLOWED });
  }
  // An answer of the API that has more pages is a part of what happened.
  if (typeof value.nextPageToken === "string" && value.nextPageToken !== "") {
    throw new ReadError({ source, problem: "is one page of several", allowed: "all entries, as gcloud prints them" });
  }
  return numbered(value.entries);
}

function numbered(values: readonly unknown[]): Located[] {
  return values.map((value, index) => ({ value, at: `entry ${index + 1}` }));
}

function* linesOf(source: string, text: string): Generator<Located> {
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() !== "") {
      const at = `line ${index + 1}`;
      let value: unknown;
      try {
        value = JSON.parse(line);
      } catch {
        throw new ReadError({ source, at, problem: "is no JSON", allowed: ALLOWED });
      }
      yield { value, at };
    }
  }
}

/** Source: https://docs.cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry (fields `logName` and `timestamp`) */
const LOG_NAME = /^(?:projects|folders|organizations|billingAccounts)\/([^/]+)\/logs\/([^/]+)$/;
const TIMESTAMP = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})$/;

/** Reads one entry. A field of the wrong type is an error: what cannot be understood is not passed over. */
class EntryReader {
  private readonly fields: Fields;

  public constructor(
    private readonly source: string,
    private readonly at: string,
    value: unknown,
  ) {
    if (!isRecord(value)) {
      throw this.error("is no log entry", value, ALLOWED);
    }
    this.fields = value;
  }

  public entry(): LogEntry {
    const { owner, log } = this.logName();
    // Whoever exports chosen fields only may leave out what tells; these every entry has.
    const resource = this.record(this.fields, "resource", "resource", "required");
    const audit = this.audit();
    return {
      log,
      owner,
      time: this.time(),
      resourceType: this.required(resource, "type", "resource.type"),
      resourceLabels: this.texts(resource, "labels", "resource.labels"),
      labels: this.texts(this.fields, "labels", "labels"),
      ...(audit && { audit }),
    };
  }

  public identity({ log, owner, time }: LogEntry): string | undefined {
    const id = this.text(this.fields, "insertId", "insertId");
    return id === undefined || id === "" ? undefined : JSON.stringify([log, owner, time, id]);
  }

  private logName(): { readonly owner: string; readonly log: string } {
    const name = own(this.fields, "logName");
    if (name === undefined) {
      throw this.error('is no log entry: it has no "logName"', undefined, ALLOWED);
    }
    const [, owner, log] = (typeof name === "string" && LOG_NAME.exec(name)) || [];
    if (owner === undefined || log === undefined) {
      throw this.error('"logName" is not the name of a log', name, "projects/PROJECT/logs/LOG");
    }
    return { owner, log: log.replace(/%2f/gi, "/") };
  }

  private time(): string {
    const text = own(this.fields, "timestamp");
    const [, seconds, fraction = "", zone] = (typeof text === "string" && TIMESTAMP.exec(text)) || [];
    const date = new Date(`${seconds}${zone}`);
    if (Number.isNaN(date.getTime())) {
      throw this.error('"timestamp" is no time', text, "a time such as 2026-11-02T09:00:00Z");
    }
    return `${date.toISOString().slice(0, 19)}.${fraction.padEnd(9, "0")}Z`;
  }

  private audit(): AuditedCall | undefined {
    const payload = this.record(this.fields, "protoPayload", "protoPayload");
    const type = this.text(payload, "@type", "protoPayload.@type");
    if (own(this.fields, "protoPayload") == null || (type !== undefined && !type.endsWith(".AuditLog"))) {
      return undefined;
    }
    const request = this.record(payload, "request", "protoPayload.request");
    const response = this.record(payload, "response", "protoPayload.response");
    const status = this.record(payload, "status", "protoPayload.status");
    const code = own(status, "code");
    return {
      service: this.required(payload, "serviceName", "protoPayload.serviceName"),
      method: this.required(payload, "methodName", "protoPayload.methodName"),
      resource: this.text(payload, "resourceName", "protoPayload.resourceName") ?? "",
      principal: this.principal(payload),
      request,
      response,
      failed: (code !== undefined && code !== null && Number(code) !== 0) || own(response, "status") === "Failure",
      message: this.text(status, "message", "protoPayload.status.message") ?? "",
    };
  }

  private principal(payload: Fields): Principal {
    const path = "protoPayload.authenticationInfo";
    const info = this.record(payload, "authenticationInfo", path);
    const name = this.named(info, path);
    const chain = own(info, "serviceAccountDelegationInfo");
    return {
      ...(name !== undefined && { name }),
      impersonatedBy: (Array.isArray(chain) ? chain : []).filter(isRecord).flatMap((link) => {
        const first = own(link, "firstPartyPrincipal");
        return this.named(isRecord(first) ? { ...link, ...first } : link, `${path}.serviceAccountDelegationInfo`) ?? [];
      }),
    };
  }

  private named(fields: Fields, path: string): string | undefined {
    return (
      this.text(fields, "principalEmail", `${path}.principalEmail`) ||
      this.text(fields, "principalSubject", `${path}.principalSubject`) ||
      undefined
    );
  }

  private text(fields: Fields, name: string, path: string): string | undefined {
    const value = own(fields, name);
    if (value === undefined || value === null || typeof value === "string") {
      return value ?? undefined;
    }
    throw this.error(`"${path}" is no text`, value, "an entry as Cloud Logging writes it");
  }

  private required(fields: Fields, name: string, path: string): string {
    const text = this.text(fields, name, path);
    if (text === undefined || text === "") {
      throw this.error(`"${path}" is missing`, undefined, "whole entries, as Cloud Logging writes them");
    }
    return text;
  }

  private texts(fields: Fields, name: string, path: string): Readonly<Record<string, string>> {
    const record = this.record(fields, name, path);
    for (const [key, value] of Object.entries(record)) {
      if (typeof value !== "string") {
        throw this.error(
          `"${path}" has a value that is no text, at ${JSON.stringify(key.slice(0, 80))}`,
          value,
          "texts",
        );
      }
    }
    return record as Record<string, string>;
  }

  private record(fields: Fields, name: string, path: string, need?: "required"): Fields {
    const value = own(fields, name);
    if (value === undefined || value === null) {
      if (need === "required") {
        throw this.error(`"${path}" is missing`, undefined, "whole entries, as Cloud Logging writes them");
      }
      return {};
    }
    if (!isRecord(value)) {
      throw this.error(`"${path}" is no object`, value, "an entry as Cloud Logging writes it");
    }
    return value;
  }

  private error(problem: string, found: unknown, allowed: string): ReadError {
    const { source, at } = this;
    return new ReadError({ source, at, problem, ...(found !== undefined && { found }), allowed });
  }
}
