import { at, changesOf } from "../changes";
import type { Check, Found } from "../types";

const STRENGTH: readonly string[] = ["SOFTWARE", "EXTERNAL", "EXTERNAL_VPC", "HSM"];

export const k003: Check = {
  id: "K003",
  title: "Signing key less protected, or imported",
  severity: "high",
  effects: ["opens"],
  looksAt: "the protection level of keys and versions, import_only, and import jobs",
  mend: "Sign with a key that was made in an HSM: of an imported one somebody had the private half.",
  change: (context) => {
    const { after, before } = context;
    const levels = [
      ...pairs(before.model.cryptoKeys, after.model.cryptoKeys),
      ...pairs(before.model.keyVersions, after.model.keyVersions),
    ];
    return [
      ...levels.flatMap(([was, next]): Found[] => {
        const [old, now] = [was.protectionLevel, next.protectionLevel];
        const lowered =
          old.state === "known" && now.state === "known" && STRENGTH.indexOf(now.value) < STRENGTH.indexOf(old.value);
        const raised =
          old.state === "known" && now.state === "known" && STRENGTH.indexOf(now.value) > STRENGTH.indexOf(old.value);
        if (!lowered && !raised) {
          return [];
        }
        const found = {
          ...at(next.origin),
          target: next.name,
          before: old.state === "known" ? old.value : "?",
          after: now.state === "known" ? now.value : "?",
        };
        return lowered
          ? [
              {
                ...found,
                message: "The private half leaves the hardware that guarded it, or a new one is made outside of it.",
              },
            ]
          : [
              {
                ...found,
                severity: "info",
                effects: ["narrows"],
                title: "Signing key better protected",
                message: "The private half is guarded better than before.",
              },
            ];
      }),
      ...pairs(before.model.cryptoKeys, after.model.cryptoKeys).flatMap(([was, next]): Found[] =>
        was.importOnly.state === "known" &&
        !was.importOnly.value &&
        next.importOnly.state === "known" &&
        next.importOnly.value
          ? [
              {
                ...at(next.origin),
                target: next.name,
                title: "Signing key takes imported material",
                message: "Versions of the key are imported from now on: somebody has their private half.",
                before: "made by Cloud KMS",
                after: "imported",
              },
            ]
          : [],
      ),
      ...changesOf(context, "google_kms_key_ring_import_job")
        .filter(({ actions }) => actions.includes("create"))
        .map(
          ({ address }): Found => ({
            address,
            target: address,
            title: "Import job for keys created",
            message: "Whoever may use the job can bring keys of their own into the key ring.",
            after: "an import job",
          }),
        ),
    ];
  },
  state: ({ after }) =>
    after.model.cryptoKeys
      .filter(
        ({ protectionLevel, purpose }) =>
          purpose.state === "known" &&
          purpose.value === "ASYMMETRIC_SIGN" &&
          protectionLevel.state === "known" &&
          protectionLevel.value === "SOFTWARE",
      )
      .map(({ name, origin }) => ({
        ...at(origin),
        target: name,
        severity: "medium",
        title: "Signing key protected by software only",
        message: "The private half of the key is in no hardware of its own.",
        after: "SOFTWARE",
      })),
};

/** What has one name before and after. */
export function pairs<T extends { readonly name: string }>(before: readonly T[], after: readonly T[]): [T, T][] {
  const old = new Map(before.map((item) => [item.name, item]));
  return after.flatMap((next): [T, T][] => {
    const was = old.get(next.name);
    return was === undefined ? [] : [[was, next]];
  });
}
