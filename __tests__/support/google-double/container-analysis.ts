import { type Context, newId, now, requireProject } from "./context";
import { ApiError, alreadyExists, invalid, notFound } from "./errors";
import { applyMask, clone, type Json, type JsonObject, list, obj, str } from "./json";
import type { Call, ServiceRouter } from "./router";

const NOTE = "projects/{project}/notes/{note}";
const OCCURRENCE = "projects/{project}/occurrences/{occurrence}";

type Filter = (occurrence: JsonObject) => boolean;

/** Artifact Analysis (Grafeas v1): notes, and the occurrences that hang on them. */
export class ContainerAnalysis {
  private readonly notes = new Map<string, JsonObject>();
  private readonly stored = new Map<string, JsonObject>();

  constructor(private readonly context: Context) {
    const on = context.router.forService("containeranalysis");
    this.noteRoutes(on);
    this.occurrenceRoutes(on);
    context.iam.routes(on, NOTE, (name) => void this.requireNote(name));
  }

  note(name: string): JsonObject | undefined {
    return clone(this.notes.get(name));
  }

  occurrences(project: string): JsonObject[] {
    const inside = [...this.stored].filter(([name]) => name.startsWith(`projects/${project}/`));
    return inside.map(([, occurrence]) => clone(occurrence));
  }

  /** Stores an occurrence without any check, as another tool may have done long ago. */
  putOccurrence(project: string, occurrence: JsonObject): string {
    const name = `projects/${project}/occurrences/${newId()}`;
    const kind = occurrence.kind ?? "ATTESTATION";
    this.stored.set(name, { ...clone(occurrence), name, kind, createTime: now(), updateTime: now() });
    return name;
  }

  private noteRoutes(on: ServiceRouter): void {
    on("POST", "projects/{project}/notes", (call) => this.createNote(call));
    on("GET", NOTE, (call) => clone(this.requireNote(call.name)));
    on("GET", "projects/{project}/notes", (call) => {
      const inside = [...this.notes].filter(([name]) => name.startsWith(`${call.name}/`));
      return { notes: inside.map(([, note]) => clone(note)) };
    });
    on("PATCH", NOTE, (call) => {
      const note = this.requireNote(call.name);
      // Clients of the older API still name the field by its older name.
      const mask = (call.query.get("updateMask") ?? "").replace("attestationAuthority", "attestation");
      applyMask(note, call.body, mask);
      note.updateTime = now();
      return clone(note);
    });
    on("DELETE", NOTE, (call) => {
      this.requireNote(call.name);
      this.notes.delete(call.name);
      this.context.iam.delete(call.name);
      return {};
    });
    on("GET", `${NOTE}/occurrences`, (call) => {
      const note = call.name.slice(0, -"/occurrences".length);
      this.requireNote(note);
      return this.page(
        call,
        [...this.stored.values()].filter((o) => o.noteName === note),
      );
    });
  }

  private occurrenceRoutes(on: ServiceRouter): void {
    on("POST", "projects/{project}/occurrences", (call) => this.createOccurrence(call));
    on("GET", "projects/{project}/occurrences", (call) => this.page(call, this.occurrences(call.params.project ?? "")));
    on("GET", OCCURRENCE, (call) => clone(this.requireOccurrence(call.name)));
    on("GET", `${OCCURRENCE}/notes`, (call) => {
      const occurrence = this.requireOccurrence(call.name.slice(0, -"/notes".length));
      return clone(this.requireNote(str(occurrence.noteName)));
    });
    on("PATCH", OCCURRENCE, (call) => {
      const occurrence = this.requireOccurrence(call.name);
      applyMask(occurrence, call.body, call.query.get("updateMask") ?? "");
      occurrence.updateTime = now();
      return clone(occurrence);
    });
    on("DELETE", OCCURRENCE, (call) => {
      this.requireOccurrence(call.name);
      this.stored.delete(call.name);
      return {};
    });
  }

  private requireNote(name: string): JsonObject {
    const note = this.notes.get(name);
    if (note === undefined) {
      throw notFound(`note ${name}`);
    }
    return note;
  }

