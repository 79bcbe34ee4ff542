import type { Value } from "../../trust";
import { at } from "../changes";
import type { Facts } from "../facts";
import { shown } from "../facts";
import type { ChangeContext, Check, Found } from "../types";
import { pairs } from "./k003";

export const i008: Check = {
  id: "I008",
  title: "Workload identity condition loosened",
  severity: "high",
  effects: ["opens"],
  looksAt:
    "the issuer, the condition, the attribute mapping and the audiences of identity providers whose pool holds a power over the chain, and new ones",
  mend: "Name the repository and the branch in the attribute condition: without it, everybody who has an account there can get in.",
  change: (context) => [...conditions(context), ...issuers(context), ...added(context)],
};

/** Providers that believe somebody else from now on, or believe again. */
function issuers({ after, before }: ChangeContext): Found[] {
  return pairs(before.model.identityProviders, after.model.identityProviders).flatMap(([was, next]): Found[] => {
    const place = { ...at(next.origin), target: next.name, ...doubtOf(after, next.name) };
    const differs = (one: Value<unknown>, other: Value<unknown>) => JSON.stringify(one) !== JSON.stringify(other);
    const found: Found[] = [];
    if (differs(was.issuer, next.issuer)) {
      found.push({
        ...place,
        title: "Workload identity issuer changed",
        message: `The provider believes ${issuerName(next.issuer)} in place of ${issuerName(was.issuer)}: whatever that one says of its identities is taken for true.`,
        before: issuerName(was.issuer),
        after: issuerName(next.issuer),
      });
    } else if (differs(was.accepts, next.accepts)) {
      found.push({
        ...place,
        title: "Tokens that a workload identity provider accepts changed",
        message:
          "It takes other audiences, keys or certificates than before; whether more of them is not decided here.",
        before: shown(was.accepts),
        after: shown(next.accepts),
        certainty: {
          state: "undecided",
          best: "none",
          worst: "high",
          because: "what a provider accepts is not compared by what it means",
        },
      });
    }
    const [old, now] = [was.disabled, next.disabled];
    if (old.state === "known" && old.value && !(now.state === "known" && now.value)) {
      found.push({
        ...place,
        title: "Workload identity provider enabled",
        message: "The provider was disabled; the identities of its issuer are believed from now on.",
        before: "disabled",
        after: now.state === "known" ? "enabled" : "not known",
      });
    }
    return found;
  });
}

/** A new provider of a pool whose identities hold a power already. */
function added({ after, before }: ChangeContext): Found[] {
  const old = new Set(before.model.identityProviders.map(({ name }) => name));
  return after.model.identityProviders
    .filter(
      ({ disabled, name }) =>
        !old.has(name) && reachesChain(before, name) && !(disabled.state === "known" && disabled.value),
    )
    .map((provider) => ({
      ...at(provider.origin),
      target: provider.name,
      title: "New identity provider in a pool that holds a power",
      message: `Identities of ${issuerName(provider.issuer)} are believed in a pool whose members hold a power over the chain of trust.`,
      after: `${issuerName(provider.issuer)}, condition: ${provider.condition.state === "known" ? (provider.condition.value ?? "none") : "not known"}`,
    }));
}

function issuerName(issuer: Value<string>): string {
  return issuer.state === "known" ? issuer.value || "what its settings name" : "an issuer that is not known";
}

function doubtOf(after: Facts, provider: string): Pick<Found, "certainty"> {
  return reachesChain(after, provider)
    ? {}
    : {
        certainty: {
          state: "undecided",
          best: "none",
          worst: "high",
          because: "whether its pool holds a power over the chain is not in these files",
        },
      };
}

function conditions({ after, before }: ChangeContext): Found[] {
  return pairs(before.model.identityProviders, after.model.identityProviders).flatMap(([was, next]): Found[] => {
    const [old, now] = [was.condition, next.condition];
    const place = { ...at(next.origin), target: next.name };
    const doubt = doubtOf(after, next.name);
    if (old.state === "known" && now.state === "known" && old.value !== now.value) {
      if (now.value === undefined) {
        return [
          {
            ...place,
            ...doubt,
            message: "The provider has no condition any more: every identity that its issuer knows is believed.",
            before: old.value ?? "none",
            after: "none",
          },
        ];
      }
      return old.value === undefined
        ? [
            {
              ...place,
              severity: "info",
              effects: ["narrows"],
              title: "Workload identity condition added",
              message: "The provider believes only identities that meet the condition.",
              before: "none",
              after: now.value,
            },
          ]
        : [
            {
              ...place,
              title: "Workload identity condition changed",
              message: "The provider believes other identities than before; whether more of them is not decided here.",
              before: old.value,
              after: now.value,
              certainty: {
                state: "undecided",
                best: "none",
                worst: "high",
                because: "conditions are not compared by what they mean",
              },
            },
          ];
    }
    return was.mapping.state === "known" && next.mapping.state === "known" && was.mapping.value !== next.mapping.value
      ? [
          {
            ...place,
            title: "Workload identity mapping changed",
            message: "Identities from outside are mapped to others than before.",
            before: was.mapping.value,
            after: next.mapping.value,
            certainty: {
              state: "undecided",
              best: "none",
              worst: "high",
              because: "mappings are not compared by what they mean",
            },
          },
        ]
      : [];
  });
}

function reachesChain({ model }: Facts, provider: string): boolean {
  const pool = /\/workloadIdentityPools\/([^/]+)\//.exec(provider)?.[1];
  return model.powers.some(
    ({ kind, principal }) => kind !== "none" && shown(principal).includes(`/workloadIdentityPools/${pool}/`),
  );
}
