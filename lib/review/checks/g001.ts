import type { Guard } from "../../trust";
import { at } from "../changes";
import type { Facts } from "../facts";
import type { Check, Found } from "../types";

/** The label and the annotation, and the resource of the permission that a guard asks for. */
const BREAK_GLASS = /image-policy\.k8s\.io\/break-glass|breakglass/i;
const NAMED = /break-?glass/i;

export const g001: Check = {
  id: "G001",
  title: "Break-glass guard removed or loosened",
  severity: "high",
  effects: ["opens"],
  looksAt:
    "admission policies of Kubernetes on the break-glass label, their bindings, and who is bound to the permission",
  mend: "Keep the guard, its binding with Deny, and failurePolicy Fail: without them everybody who may deploy may use break-glass.",
  change: ({ after, before }) => {
    const [old, next] = [concerned(before, after), concerned(after, before)];
    const guarded = [...old.values()].some(({ kind }) => kind === "policy");
    return [
      ...[...old.values()].flatMap((was): Found[] => changed(was, next.get(was.name))),
      ...[...next.values()].filter(({ name }) => !old.has(name)).flatMap((now): Found[] => added(now, guarded)),
    ];
  },
  state: ({ after }) =>
    [...concerned(after, after).values()]
      .filter(letsThrough)
      .map((guard): Found => ({ ...about(guard), title: "Break-glass guard does not refuse", ...loose(guard) })),
};

/** What speaks of break-glass, and what is bound to it. A policy that goes leaves a binding, which still names it. */
function concerned(facts: Facts, others: Facts): Map<string, Guard> {
  const all = [...facts.model.guards, ...others.model.guards];
  const spoken = new Set(all.filter(speaksOfIt).map(({ kind, name }) => `${kind}-binding ${shortName(name)}`));
  const bound = ({ kind, of }: Guard) =>
    of?.state === "known" && (spoken.has(`${kind} ${of.value}`) || NAMED.test(of.value));
  return new Map(
    facts.model.guards.filter((guard) => speaksOfIt(guard) || bound(guard)).map((guard) => [guard.name, guard]),
  );
}

function speaksOfIt({ content, kind, name }: Guard): boolean {
  const spoken = content.state === "known" ? BREAK_GLASS.test(content.value) : NAMED.test(name);
  return (kind === "policy" || kind === "role") && spoken;
}

function shortName(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}

function changed(was: Guard, now: Guard | undefined): Found[] {
  if (now === undefined) {
    return was.kind === "policy" || was.kind === "policy-binding"
      ? [{ ...about(was), message: GONE[was.kind], before: "in force", after: "none" }]
      : [];
  }
  const found = about(now);
  if (letsThrough(now) !== letsThrough(was)) {
    return letsThrough(now)
      ? [{ ...found, ...loose(now), before: "refuses" }]
      : [{ ...found, ...TIGHTENED, before: loose(was).after, after: "refuses" }];
  }
  if (now.kind === "role-binding") {
    const more = newSubjects(was, now);
    return more.length > 0 ? [{ ...found, message: LET_IN, before: subjectsOf(was), after: subjectsOf(now) }] : [];
  }
  return textOf(was) === textOf(now) ? [] : [{ ...found, ...CHANGED }];
}

function added(now: Guard, guarded: boolean): Found[] {
  if (letsThrough(now)) {
    return [{ ...about(now), ...loose(now) }];
  }
  // Whom a new guard lets through could use break-glass before it was there.
  return now.kind === "role-binding" && guarded ? [{ ...about(now), message: LET_IN, after: subjectsOf(now) }] : [];
}

const LET_IN = "More may use break-glass than before.";
const GONE = {
  policy: "The policy is gone: everybody who may deploy may use break-glass.",
  "policy-binding": "Without its binding the policy is not in force: everybody who may deploy may use break-glass.",
};
const TIGHTENED = {
  title: "Break-glass guard tightened",
  severity: "info",
  effects: ["narrows"],
  message: "The guard refuses from now on.",
} as const;
const CHANGED: Pick<Found, "title" | "message" | "certainty"> = {
  title: "Break-glass guard changed",
  message: "The guard says something else than before; whether it lets more through is not decided here.",
  certainty: {
    state: "undecided",
    best: "none",
    worst: "high",
    because: "its conditions are not compared by what they mean",
  },
};

function about(guard: Guard): Pick<Found, "address" | "target"> {
  return { ...at(guard.origin), target: guard.name };
}

function letsThrough({ refuses }: Guard): boolean {
  return refuses.state === "known" && !refuses.value;
}

function loose({ kind }: Guard): Pick<Found, "message" | "after"> {
  return kind === "policy"
    ? { message: "The policy lets through what it cannot evaluate.", after: "failurePolicy Ignore" }
    : { message: "The binding does not refuse, it only tells.", after: "without Deny" };
}

function newSubjects(was: Guard, now: Guard): readonly string[] {
  if (now.subjects.state !== "known") {
    return [subjectsOf(now)];
  }
  const old = was.subjects.state === "known" ? was.subjects.value : [];
  return now.subjects.value.filter((subject) => !old.includes(subject));
}

function subjectsOf({ subjects }: Guard): string {
  return subjects.state === "known" ? subjects.value.join(", ") || "nobody" : "not known";
}

function textOf({ content }: Guard): string {
  return content.state === "known" ? content.value : "not known";
}
