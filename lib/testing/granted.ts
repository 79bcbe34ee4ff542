import type { Power, TrustModel, Value } from "../trust/model";

/** What a member was given, once for each role and resource. */
export interface Granted {
  readonly role: string;
  /** The full name of what the role is given on. */
  readonly on: string;
  readonly conditional: boolean;
}

/** What is given to a member, and what may be as well but is not known. */
export interface GrantedTo {
  readonly granted: readonly Granted[];
  /** Sentences without full stop. */
  readonly unknown: readonly string[];
}

export function grantedTo(model: TrustModel, member: string): GrantedTo {
  const granted = new Map<string, Granted>();
  const unknown = new Set<string>();
  for (const power of model.powers) {
    if (!mayBe(power.principal, member)) {
      continue;
    }
    const { principal, role, on, conditional } = power;
    if (principal.state === "known" && role.state === "known" && on.state === "known") {
      const grant = { role: role.value, on: on.value, conditional };
      granted.set(JSON.stringify(grant), grant);
    } else {
      unknown.add(`${shownValue(role)} on ${shownValue(on)} is given to ${shownValue(principal)}${placeOf(power)}`);
    }
  }
  return { granted: [...granted.values()], unknown: [...unknown] };
}

/** Everybody that something is given to, as far as it is known. */
export function membersOf({ powers }: TrustModel): string[] {
  return [...new Set(powers.flatMap(({ principal }) => (principal.state === "known" ? [principal.value] : [])))];
}

/** Whether a principal is the member, or may turn out to be: `user:${x}` never is a service account. */
function mayBe(principal: Value<string>, member: string): boolean {
  switch (principal.state) {
    case "known":
      return principal.value === member;
    case "unknown":
      return true;
    case "hidden":
      return couldRead(principal.reference, member);
  }
}

/** Whether a text with references in it can come to another text. */
function couldRead(template: string, text: string): boolean {
  const literals = template.split(/\$\{[^{}]*\}/);
  if (literals.length === 1 || literals.some((literal) => /[{}]/.test(literal))) {
    return true;
  }
  const escaped = literals.map((literal) => literal.replace(/[\\^$.*+?()[\]|]/g, "\\$&"));
  return new RegExp(`^${escaped.join(".*")}$`, "s").test(text);
}

function shownValue(value: Value<string>): string {
  return value.state === "known" ? value.value : value.state === "hidden" ? value.reference : "(known after the apply)";
}

function placeOf({ origin }: Power): string {
  return origin.address === undefined ? "" : ` by ${origin.address}`;
}

const KINDS: readonly [form: RegExp, kind: string][] = [
  [/^projects\/[^/]+\/locations\/[^/]+\/keyRings\/[^/]+\/cryptoKeys\/([^/]+)$/, "key"],
  [/^projects\/[^/]+\/locations\/[^/]+\/keyRings\/([^/]+)$/, "key ring"],
  [/^projects\/[^/]+\/notes\/([^/]+)$/, "note"],
  [/^projects\/[^/]+\/attestors\/([^/]+)$/, "attestor"],
  [/^projects\/[^/]+\/locations\/[^/]+\/repositories\/([^/]+)$/, "repository"],
  [/^projects\/[^/]+\/serviceAccounts\/([^/]+)$/, "service account"],
  [/^projects\/([^/]+)$/, "project"],
  [/^folders\/([^/]+)$/, "folder"],
  [/^organizations\/([^/]+)$/, "organization"],
];

/** `key build-signer-key` for a full name; the full name itself where it is of no known form. */
function shortName(fullName: string): string {
  for (const [form, kind] of KINDS) {
    const match = form.exec(fullName);
    if (match) {
      return `${kind} ${match[1]}`;
    }
  }
  return fullName;
}

const WITH_CONDITION = " with a condition";

/** `ROLE on key K`, or with the full name where another one of the member's grants would read the same. */
export function showGrants(granted: readonly Granted[]): string[] {
  const names = new Set(granted.map(({ on }) => on));
  const ambiguous = (on: string) => [...names].some((other) => other !== on && shortName(other) === shortName(on));
  return granted.map(
    ({ role, on, conditional }) =>
      `${role} on ${ambiguous(on) ? on : shortName(on)}${conditional ? WITH_CONDITION : ""}`,
  );
}

/** What differs between the grants of a member and those that are expected. */
export interface GrantDifference {
  readonly missing: readonly string[];
  readonly unexpected: readonly string[];
}

/**
 * Compares as sets. An expected grant names what it is on by kind and short name or by its full name; a short name that
 * stands for several of the member's resources is refused.
 */
export function compareGrants(granted: readonly Granted[], expected: readonly string[]): GrantDifference {
  const left = new Set(granted);
  const missing: string[] = [];
  for (const text of new Set(expected)) {
    const matching = granted.filter((grant) => spellings(grant).includes(text));
    if (matching.length > 1) {
      throw new Error(
        `${JSON.stringify(text)} stands for several grants; write the full name: ${matching.map(({ on }) => on).join(", ")}`,
      );
    }
    if (matching.length === 0) {
      checkForm(text);
      missing.push(text);
    } else {
      left.delete(matching[0]);
    }
  }
  const shown = showGrants(granted);
  return { missing, unexpected: shown.filter((_, index) => left.has(granted[index])) };
}

function spellings({ role, on, conditional }: Granted): string[] {
  const end = conditional ? WITH_CONDITION : "";
  return [`${role} on ${shortName(on)}${end}`, `${role} on ${on}${end}`];
}

/** An expectation that no grant could ever meet is a mistake of the test. */
function checkForm(text: string): void {
  if (!/^\S*roles\/\S+ on \S/.test(text)) {
    throw new Error(
      `${JSON.stringify(text)} is no grant; write "ROLE on KIND NAME", for example "roles/cloudkms.signer on key build-signer-key", or the full name of the resource after "on"`,
    );
  }
}
