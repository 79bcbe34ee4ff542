import { isRecord, type Json, own } from "../trust/private/attribute";
import { parseYamlText } from "../trust/private/text";
import { ReadError } from "../trust/read-error";
import { isDay } from "../vocabulary/day";
import { lineInYaml } from "../vocabulary/private/yaml";
import { sha256 } from "./facts";
import type { Gate } from "./gate";
import type { SetAside } from "./outcome";
import { type Certainty, EFFECTS, type Finding, NO_SETTINGS, type ReviewSettings, SEVERITIES } from "./types";

/** What `.binauthz.yaml` says. */
export interface Settings {
  /** What of the gate it sets; the command's options go before it. */
  readonly gate: Partial<Gate>;
  readonly review: ReviewSettings;
  readonly suppressions: readonly Suppression[];
  /** The acknowledgements in constructs that are honoured. */
  readonly acknowledgements: readonly AcknowledgedFinding[];
}

/** A finding that is expected for a while, and who answers for it. */
export interface Suppression {
  readonly id: string;
  /** The Terraform address, exactly; it or the target is given. */
  readonly address?: string;
  readonly target?: string;
  /** Binds it to the values of the finding: another value, and it is no longer suppressed. */
  readonly match: Readonly<Partial<Record<MatchField, string>>>;
  readonly reason: string;
  readonly owner: string;
  /** The last day it holds, `YYYY-MM-DD` in UTC. */
  readonly expires: string;
  /** Where it is written: `.binauthz.yaml, line 7`. */
  readonly place: string;
}

/** An acknowledgement that a construct carries, listed by whoever keeps the settings. */
export interface AcknowledgedFinding {
  readonly id: string;
  readonly constructPath: string;
}

/** What a suppression can be bound to; `pattern` is the exempt pattern that is new, or that goes. */
const MATCH_FIELDS = ["after", "before", "pattern", "fingerprint"] as const;
type MatchField = (typeof MATCH_FIELDS)[number];

/** The settings of who has no file of them: the gate's defaults, and nothing suppressed or acknowledged. */
export const EMPTY_SETTINGS: Settings = { gate: {}, review: NO_SETTINGS, suppressions: [], acknowledgements: [] };

const UNDECIDED = ["fail", "warn", "ignore"] as const;
const GATING = EFFECTS.filter((effect) => effect !== "narrows");

/**
 * Reads `.binauthz.yaml`. A key that is not known, a value that is not allowed and a suppression without reason, owner or
 * expiry are errors: a typing error must not open a gate, and must not look as if it had.
 *
 * @param source how the user named the file, for messages
 * @throws ReadError with the line
 */
export function readSettings(source: string, text: string): Settings {
  const value = parseYamlText(source, text);
  if (value === null || value === undefined) {
    return EMPTY_SETTINGS;
  }
  const root = new Reader(source, text, [], value).record([
    "failOn",
    "failOnEffect",
    "undecided",
    "targets",
    "principals",
    "suppress",
    "acknowledge",
  ]);
  const failOn = root.optional("failOn")?.oneOf(SEVERITIES);
  const failOnEffects = root
    .optional("failOnEffect")
    ?.list()
    .map((entry) => entry.oneOf(GATING));
  const undecided = root.optional("undecided")?.oneOf(UNDECIDED);
  if (failOnEffects?.length === 0) {
    root.optional("failOnEffect")?.refuse(GATING.join(", "));
  }
  return {
    gate: { ...(failOn && { failOn }), ...(failOnEffects && { failOnEffects }), ...(undecided && { undecided }) },
    review: {
      prodTargets: texts(root.optional("targets")?.record(["prod"]).optional("prod")),
      expectedSigners: texts(root.optional("principals")?.record(["signers"]).optional("signers")),
    },
    suppressions: root.optional("suppress")?.list().map(suppression) ?? [],
    acknowledgements:
      root
        .optional("acknowledge")
        ?.list()
        .map((entry) => {
          const fields = entry.record(["id", "constructPath"]);
          return { id: fields.required("id").id(), constructPath: fields.required("constructPath").text() };
        }) ?? [],
  };
}

