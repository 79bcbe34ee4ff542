import type { Effective } from "../review/effective";
import { showEffective } from "../review/effective";
import type { PowerKind, Value } from "../trust";
import type { Fact, Status } from "./types";

/** The last part of a full name, which is what people call it. */
export function shortName(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}

export function plural(count: number, one: string, several = `${one}s`): string {
  return `${count} ${count === 1 ? one : several}`;
}

/** A fact of a value, also where the value is not known. */
export function fact<T>(label: string, value: Value<T>, show: (value: T) => string = String): Fact {
  switch (value.state) {
    case "known":
      return { label, value: show(value.value), state: "known" };
    case "unknown":
      return { label, value: "known only after the apply", state: "unknown" };
    case "hidden":
      return { label, value: `not known here: behind ${value.reference}`, state: "hidden" };
  }
}

export function said(label: string, value: string): Fact {
  return { label, value, state: "known" };
}

/** What a target or rule does, in the two or three words that a node has room for. */
export function statusOf(effective: Effective): Status {
  switch (effective.kind) {
    case "deny":
      return { tone: "closed", text: "Denies every image" };
    case "attest":
      return {
        tone: "checked",
        text:
          effective.by.length === 1 ? `Needs ${shortName(effective.by[0])}` : `Needs ${effective.by.length} attestors`,
      };
    case "allow":
      return {
        tone: "open",
        text: {
          rule: "Admits every image",
          "dry-run": "Dry run: admits all",
          "not-enforced": "Not enforced: admits all",
        }[effective.because],
      };
    case "undecided":
      return { tone: "unknown", text: "Not decided" };
  }
}

/** The same in a sentence. */
export function summaryOf(effective: Effective): string {
  switch (effective.kind) {
    case "deny":
      return "No image runs here unless it is exempt.";
    case "attest":
      return effective.by.length === 1
        ? `An image runs here when ${effective.by[0]} vouches for its digest, or when it is exempt.`
        : `An image runs here when all of these vouch for its digest, or when it is exempt: ${effective.by.join(", ")}.`;
    case "allow":
      return {
        rule: "Every image runs here, signed or not.",
        "dry-run": "Every image runs here; what the rule would deny is only logged.",
        "not-enforced": "Every image runs here: the policy is not enforced.",
      }[effective.because];
    case "undecided":
      return `What runs here is not decided: between “${showEffective(effective.best)}” and “${showEffective(effective.worst)}”, because ${effective.because}.`;
  }
}

/** What a power comes to, between its holder and what it is on. */
export const POWER_WORDS: Readonly<Record<PowerKind, string>> = {
  sign: "can sign with",
  attach: "can attach attestations to",
  "edit-attestor": "can change",
  "edit-policy": "can change",
  grant: "can give others powers over",
  "act-as": "can act as",
  push: "can push to",
  none: "can read",
  unknown: "has a role that is not known here on",
};

/** `DESTROY_SCHEDULED` as `Destroy scheduled`. */
export function inWords(constant: string): string {
  return capitalized(constant.replace(/_/g, " ").toLowerCase());
}

export function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
