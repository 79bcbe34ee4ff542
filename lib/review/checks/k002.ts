import { changesOf, isAbandoned, wasAt } from "../changes";
import { trustedKmsKeys } from "../facts";
import type { Check, Found } from "../types";

export const k002: Check = {
  id: "K002",
  title: "Signing key destroyed: all its versions are scheduled for destruction",
  severity: "high",
  effects: ["blocks"],
  looksAt: "keys and key rings that are deleted, alone or to be created again",
  mend: "Keep the key: its name can never be used again. To stop managing it, use a removed block with destroy = false.",
  change: (context) => [
    ...changesOf(context, "google_kms_crypto_key")
      .filter((change) => change.actions.includes("delete") && !isAbandoned(change))
      .flatMap((change): Found[] => {
        const key = wasAt(context.before, "cryptoKeys", change);
        const trusted =
          key !== undefined &&
          [...context.before.attestors.values()].some((fact) => trustedKmsKeys(context.before, fact).has(key.name));
        const signs = key?.purpose.state !== "known" || key.purpose.value === "ASYMMETRIC_SIGN";
        return trusted || signs
          ? [
              {
                address: change.address,
                target: key?.name ?? change.address,
                message: `Every version of the key is scheduled for destruction, and signing with it stops; what was signed goes on counting.${
                  change.actions.includes("create")
                    ? " The name is taken for good, so that creating the key again fails."
                    : ""
                }`,
                before: "a key",
                after: change.actions.includes("create") ? "destroyed, and not created again" : "destroyed",
              },
            ]
          : [];
      }),
    ...changesOf(context, "google_kms_key_ring")
      .filter((change) => change.actions.includes("delete") && !isAbandoned(change))
      .map(
        (change): Found => ({
          address: change.address,
          target: change.address,
          severity: change.actions.includes("create") ? "high" : "medium",
          effects: change.actions.includes("create") ? ["blocks"] : ["blind"],
          title: "Key ring leaves Terraform",
          message:
            "Cloud KMS deletes no key rings: Terraform forgets it. A ring of the same name cannot be created again, and its keys are lost with their own resources only.",
          before: "a key ring",
          after: "not managed by this configuration",
        }),
      ),
  ],
};