function texts(reader: Reader | undefined): readonly string[] {
  return reader?.list().map((entry) => entry.text()) ?? [];
}

function suppression(entry: Reader): Suppression {
  const fields = entry.record(["id", "address", "target", "match", "reason", "owner", "expires"]);
  const address = fields.optional("address")?.text();
  const target = fields.optional("target")?.text();
  if (address === undefined && target === undefined) {
    entry.fail('has neither "address" nor "target"', "one of them, as the report prints it");
  }
  const match = fields.optional("match")?.record(MATCH_FIELDS);
  const bound = MATCH_FIELDS.flatMap((name) => {
    const found = match?.optional(name);
    return found === undefined ? [] : [[name, found.text()] as const];
  });
  if (match && bound.length === 0) {
    fields.optional("match")?.refuse(`at least one of ${MATCH_FIELDS.join(", ")}`);
  }
  return {
    id: fields.required("id").id(),
    ...(address !== undefined && { address }),
    ...(target !== undefined && { target }),
    match: Object.fromEntries(bound),
    reason: fields.required("reason").text(),
    owner: fields.required("owner").text(),
    expires: fields.required("expires").day(),
    place: entry.place(),
  };
}

/** A value of the file and where it is. */
class Reader {
  public constructor(
    private readonly source: string,
    private readonly text_: string,
    private readonly path: readonly (string | number)[],
    private readonly value: unknown,
  ) {}

  /** Every key of it has to be one of these. */
  public record(allowed: readonly string[]): Reader {
    if (!isRecord(this.value)) {
      this.refuse(`keys and values: ${allowed.join(", ")}`);
    }
    const stranger = Object.keys(this.value as Json).find((key) => !allowed.includes(key));
    if (stranger !== undefined) {
      this.child(stranger, undefined).fail(`the key ${JSON.stringify(stranger)} is not known`, allowed.join(", "));
    }
    return this;
  }

  public optional(key: string): Reader | undefined {
    const value = own(this.value as Json, key);
    return value === undefined ? undefined : this.child(key, value);
  }

  public required(key: string): Reader {
    return this.optional(key) ?? this.fail(`${JSON.stringify(key)} is missing`, "a value for it");
  }

  public list(): readonly Reader[] {
    return Array.isArray(this.value)
      ? this.value.map((entry, index) => this.child(index, entry))
      : this.refuse("a list");
  }

  public text(): string {
    return typeof this.value === "string" && this.value.trim() !== ""
      ? this.value
      : this.refuse("text that is not empty; numbers and the like in quotes");
  }

  public id(): string {
    const { value } = this;
    return typeof value === "string" && /^[A-Z][0-9]{3}$/.test(value)
      ? value
      : this.refuse("the id of a check, such as P007");
  }

  public oneOf<T extends string>(allowed: readonly T[]): T {
    return allowed.find((candidate) => candidate === this.value) ?? this.refuse(allowed.join(", "));
  }

  /** A day that there is. */
  public day(): string {
    const { value } = this;
    const allowed = "a day as YYYY-MM-DD";
    return isDay(value) ? value : this.refuse(allowed);
  }

  public place(): string {
    return `${this.source}, line ${this.line()}`;
  }

  public refuse(allowed: string): never {
    throw this.error(`${this.name()} is not valid`, allowed, this.value ?? "nothing");
  }

  public fail(problem: string, allowed: string): never {
    throw this.error(problem, allowed);
  }

  private child(key: string | number, value: unknown): Reader {
    return new Reader(this.source, this.text_, [...this.path, key], value);
  }

  private name(): string {
    return this.path.length === 0
      ? "the file"
      : JSON.stringify(
          this.path
            .reduce((text: string, step) => text + (typeof step === "number" ? `[${step}]` : `.${step}`), "")
            .slice(1),
        );
  }

  private line(): number {
    return lineInYaml(this.text_, this.path) ?? 1;
  }

  private error(problem: string, allowed: string, found?: unknown): ReadError {
    return new ReadError({
      source: this.source,
      at: `line ${this.line()}`,
      problem,
      ...(found !== undefined && { found }),
      allowed,
    });
  }
}