  private requireOccurrence(name: string): JsonObject {
    const occurrence = this.stored.get(name);
    if (occurrence === undefined) {
      throw notFound(`occurrence ${name}`);
    }
    return occurrence;
  }

  private createNote(call: Call): Json {
    requireProject(this.context, call.params.project ?? "");
    const name = `${call.name}/${call.query.get("noteId") ?? ""}`;
    if (this.notes.has(name)) {
      throw alreadyExists(`note ${name}`);
    }
    if (call.body.attestation === undefined) {
      throw this.context.unsupported("containeranalysis note of another kind than ATTESTATION");
    }
    const note: JsonObject = {
      ...call.body,
      name,
      kind: "ATTESTATION",
      createTime: now(),
      updateTime: now(),
    };
    this.notes.set(name, note);
    return clone(note);
  }

  private createOccurrence(call: Call): Json {
    const { body } = call;
    this.requireNote(str(body.noteName));
    if (body.attestation === undefined || str(body.resourceUri) === "") {
      throw invalid("an attestation occurrence needs attestation and resource_uri");
    }
    const twin = [...this.stored.values()].find((other) => this.isDuplicate(body, other));
    if (twin !== undefined) {
      const id = str(twin.name).split("/").pop();
      throw new ApiError("ALREADY_EXISTS", `occurrence ID "${id}" already exists`);
    }
    const name = this.putOccurrence(call.params.project ?? "", body);
    return clone(this.requireOccurrence(name));
  }

  private isDuplicate(wanted: JsonObject, other: JsonObject): boolean {
    const rule = this.context.options.duplicateAttestation;
    const sameImage = other.noteName === wanted.noteName && other.resourceUri === wanted.resourceUri;
    if (rule === "allow" || !sameImage) {
      return false;
    }
    const keys = keyIds(wanted);
    return rule === "same-image" || keyIds(other).some((id) => keys.includes(id));
  }

  private page(call: Call, found: JsonObject[]): Json {
    const kept = found.filter(this.filter(call.query.get("filter") ?? ""));
    const size = Number(call.query.get("pageSize") ?? "0") || 20;
    const start = Number(call.query.get("pageToken") ?? "0") || 0;
    const next = start + size < kept.length ? String(start + size) : undefined;
    return { occurrences: kept.slice(start, start + size).map(clone), nextPageToken: next };
  }

  /** The part of the filter language that clients of attestations use: comparisons joined by AND. */
  private filter(text: string): Filter {
    const clauses = text.split(/\s+AND\s+/i).filter((clause) => clause.trim() !== "");
    const filters = clauses.map((clause) => this.clause(clause.trim().replace(/^\((.*)\)$/, "$1")));
    return (occurrence) => filters.every((filter) => filter(occurrence));
  }

  private clause(text: string): Filter {
    const suffix = /^has_suffix\(\s*resource(?:Url|Uri)\s*,\s*"([^"]*)"\s*\)$/.exec(text);
    if (suffix) {
      return (o) => str(o.resourceUri).endsWith(suffix[1] ?? "");
    }
    const prefix = /^has_prefix\(\s*resource(?:Url|Uri)\s*,\s*"([^"]*)"\s*\)$/.exec(text);
    if (prefix) {
      return (o) => str(o.resourceUri).startsWith(prefix[1] ?? "");
    }
    const equal = /^(resourceUrl|resourceUri|kind|noteName|noteId)\s*=\s*"([^"]*)"$/.exec(text);
    if (equal) {
      const [, field = "", value = ""] = equal;
      return (o) => fieldOf(o, field) === value;
    }
    throw this.context.unsupported(`containeranalysis filter ${text}`);
  }
}

function fieldOf(occurrence: JsonObject, field: string): string {
  if (field === "noteId") {
    return str(occurrence.noteName).split("/").pop() ?? "";
  }
  return str(occurrence[field === "resourceUrl" ? "resourceUri" : field]);
}

function keyIds(occurrence: JsonObject): string[] {
  return list(obj(occurrence.attestation).signatures).map((s) => str(s.publicKeyId));
}
