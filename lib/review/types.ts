/**
 * The shapes of the reviewer.
 *
 * `lib/trust` reads files into plain data: models before and after, and what a plan does with each resource. `facts.ts`
 * derives from one model what it comes to: the effective rule of every target, the exempt images, the keys of attestors
 * by key material, the powers of principals. A check is one small function in `checks/<id>.ts` that compares facts; the
 * list of them is `checks/index.ts`. `engine.ts` joins plans and context, runs the checks, and returns a {@link Report}.
 * What happens to a finding afterwards (suppression, gate, formats) is no business of a check.
 *
 * Attestors of a rule are all required; of the keys of an attestor one is enough. What is not known is never guessed:
 * a finding that depends on it is undecided, and says the best and the worst it could be.
 */

import type { Lifecycle, Plan, PlannedChange } from "../trust";
import type { Facts } from "./facts";

/** In falling order. */
export const SEVERITIES = ["critical", "high", "medium", "low", "info"] as const;
/** How much a finding weighs. */
export type Severity = (typeof SEVERITIES)[number];

/**
 * `opens`: more can run, or more can sign. `blocks`: workloads or signing will stop. `blind`: nobody can tell from this
 * input. `narrows`: less can run or sign than before; it never gates.
 */
export const EFFECTS = ["opens", "blocks", "blind", "narrows"] as const;
/** What a finding does to trust, see {@link EFFECTS}. */
export type Effect = (typeof EFFECTS)[number];

/** Whether a finding is so; where that is not known, the best and the worst it could be. `none` is no finding at all. */
export type Certainty =
  | { readonly state: "decided" }
  | {
      readonly state: "undecided";
      readonly best: Severity | "none";
      readonly worst: Severity;
      readonly because: string;
    };

/** What a check found. All text in it may come from files that others wrote: whoever prints it escapes it. */
export interface Finding {
  /** The id of the check: `P007`. */
  readonly id: string;
  readonly severity: Severity;
  readonly effects: readonly Effect[];
  /** The Terraform address, where there is one. */
  readonly address?: string;
  /** The path of the construct, where the synthesized JSON was read. */
  readonly constructPath?: string;
  /**
   * What it is about. Of rules a target (`gke:PROJECT/LOCATION.NAME`, `run:PROJECT/LOCATION/NAME`, `default:PROJECT`);
   * of powers a principal; else the full name of the resource (`projects/P/policy`, `projects/P/attestors/N`).
   */
  readonly target?: string;
  /** One line, without the place. */
  readonly title: string;
  /** One or a few sentences: what changes, and what follows from it. */
  readonly message: string;
  /** What was, as a person would write it; left out where there was nothing. */
  readonly before?: string;
  /** What will be; left out where there will be nothing. */
  readonly after?: string;
  /** How to mend it, or what to make sure of. */
  readonly mend: string;
  /**
   * SHA-256 in hexadecimal digits over id, address, target and the values before and after: the same finding of the same
   * change keeps it, and it lapses when a value changes.
   */
  readonly fingerprint: string;
  readonly certainty: Certainty;
  /** The name of the plan or source it was found in. */
  readonly source?: string;
}

/** What a check says of a finding; the rest follows from the check. */
export interface Found {
  readonly address?: string;
  readonly target?: string;
  readonly message: string;
  readonly before?: string;
  readonly after?: string;
  /** Where it differs from the check's. */
  readonly title?: string;
  readonly severity?: Severity;
  readonly effects?: readonly Effect[];
  readonly mend?: string;
  readonly certainty?: Certainty;
  readonly source?: string;
}

/** A control of a published catalogue whose page was read. */
export interface Control {
  readonly name: string;
  readonly url: string;
}

/** One check of the catalogue. */
export interface Check {
  readonly id: string;
  readonly title: string;
  /** The usual severity; a finding may have another one. */
  readonly severity: Severity;
  readonly effects: readonly Effect[];
  /** What it looks at, for docs/review-rules.md. */
  readonly looksAt: string;
  readonly mend: string;
  readonly controls?: readonly Control[];
  /** What a change does. Left out where a change cannot show it. */
  readonly change?: (context: ChangeContext) => readonly Found[];
  /** What is wrong with one state as it stands, whoever made it so. Left out where a state cannot show it. */
  readonly state?: (context: StateContext) => readonly Found[];
}

