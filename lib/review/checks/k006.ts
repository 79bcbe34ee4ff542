import { isFullName } from "../../trust";
import { trusts } from "../attestor-changes";
import { at } from "../changes";
import type { Facts } from "../facts";
import { trustedKmsKeys, trustedKmsVersions } from "../facts";
import type { Check, Found } from "../types";

export const k006: Check = {
  id: "K006",
  title: "Half a rotation: a new key version is in no attestor",
  severity: "medium",
  effects: ["blocks"],
  looksAt: "versions of keys that an attestor trusts, against the keys of attestors",
  mend: "Add the public key of the new version to the attestor before anything signs with it.",
  change: ({ after, before }) => {
    const already = new Set(half(before).map(({ target }) => target));
    return half(after).filter(
      ({ target }) => !already.has(target) && !before.model.keyVersions.some(({ name }) => name === target),
    );
  },
  state: ({ after }) => half(after),
};

function half(facts: Facts): Found[] {
  const attestors = [...facts.attestors.values()];
  if (attestors.some(({ keys }) => keys === undefined || keys.some(({ key }) => key.id.state !== "known"))) {
    return [];
  }
  return facts.model.keyVersions
    .filter(({ name }) => isFullName(name) || !mayBeTrusted(facts, name))
    .filter(({ name, state }) => {
      const key = name.replace(/\/cryptoKeyVersions\/.*$/, "");
      const enabled = state.state !== "known" || state.value === "ENABLED" || state.value === "PENDING_GENERATION";
      const related = attestors.some((fact) => trustedKmsKeys(facts, fact).has(key));
      return enabled && related && trusts(facts, name).length === 0;
    })
    .map(({ name, origin }) => ({
      ...at(origin),
      target: name,
      message:
        "An attestor trusts another version of the same key and not this one: what is signed with it does not count.",
      after: "in no attestor",
    }));
}

/** Of a new version Cloud KMS gives the number: it may be one that an attestor names and no file has. */
function mayBeTrusted(facts: Facts, name: string): boolean {
  const key = name.replace(/\/cryptoKeyVersions\/.*$/, "");
  const there = new Set(facts.model.keyVersions.map((version) => version.name));
  return [...facts.attestors.values()].some((fact) =>
    [...trustedKmsVersions(facts, fact)].some((version) => version.startsWith(`${key}/`) && !there.has(version)),
  );
}
