import { changesOf, isAbandoned, NOTE, wasAt } from "../changes";
import { shown } from "../facts";
import type { Check } from "../types";

export const a009: Check = {
  id: "A009",
  title: "Note destroyed or replaced: every attestation on it is gone",
  severity: "critical",
  effects: ["blocks"],
  looksAt: "notes that are deleted, alone or to be created again",
  mend: "Keep the note; attestations cannot be moved to another one. Put prevent_destroy on it.",
  change: (context) =>
    changesOf(context, NOTE)
      .filter((change) => change.actions.includes("delete") && !isAbandoned(change))
      .flatMap((change) => {
        const was = wasAt(context.before, "notes", change);
        if (was === undefined) {
          return [];
        }
        const attestors = context.before.model.attestors.filter(({ noteName }) => shown(noteName) === was.name);
        return [
          {
            address: change.address,
            target: was.name,
            message: `The attestations that hang on the note are lost. ${
              attestors.length > 0
                ? `${attestors.map(({ name }) => name).join(", ")} verify with it; what they attested has to be signed again.`
                : "Which attestors verify with it is not in these files."
            }`,
            before: "a note",
            after: change.actions.includes("create") ? "another note of the same name" : "none",
          },
        ];
      }),
};