/** What is known of the surroundings, besides plans and models. */
export interface Knowledge {
  /** What the configuration says of each resource and a plan does not, by address. Empty without `--synth`. */
  readonly lifecycles: ReadonlyMap<string, Lifecycle>;
  /** The same of what was there before: the configuration of the base branch. Empty unless it was given. */
  readonly lifecyclesBefore: ReadonlyMap<string, Lifecycle>;
  /** The versions of providers that are installed, by their full name. Empty without a lock file. */
  readonly locked: ReadonlyMap<string, readonly string[]>;
  readonly settings: ReviewSettings;
  readonly inventory?: Inventory;
  /** Projects whose policy several of the files describe, each another one. */
  readonly contestedBetween: readonly { readonly project: string; readonly places: readonly string[] }[];
  /** Whether every grant is known, and not only those in the files: true where `--iam` was read. */
  readonly allGrants: boolean;
  /** The day it is, as `YYYY-MM-DD`. Undefined where nobody said: a synthesis does not depend on the clock. */
  readonly today?: string;
}

/** What a check of a change sees. */
export interface ChangeContext extends Knowledge {
  readonly kind: "change";
  readonly before: Facts;
  readonly after: Facts;
  /** Every plan, for what is true of plans: complete, checks, drift. */
  readonly plans: readonly Plan[];
  /** The changes of all plans that concern trust. */
  readonly changes: readonly ReviewedChange[];
  /** The projects whose policy is destroyed or replaced: one finding says so, and those about its rules do not repeat it. */
  readonly resetProjects: ReadonlySet<string>;
}

/** A change and the plan it is of. */
export interface ReviewedChange extends PlannedChange {
  readonly plan: Plan;
}

/** What a check of one state sees. */
export interface StateContext extends Knowledge {
  readonly kind: "state";
  readonly after: Facts;
}

/** What users say of their estate; `.binauthz.yaml` is read into it. */
export interface ReviewSettings {
  /** Rule keys (`us-central1.prod`) or targets whose findings weigh one step more. */
  readonly prodTargets: readonly string[];
  /** Principals that are expected to sign: a finding that they do is only `info`. */
  readonly expectedSigners: readonly string[];
}

/** No cluster is named production, and no signer is expected. */
export const NO_SETTINGS: ReviewSettings = { prodTargets: [], expectedSigners: [] };

/** Which images run, and which attestations there are. */
export interface Inventory {
  /** Images that run, as they are written, with a digest where it is known. */
  readonly images: readonly { readonly image: string; readonly target?: string }[];
  /** What is attested: the note, the digest and the ids of the keys that signed. Left out where no attestations were given. */
  readonly attestations?: readonly {
    readonly note: string;
    readonly digest: string;
    readonly keyIds: readonly string[];
  }[];
}

/** What a target did and will do: the table that a reviewer reads first. */
export interface TargetChange {
  readonly target: string;
  readonly before?: string;
  readonly after?: string;
  readonly changed: boolean;
}

/** Who can sign for an attestor: holds a key of it and may attach to its note. */
export interface SignerChange {
  readonly principal: string;
  readonly attestor: string;
  readonly before: SigningPower;
  readonly after: SigningPower;
}

/** `half`: one of the two powers; `maybe`: the rest is not in the files. */
export type SigningPower = "full" | "maybe" | "half" | "none";

/** Everything a review found. */
export interface Report {
  readonly schemaVersion: 1;
  readonly findings: readonly Finding[];
  readonly targets: readonly TargetChange[];
  readonly signers: readonly SignerChange[];
  /** True where the grants are all that there are, not only those of the files. */
  readonly allGrants: boolean;
  readonly plans: readonly { readonly source: string; readonly hash?: string; readonly timestamp?: string }[];
  /** For pictures and tables; not part of any published output as it is. */
  readonly before?: Facts;
  readonly after: Facts;
}