/** Findings about the settings themselves. */
const OWN = {
  S001: {
    title: "Suppression expired",
    severity: "low",
    mend: "Mend the finding, or renew the suppression with a new day and somebody who answers for it.",
  },
  S002: { title: "Suppression unused", severity: "info", mend: "Remove it: what is not there need not be suppressed." },
  S003: {
    title: "Suppression too wide",
    severity: "low",
    mend: "Bind it to the value with match: after, before and fingerprint are in the report.",
  },
  S004: {
    title: "Acceptance of another finding",
    severity: "low",
    mend: "Read this report, and accept what it prints.",
  },
  S005: {
    title: "Acknowledgement not listed",
    severity: "low",
    mend: "If it is right, list it under acknowledge in the settings of the base branch.",
  },
} as const;

const DECIDED: Certainty = { state: "decided" };

export function settingsFinding(
  id: keyof typeof OWN,
  { message, source, target }: { readonly message: string; readonly target: string; readonly source?: string },
): Finding {
  return {
    id,
    ...OWN[id],
    // Whoever reads the report would otherwise believe that something is suppressed, or that it is not.
    effects: ["blind"],
    target,
    message,
    fingerprint: sha256(JSON.stringify([id, target, message])),
    certainty: DECIDED,
    ...(source !== undefined && { source }),
  };
}

interface Suppressed {
  readonly open: readonly Finding[];
  readonly setAside: readonly SetAside[];
  /** Findings about suppressions. */
  readonly notes: readonly Finding[];
}

/** Takes out what is suppressed on a day, and says which suppressions did not do what their author may think. */
export function applySuppressions(findings: readonly Finding[], { suppressions }: Settings, today: string): Suppressed {
  const used = new Set<Suppression>();
  const tooWide = new Map<Suppression, Finding>();
  const setAside: SetAside[] = [];
  const open = findings.filter((finding) => {
    const about = suppressions.filter((suppression) => concerns(suppression, finding));
    for (const suppression of about) {
      used.add(suppression);
    }
    const current = about.filter(({ expires }) => today <= expires);
    const enough = current.find((suppression) => !needsValue(finding) || isBound(suppression));
    if (enough) {
      const { expires, owner, reason } = enough;
      setAside.push({ finding, by: "suppression", reason, owner, expires });
      return false;
    }
    for (const suppression of current) {
      tooWide.set(suppression, finding);
    }
    return true;
  });
  const notes = suppressions.flatMap((suppression) => {
    const { expires, id, owner, place, reason } = suppression;
    const what = `${place}: the suppression of ${id} for ${suppression.address ?? suppression.target} (${reason}; ${owner})`;
    const about = (note: keyof typeof OWN, rest: string) => [
      settingsFinding(note, {
        target: suppression.address ?? (suppression.target as string),
        message: `${what} ${rest}`,
      }),
    ];
    if (today > expires) {
      return about("S001", `held until ${expires}. It suppresses nothing any more.`);
    }
    if (!used.has(suppression)) {
      return about("S002", "is about no finding of this report.");
    }
    return tooWide.has(suppression)
      ? about(
          "S003",
          "does not suppress a critical finding that opens: such a one is suppressed together with its value only, so that another value is seen.",
        )
      : [];
  });
  return { open, setAside, notes };
}

function concerns({ address, id, match, target }: Suppression, finding: Finding): boolean {
  const { after, before, fingerprint } = finding;
  return (
    finding.id === id &&
    (address === undefined || finding.address === address) &&
    (target === undefined || finding.target === target) &&
    (match.after === undefined || match.after === after) &&
    (match.before === undefined || match.before === before) &&
    (match.fingerprint === undefined || match.fingerprint === fingerprint) &&
    (match.pattern === undefined || match.pattern === (after ?? before))
  );
}

/** A critical finding that opens is suppressed with its value only: an address alone would hide the next one too. */
export function needsValue({ certainty, effects, severity }: Finding): boolean {
  const worst = certainty.state === "decided" ? severity : certainty.worst;
  return effects.includes("opens") && (worst === "critical" || severity === "critical");
}

/** What it was before does not say what it will be. */
function isBound({ match }: Suppression): boolean {
  return match.after !== undefined || match.pattern !== undefined || match.fingerprint !== undefined;
}
