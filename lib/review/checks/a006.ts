import { attestorChanges, keyName } from "../attestor-changes";
import { at } from "../changes";
import type { KeyFact } from "../facts";
import type { Check, Found, Severity } from "../types";

export const a006: Check = {
  id: "A006",
  title: "Key with a weak, unspecified or PGP algorithm",
  severity: "medium",
  effects: ["opens"],
  looksAt: "the signature algorithm of keys that are added, or whose algorithm changes",
  mend: "Use EC_SIGN_P256_SHA256 in an HSM of Cloud KMS.",
  change: (context) => [
    ...attestorChanges(context).flatMap(({ address, after, before, name }) =>
      after.flatMap((key) => {
        const old = before.find(({ print }) => print !== undefined && print === key.print);
        return weakness(key) === undefined || (old && weakness(old)?.why === weakness(key)?.why)
          ? []
          : [foundOf(key, name, address)];
      }),
    ),
    ...[...context.after.attestors.values()]
      .filter(({ attestor }) => !context.before.attestors.has(attestor.name))
      .flatMap(({ attestor, keys }) =>
        (keys ?? []).flatMap((key) =>
          weakness(key) ? [foundOf(key, attestor.name, at(attestor.origin).address)] : [],
        ),
      ),
  ],
  state: ({ after }) =>
    [...after.attestors.values()].flatMap(({ attestor, keys }) =>
      (keys ?? []).flatMap((key) => (weakness(key) ? [foundOf(key, attestor.name, at(attestor.origin).address)] : [])),
    ),
};

function foundOf(key: KeyFact, target: string, address: string | undefined): Found {
  const weak = weakness(key);
  return {
    ...(address !== undefined && { address }),
    target,
    severity: weak?.severity ?? "medium",
    message: `${keyName(key)}: ${weak?.why}.`,
    after: key.key.algorithm.state === "known" ? key.key.algorithm.value : key.key.type,
  };
}

function weakness({ key }: KeyFact): { readonly why: string; readonly severity: Severity } | undefined {
  if (key.type === "pgp") {
    return { why: "a PGP key, whose algorithm nothing here can tell, and which no KMS guards", severity: "medium" };
  }
  const algorithm = key.algorithm.state === "known" ? key.algorithm.value : undefined;
  if (algorithm === "" || algorithm === "SIGNATURE_ALGORITHM_UNSPECIFIED") {
    return { why: "its algorithm is not specified, so that no signature of it counts for certain", severity: "medium" };
  }
  if (algorithm !== undefined && /^RSA_.*_2048_/.test(algorithm)) {
    return { why: "RSA with 2048 bits is the shortest key that is accepted", severity: "medium" };
  }
  return algorithm !== undefined && /^RSA_SIGN_PKCS1_/.test(algorithm)
    ? { why: "RSA with the padding PKCS#1 v1.5", severity: "low" }
    : undefined;
}
