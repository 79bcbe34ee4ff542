import { isRecord, own } from "../trust/private/attribute";
import { parseJson } from "../trust/private/text";
import { ReadError } from "../trust/read-error";
import type { Occurrence, OccurrenceSignature } from "./types";

/**
 * Reads a file of attestations: what `gcloud container binauthz attestations list --format=json` prints, a list, or what
 * the API answers, `{"occurrences": […]}`. Occurrences of other kinds are left out.
 *
 * Only the shape is judged here, so that a mistake is not taken for a missing attestation; what an attestation is worth is
 * decided with it. What the API leaves out because it is empty is empty.
 *
 * @param source how the user named the file, for messages
 * @param text JSON
 * @throws ReadError where the text is no JSON, is something else, or is one page of several; its message counts the
 * occurrences from 1
 */
export function readOccurrences(source: string, text: string): readonly Occurrence[] {
  return entriesOf(source, parseJson(source, text)).flatMap((entry, index) =>
    readOccurrence(new Place(source, `occurrence ${index + 1}`), entry),
  );
}

function entriesOf(source: string, value: unknown): readonly unknown[] {
  if (Array.isArray(value)) {
    return value;
  }
  const entries = isRecord(value) ? own(value, "occurrences") : undefined;
  if (!isRecord(value) || !Array.isArray(entries)) {
    const allowed = 'a list as gcloud … attestations list --format=json prints it, or {"occurrences": […]}';
    throw new ReadError({ source, problem: "has no list of occurrences", found: value ?? "nothing", allowed });
  }
  const next = own(value, "nextPageToken");
  if (next !== undefined && next !== null && next !== "") {
    throw new ReadError({
      source,
      problem: "is one page of several, as nextPageToken says",
      allowed: "all occurrences; gcloud … attestations list --format=json fetches every page",
    });
  }
  return entries;
}

function readOccurrence(place: Place, entry: unknown): Occurrence[] {
  const fields = place.record(undefined, entry);
  if (place.required(fields, "kind") !== "ATTESTATION") {
    return [];
  }
  const attestation = place.record("attestation", own(fields, "attestation"));
  const signatures = own(attestation, "signatures") ?? [];
  if (!Array.isArray(signatures)) {
    throw place.wrong("attestation.signatures", signatures, "a list");
  }
  return [
    {
      ...place.optional(fields, "name"),
      kind: "ATTESTATION",
      noteName: place.required(fields, "noteName"),
      resourceUri: place.required(fields, "resourceUri"),
      attestation: {
        serializedPayload: place.text("attestation.serializedPayload", own(attestation, "serializedPayload") ?? ""),
        signatures: signatures.map((signature, index) => readSignature(place, index, signature)),
      },
      ...place.optional(fields, "createTime"),
      ...place.optional(fields, "updateTime"),
    },
  ];
}

function readSignature(place: Place, index: number, entry: unknown): OccurrenceSignature {
  const at = `attestation.signatures[${index}]`;
  const fields = place.record(at, entry);
  return {
    publicKeyId: place.text(`${at}.publicKeyId`, own(fields, "publicKeyId") ?? ""),
    signature: place.text(`${at}.signature`, own(fields, "signature") ?? ""),
  };
}

type Fields = Readonly<Record<string, unknown>>;

/** An occurrence of a file, for messages. */
class Place {
  public constructor(
    private readonly source: string,
    private readonly at: string,
  ) {}

  public wrong(path: string | undefined, found: unknown, allowed: string): ReadError {
    const problem = path === undefined ? "is not valid" : `${JSON.stringify(path)} is not valid`;
    return new ReadError({ source: this.source, at: this.at, problem, found: found ?? "nothing", allowed });
  }

  public record(path: string | undefined, value: unknown): Fields {
    if (!isRecord(value)) {
      throw this.wrong(path, value, "an object");
    }
    return value;
  }

  public text(path: string, value: unknown): string {
    if (typeof value !== "string") {
      throw this.wrong(path, value, "text");
    }
    return value;
  }

  public required(fields: Fields, name: string): string {
    const value = this.text(name, own(fields, name));
    if (value === "") {
      throw this.wrong(name, value, "text that is not empty");
    }
    return value;
  }

  /** The field where it is there. */
  public optional<K extends string>(fields: Fields, name: K): { readonly [name in K]?: string } {
    const value = own(fields, name) ?? undefined;
    return value === undefined ? {} : ({ [name]: this.text(name, value) } as { readonly [name in K]?: string });
  }
}
