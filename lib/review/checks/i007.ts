import type { Value } from "../../trust";
import { at } from "../changes";
import { shown } from "../facts";
import { powerChanges, reachesAccount, signingAccounts } from "../power-changes";
import type { ChangeContext, Check, Found } from "../types";

export const i007: Check = {
  id: "I007",
  title: "New path to act as the signer",
  severity: "high",
  effects: ["opens"],
  looksAt: "grants of acting as an account that signs, keys of such accounts, and triggers whose builds run as one",
  mend: "Let nobody act as the signer; trigger its pipeline instead. Make no keys of its account.",
  change: (context) => {
    const { gained, lost } = powerChanges(context, "act-as");
    const accounts = [...signingAccounts(context.after)];
    return [
      ...gained.flatMap(({ on, power, principal }) =>
        accounts
          .filter((account) => account !== principal && reachesAccount(on, account))
          .map(
            (account): Found => ({
              ...at(power.origin),
              target: principal,
              message: `${principal} can act as ${account}, which signs (${shown(power.role)} on ${on}).`,
              after: `${shown(power.role)} on ${on}`,
            }),
          ),
      ),
      ...lost.flatMap(({ on, power, principal }) =>
        [...signingAccounts(context.before)]
          .filter((account) => account !== principal && reachesAccount(on, account))
          .map(
            (account): Found => ({
              ...at(power.origin),
              target: principal,
              severity: "info",
              effects: ["narrows"],
              title: "Path to act as the signer taken away",
              message: `${principal} can no longer act as ${account}, which signs.`,
              before: `${shown(power.role)} on ${on}`,
            }),
          ),
      ),
      ...accountKeys(context, accounts),
      ...triggers(context),
    ];
  },
};

/** Builds that run as an account that signs already: whoever can start one, or write what it builds, acts as the account. */
function triggers({ after, before }: ChangeContext): Found[] {
  const accounts = signingAccounts(before);
  return after.model.triggers.flatMap((next): Found[] => {
    const was = before.model.triggers.find(({ name }) => name === next.name);
    const account = shown(next.serviceAccount);
    const place = { ...at(next.origin), target: account };
    if (!accounts.has(account) || isTrue(next.disabled)) {
      return [];
    }
    if (was === undefined || isTrue(was.disabled) || shown(was.serviceAccount) !== account) {
      return [
        {
          ...place,
          title: "Trigger whose builds run as the account that signs",
          message: `Builds of ${next.name} run as ${account}, which signs: whoever can write what they build can sign.`,
          ...(was !== undefined && { before: isTrue(was.disabled) ? "disabled" : shown(was.serviceAccount) }),
          after: next.name,
        },
      ];
    }
    const found: Found[] = [];
    if (isTrue(was.approval) && !isTrue(next.approval)) {
      found.push({
        ...place,
        title: "Builds that sign start without approval",
        message: `Nobody has to approve builds of ${next.name} any more, which run as ${account}, which signs.`,
        before: "approval required",
        after: "no approval",
      });
    }
    if (shown(was.starts) !== shown(next.starts)) {
      found.push({
        ...place,
        title: "Something else starts builds that sign",
        message: `Builds of ${next.name} run as ${account}, which signs. What starts them, or whose sources they build, is something else from now on.`,
        before: shown(was.starts),
        after: shown(next.starts),
        certainty: {
          state: "undecided",
          best: "none",
          worst: "high",
          because: "who can write to a branch or a repository is not in these files",
        },
      });
    }
    return found;
  });
}

function isTrue(flag: Value<boolean>): boolean {
  return flag.state === "known" && flag.value;
}

function accountKeys({ after, before }: ChangeContext, accounts: readonly string[]): Found[] {
  const old = new Set(before.model.accountKeys.map(({ origin }) => origin.address));
  return after.model.accountKeys
    .filter(({ origin }) => !old.has(origin.address))
    .flatMap(({ account, origin }) =>
      accounts
        .filter((member) => reachesAccount(shown(account), member))
        .map((member) => ({
          ...at(origin),
          target: member,
          title: "Key made of the account that signs",
          message: `Whoever has the key is ${member}, which signs, from anywhere and until the key is deleted.`,
          after: "a key of the account",
        })),
    );
}
