import type { Power, PowerKind } from "../trust";
import type { Facts } from "./facts";
import { shown } from "./facts";
import type { ChangeContext, Found, Severity } from "./types";

/** What somebody can do to something, whatever role gives it. */
export interface PowerChange {
  readonly power: Power;
  readonly principal: string;
  readonly on: string;
}

/** The powers of these kinds that are new, and those that are gone. Those without a known holder are left to another check. */
export function powerChanges(
  { after, before }: Pick<ChangeContext, "after" | "before">,
  ...kinds: PowerKind[]
): { readonly gained: readonly PowerChange[]; readonly lost: readonly PowerChange[] } {
  const [old, next] = [distinct(before, kinds), distinct(after, kinds)];
  return {
    gained: [...next].filter(([key]) => !old.has(key)).map(([, change]) => change),
    lost: [...old].filter(([key]) => !next.has(key)).map(([, change]) => change),
  };
}

/** By principal, kind and object; whether a condition limits it is another check. */
function distinct({ model }: Facts, kinds: readonly PowerKind[]): Map<string, PowerChange> {
  return new Map(
    model.powers
      .filter(({ kind, principal }) => kinds.includes(kind) && principal.state === "known")
      .map((power) => {
        const change = { power, principal: shown(power.principal), on: shown(power.on) };
        return [JSON.stringify([change.principal, power.kind, change.on]), change];
      }),
  );
}

/** A finding for each power that is gained, and one that narrows for each that is lost. */
export function powerFound(
  context: ChangeContext,
  kinds: readonly PowerKind[],
  can: (change: PowerChange) => string,
  severity?: (change: PowerChange) => Severity,
): Found[] {
  const { gained, lost } = powerChanges(context, ...kinds);
  const place = ({ on, power, principal }: PowerChange) => ({
    ...(power.origin.address !== undefined && { address: power.origin.address }),
    target: principal,
    subject: on,
  });
  return [
    ...gained.map((change): Found => {
      const weight = severity?.(change);
      return {
        ...withoutSubject(place(change)),
        ...(weight !== undefined && { severity: weight }),
        message: `${change.principal} ${can(change)} (${shown(change.power.role)} on ${change.on}).`,
        after: `${shown(change.power.role)} on ${change.on}`,
      };
    }),
    ...lost.map(
      (change): Found => ({
        ...withoutSubject(place(change)),
        severity: "info",
        effects: ["narrows"],
        title: "A power over the chain of trust is taken away",
        message: `${change.principal} no longer ${can(change).replace(/^can /, "can ")} (${shown(change.power.role)} on ${change.on}).`,
        before: `${shown(change.power.role)} on ${change.on}`,
      }),
    ),
  ];
}

function withoutSubject<T extends { readonly subject: string }>({ subject: _, ...rest }: T): Omit<T, "subject"> {
  return rest;
}

/** Who stands behind a principal. */
export function principalKind(principal: string): "public" | "many" | "person" | "account" | "outside" {
  if (principal === "allUsers" || principal === "allAuthenticatedUsers") {
    return "public";
  }
  if (/^(?:domain|principalSet|projectOwner|projectEditor|projectViewer|group):/.test(principal)) {
    return "many";
  }
  if (principal.startsWith("serviceAccount:")) {
    return "account";
  }
  return principal.startsWith("user:") ? "person" : "outside";
}

/** The accounts that hold a key of the chain, or are a pipeline's. */
export function signingAccounts({ model }: Facts): Set<string> {
  return new Set(
    [
      ...model.powers.filter(({ kind }) => kind === "sign").map(({ principal }) => shown(principal)),
      ...model.pipelines.map(({ serviceAccount }) => shown(serviceAccount)),
    ].filter((principal) => principal.startsWith("serviceAccount:")),
  );
}

/** Whether a power on an account, a project or above it is one over this account. */
export function reachesAccount(on: string, member: string): boolean {
  const email = member.slice("serviceAccount:".length);
  const project = /@([^.]+(?:\.[^.]+)?)\.iam\.gserviceaccount\.com$/.exec(email)?.[1];
  return (
    on.endsWith(`/serviceAccounts/${email}`) ||
    on === email ||
    /^(?:folders|organizations)\//.test(on) ||
    (project !== undefined && on === `projects/${project.split(".").reverse().join(":")}`)
  );
}
