import { at } from "../changes";
import { shown } from "../facts";
import { powerChanges, reachesAccount, signingAccounts } from "../power-changes";
import type { ChangeContext, Check, Found } from "../types";

export const i007: Check = {
  id: "I007",
  title: "New path to act as the signer",
  severity: "high",
  effects: ["opens"],
  looksAt: "grants of acting as an account that signs, and keys of such accounts",
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
    ];
  },
};

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
