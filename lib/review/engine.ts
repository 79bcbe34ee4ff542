import { join, type Lifecycle, type Plan, type TrustModel } from "../trust";
import { CHECKS } from "./checks";
import { showEffective } from "./effective";
import { effectiveFor, type Facts, factsOf } from "./facts";
import { findingOf, inOrder } from "./finding";
import { signersOf } from "./signers";
import {
  type ChangeContext,
  type Check,
  type Finding,
  type Found,
  type Inventory,
  type Knowledge,
  NO_SETTINGS,
  type Report,
  type ReviewSettings,
  type SignerChange,
  type StateContext,
  type TargetChange,
} from "./types";
import { unite } from "./unite";

/** What every review may be told. */
export interface Surroundings {
  /** What else there is: states, configurations, exports of the other stacks. Of a plan, what will be. */
  readonly context?: readonly TrustModel[];
  /** What the synthesized configuration says of each resource, by address. */
  readonly lifecycles?: ReadonlyMap<string, Lifecycle>;
  /** The same of the configuration that is there now, so that a guard that goes is seen. */
  readonly lifecyclesBefore?: ReadonlyMap<string, Lifecycle>;
  /** The versions in lock files, by the full name of the provider. */
  readonly locked?: ReadonlyMap<string, readonly string[]>;
  readonly inventory?: Inventory;
  /** The grants that are in no file; with them, those that nobody mentions do not exist. */
  readonly iam?: TrustModel;
  readonly settings?: ReviewSettings;
  /** The day it is, as `YYYY-MM-DD`; without it, no date has passed. */
  readonly today?: string;
  /** The checks to run; all of them unless a test picks some. */
  readonly checks?: readonly Check[];
}

/** What a review is made of. */
export interface ReviewInput extends Surroundings {
  /** The plans of one change: those of all its stacks together. */
  readonly plans: readonly ReviewedPlan[];
}

/** One plan of a change. */
export interface ReviewedPlan {
  readonly plan: Plan;
  /** SHA-256 of the file, in hexadecimal digits. */
  readonly hash?: string;
}

/** What a check is made of. */
export interface CheckInput extends Surroundings {
  /** What there is, one model for each source: they are joined. */
  readonly models: readonly TrustModel[];
}

/** What plans do to trust. Everything that changes is read from all of them together. */
export function review(input: ReviewInput): Report {
  const plans = input.plans.map(({ plan }) => plan);
  const context = changeContext(plans, input);
  const findings = run(input, context, (check) => check.change?.(context) ?? []);
  return {
    ...tables(context.before, context.after, context.allGrants),
    schemaVersion: 1,
    findings,
    plans: input.plans.map(({ hash, plan }) => ({
      source: plan.source,
      ...(hash !== undefined && { hash }),
      ...(plan.timestamp !== undefined && { timestamp: plan.timestamp }),
    })),
  };
}

function changeContext(plans: readonly Plan[], input: Surroundings): ChangeContext {
  const around = join(surroundingModels(input));
  const [was, willBe] = [plans.map((plan) => plan.before), plans.map((plan) => plan.after)];
  const old = unite(was, around, was);
  // What a plan deletes is not brought back by a state that was written before.
  const next = unite(willBe, around, [...was, ...willBe]);
  const before = factsOf(old.model);
  const changes = plans.flatMap((plan) => plan.changes.map((change) => ({ ...change, plan })));
  return {
    kind: "change",
    ...knowledgeOf(input),
    contestedBetween: next.contested.filter(
      ({ project }) => !old.contested.some((already) => already.project === project),
    ),
    before,
    after: factsOf(next.model),
    plans,
    changes,
    resetProjects: resetProjects(before, changes),
  };
}

/** Whether a configuration or a state is sound as it stands. */
export function checkState(input: CheckInput): Report {
  const { contested, model } = unite(input.models, join(surroundingModels(input)), input.models);
  const after = factsOf(model);
  const context: StateContext = { kind: "state", ...knowledgeOf(input), contestedBetween: contested, after };
  const findings = run(input, context, (check) => check.state?.(context) ?? []);
  return { ...tables(undefined, after, context.allGrants), schemaVersion: 1, findings, plans: [] };
}

