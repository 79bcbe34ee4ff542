import { attestorChanges, keyName } from "../attestor-changes";
import type { Facts, KeyFact } from "../facts";
import { kmsKeyOfId } from "../names";
import type { Check } from "../types";

export const a011: Check = {
  id: "A011",
  title: "Key of unknown origin",
  severity: "medium",
  effects: ["blind"],
  looksAt: "keys that are added to an attestor, against the versions of Cloud KMS in these files",
  mend: "Use a version of Cloud KMS with the protection level HSM, and hand in the state or plan that manages it (--context).",
  change: (context) =>
    attestorChanges(context).flatMap(({ added, address, name }) =>
      added.flatMap((key) => {
        const doubt = doubtOf(context.after, key);
        return doubt === undefined
          ? []
          : [
              {
                ...(address !== undefined && { address }),
                target: name,
                message: `${keyName(key)}: ${doubt}.`,
                after: keyName(key),
              },
            ];
      }),
    ),
};

/** What speaks against a key; undefined where it is a version of an HSM that these files describe. */
function doubtOf({ model }: Facts, { key, print }: KeyFact): string | undefined {
  const id = key.id.state === "known" ? kmsKeyOfId(key.id.value) : undefined;
  const version = model.keyVersions.find(({ name, publicKey }) => {
    const same =
      publicKey.state === "known" && publicKey.value.format === "pem" && publicKey.value.fingerprint === print;
    return same || name === id;
  });
  if (version === undefined) {
    return id === undefined
      ? "it is no version of Cloud KMS, so that nothing says where its private half is"
      : "none of these files has this version of Cloud KMS";
  }
  const { protectionLevel, publicKey } = version;
  const other =
    publicKey.state === "known" && publicKey.value.format === "pem" && print !== undefined
      ? publicKey.value.fingerprint !== print
      : false;
  if (other) {
    return `its id names ${version.name}, whose public key is another one`;
  }
  return protectionLevel.state === "known" && protectionLevel.value === "SOFTWARE"
    ? "it is protected by software only"
    : undefined;
}
