import { decodeBase64, MAX_SIGNATURES } from "../admission";
import { ATTESTOR_NAME } from "../vocabulary/resource-name";
import { alsoNeeds, type Context, holderOf, members, newId, now, page } from "./context";
import { ApiError, alreadyExists, invalid, notFound } from "./errors";
import { iamRoutes } from "./iam-policies";
import { applyMask, clone, type Json, type JsonObject, list, obj, str } from "./json";
import { type OccurrenceFilter, readOccurrenceFilter } from "./occurrence-filter";
import { ALSO_NEEDED } from "./permissions";
import { type AddRoute, type Call, type Route, routesOf } from "./routes";
import { lookup, type State } from "./state";

const NOTES = "projects/{project}/notes";
const NOTE = `${NOTES}/{note}`;
const OCCURRENCES = "projects/{project}/occurrences";
const OCCURRENCE = `${OCCURRENCES}/{occurrence}`;

/** Source: https://docs.cloud.google.com/artifact-analysis/docs/reference/rest/v1/projects.occurrences/list */
const PAGE = { normal: 20, most: 1000 };

/** Artifact Analysis (Grafeas v1): notes, and the occurrences that are attached to them. */
export function containerAnalysisRoutes(context: Context): Route[] {
  const { state } = context;
  return routesOf("containeranalysis", (on) => {
    on("POST", NOTES, "containeranalysis.notes.create", (call) => createNote(context, call));
    on("GET", NOTES, "containeranalysis.notes.list", (call) => {
      const { items, nextPageToken } = page(call, members(state.notes, call.name), PAGE);
      return { notes: items.map(([, note]) => clone(note)), nextPageToken };
    });
    on("GET", NOTE, "containeranalysis.notes.get", (call) => clone(note(state, call.name)));
    on("PATCH", NOTE, "containeranalysis.notes.patch", (call) => {
      // Clients of the older API still name the field by its older name.
      const mask = (call.query.get("updateMask") ?? "").replace("attestationAuthority", "attestation");
      return updated(note(state, call.name), call, mask);
    });
    on("DELETE", NOTE, "containeranalysis.notes.delete", (call) => {
      note(state, call.name);
      delete state.notes[call.name];
      delete state.iamPolicies[call.name];
      return {};
    });
    on("GET", `${NOTE}/occurrences`, "containeranalysis.notes.occurrences.list", (call) => {
      note(state, holderOf(call.name));
      return occurrencePage(context, call, occurrencesOf(state, holderOf(call.name)));
    });
    occurrenceRoutes(context, on);
    iamRoutes(context, on, NOTE, "containeranalysis.notes", (name) => void note(state, name));
  });
}

function occurrenceRoutes(context: Context, on: AddRoute): void {
  const { state } = context;
  on("POST", OCCURRENCES, "containeranalysis.occurrences.create", (call) => createOccurrence(context, call));
  on("GET", OCCURRENCES, "containeranalysis.occurrences.list", (call) => {
    const all = members(state.occurrences, call.name).map(([, occurrence]) => occurrence);
    return occurrencePage(context, call, all);
  });
  on("GET", OCCURRENCE, "containeranalysis.occurrences.get", (call) => clone(occurrence(state, call.name)));
  on("GET", `${OCCURRENCE}/notes`, "containeranalysis.occurrences.getNotes", (call) =>
    clone(note(state, str(occurrence(state, holderOf(call.name)).noteName))),
  );
  on("PATCH", OCCURRENCE, "containeranalysis.occurrences.patch", (call) =>
    updated(occurrence(state, call.name), call, call.query.get("updateMask") ?? ""),
  );
  on("DELETE", OCCURRENCE, "containeranalysis.occurrences.delete", (call) => {
    occurrence(state, call.name);
    delete state.occurrences[call.name];
    return {};
  });
}

/** The occurrences that are attached to a note, in whichever project. */
function occurrencesOf(state: State, noteName: string): JsonObject[] {
  return Object.values(state.occurrences).filter((occurrence) => occurrence.noteName === noteName);
}

/** Stores an occurrence without any check, as another tool may have done long ago; returns its full name. */
export function putOccurrence(state: State, project: string, given: JsonObject): string {
  const name = `projects/${project}/occurrences/${newId()}`;
  const kind = given.kind ?? "ATTESTATION";
  state.occurrences[name] = { ...clone(given), name, kind, createTime: now(), updateTime: now() };
  return name;
}