function run(input: Surroundings, context: Knowledge, found: (check: Check) => readonly Found[]): Finding[] {
  const pathOf = (address: string) => context.lifecycles.get(withoutIndexes(address))?.constructPath;
  const findings = (input.checks ?? CHECKS).flatMap((check) =>
    found(check).map((entry) => findingOf(check, entry, context.settings, pathOf)),
  );
  return inOrder([...new Map(findings.map((finding) => [finding.fingerprint, finding])).values()]);
}

function knowledgeOf({
  iam,
  inventory,
  lifecycles,
  lifecyclesBefore,
  locked,
  settings,
  today,
}: Surroundings): Omit<Knowledge, "contestedBetween"> {
  return {
    lifecycles: lifecycles ?? new Map(),
    lifecyclesBefore: lifecyclesBefore ?? new Map(),
    locked: locked ?? new Map(),
    settings: settings ?? NO_SETTINGS,
    ...(inventory && { inventory }),
    ...(today !== undefined && { today }),
    allGrants: iam !== undefined,
  };
}

function surroundingModels({ context, iam }: Surroundings): TrustModel[] {
  return [...(context ?? []), ...(iam ? [iam] : [])];
}

/** Terraform's address without the keys of `count` and `for_each`. */
function withoutIndexes(address: string): string {
  return address.replace(/\[(?:[0-9]+|"(?:[^"\\]|\\.)*")\]/g, "");
}

const POLICY = "google_binary_authorization_policy";

function resetProjects(before: Facts, changes: ChangeContext["changes"]): Set<string> {
  const destroyed = changes.filter(({ actions, type }) => type === POLICY && actions.includes("delete"));
  return new Set(
    destroyed.flatMap(({ address, deletionPolicy, previousAddress }) =>
      deletionPolicy === "ABANDON"
        ? []
        : before.model.policies
            .filter(({ origin }) => origin.address === (previousAddress ?? address))
            .map(({ project }) => project),
    ),
  );
}

function tables(before: Facts | undefined, after: Facts, allGrants: boolean) {
  const names = [...new Set([...(before?.targets.keys() ?? []), ...after.targets.keys()])];
  return {
    targets: names.map((target): TargetChange => {
      const was = before && shownEffect(before, target, after);
      const willBe = shownEffect(after, target, before);
      return {
        target,
        ...(was !== undefined && { before: was }),
        ...(willBe !== undefined && { after: willBe }),
        changed: before !== undefined && was !== willBe,
      };
    }),
    signers: signerChanges(before, after, allGrants),
    allGrants,
    ...(before && { before }),
    after,
  };
}

/**
 * What a target does by one side; undefined where the cluster or service itself is on the other side only. One that is named
 * by a rule alone was there all along: without the rule, the default rule is what it follows.
 */
function shownEffect(side: Facts, name: string, other: Facts | undefined): string | undefined {
  const elsewhere = side.targets.has(name) ? undefined : other?.targets.get(name)?.target;
  const isPlace =
    elsewhere !== undefined &&
    elsewhere.kind !== "default" &&
    [...(other?.model.clusters ?? []), ...(other?.model.services ?? [])].some(
      ({ location, name, project }) =>
        project === elsewhere.project && location === elsewhere.location && name === elsewhere.name,
    );
  return isPlace ? undefined : showEffective(effectiveFor(side, name));
}

function signerChanges(before: Facts | undefined, after: Facts, allGrants: boolean): SignerChange[] {
  const was = before ? signersOf(before, allGrants) : new Map<string, never>();
  const willBe = signersOf(after, allGrants);
  return [...new Set([...was.keys(), ...willBe.keys()])].sort().map((key) => {
    const { attestor, principal } = (willBe.get(key) ?? was.get(key)) as Pick<SignerChange, "attestor" | "principal">;
    return { principal, attestor, before: was.get(key)?.power ?? "none", after: willBe.get(key)?.power ?? "none" };
  });
}