function updated(resource: JsonObject, call: Call, mask: string): Json {
  const { name, kind, createTime } = resource;
  applyMask(resource, call.body, mask);
  Object.assign(resource, { name, kind, createTime, updateTime: now() });
  return clone(resource);
}

function note(state: State, name: string): JsonObject {
  const found = lookup(state.notes, name);
  if (found === undefined) {
    throw notFound(`note with ID "${name.split("/").pop()}" for project "${name.split("/")[1]}"`);
  }
  return found;
}

function occurrence(state: State, name: string): JsonObject {
  const found = lookup(state.occurrences, name);
  if (found === undefined) {
    throw notFound(`occurrence with ID "${name.split("/").pop()}" for project "${name.split("/")[1]}"`);
  }
  return found;
}

function createNote(context: Context, call: Call): Json {
  const id = call.query.get("noteId") ?? "";
  const name = `${call.name}/${id}`;
  if (!ATTESTOR_NAME.pattern.test(id)) {
    throw invalid(`note_id ${JSON.stringify(id)} is not valid`, "note_id");
  }
  if (lookup(context.state.notes, name) !== undefined) {
    throw alreadyExists(`note with ID "${id}" for project "${call.params.project}"`);
  }
  if (call.body.attestation === undefined) {
    throw context.unsupported("containeranalysis note of another kind than ATTESTATION");
  }
  const note: JsonObject = { ...call.body, name, kind: "ATTESTATION", createTime: now(), updateTime: now() };
  context.state.notes[name] = note;
  return clone(note);
}

function createOccurrence(context: Context, call: Call): Json {
  const { state } = context;
  const { body } = call;
  const noteName = str(body.noteName);
  if (!/^projects\/[^/]+\/notes\/[^/]+$/.test(noteName)) {
    throw invalid("note_name must be of the form projects/[PROVIDER_ID]/notes/[NOTE_ID]", "occurrence.note_name");
  }
  alsoNeeds(context, call, ALSO_NEEDED.attachOccurrence.permission, noteName);
  note(state, noteName);
  if (body.kind !== undefined && body.kind !== "ATTESTATION") {
    throw context.unsupported(`containeranalysis occurrence of kind ${str(body.kind)}`);
  }
  checkAttestation(body);
  const twin = Object.values(state.occurrences).find((other) => isDuplicate(context, body, other));
  if (twin !== undefined) {
    throw new ApiError("ALREADY_EXISTS", `occurrence ID "${str(twin.name).split("/").pop()}" already exists`);
  }
  return clone(occurrence(state, putOccurrence(state, call.params.project, body)));
}

function checkAttestation(body: JsonObject): void {
  if (str(body.resourceUri) === "") {
    throw invalid("resource_uri is required", "occurrence.resource_uri");
  }
  if (body.attestation === undefined) {
    throw invalid("an occurrence of an attestation note needs an attestation", "occurrence.attestation");
  }
  const { serializedPayload } = obj(body.attestation);
  const signatures = list(obj(body.attestation).signatures);
  if (signatures.length > MAX_SIGNATURES) {
    throw invalid(`more than ${MAX_SIGNATURES} signatures`, "occurrence.attestation.signatures");
  }
  // Clients cannot read bytes that are none, and the list with them: gcloud crashes.
  for (const bytes of [serializedPayload, ...signatures.map(({ signature }) => signature)]) {
    if (decodeBase64(str(bytes), Number.POSITIVE_INFINITY) === undefined) {
      throw invalid("Base64 decoding failed.", "occurrence.attestation");
    }
  }
}

function isDuplicate({ behaviour }: Context, wanted: JsonObject, other: JsonObject): boolean {
  const rule = behaviour.duplicateAttestation;
  const sameImage = other.noteName === wanted.noteName && other.resourceUri === wanted.resourceUri;
  if (rule === "allow" || !sameImage) {
    return false;
  }
  const ids = keyIds(wanted);
  return rule === "same-image" || keyIds(other).some((id) => ids.includes(id));
}

function keyIds(resource: JsonObject): string[] {
  return list(obj(resource.attestation).signatures).map((signature) => str(signature.publicKeyId));
}

function occurrencePage(context: Context, call: Call, all: readonly JsonObject[]): Json {
  const kept = all.filter(filterOf(context, call.query.get("filter") ?? ""));
  const { items, nextPageToken } = page(call, kept, PAGE);
  return { occurrences: items.map(clone), nextPageToken };
}

function filterOf(context: Context, text: string): OccurrenceFilter {
  const filter = readOccurrenceFilter(text);
  if (filter === undefined) {
    throw context.unsupported(`containeranalysis filter ${text}`);
  }
  return filter;
}
