import { ATTESTOR, changesOf, isReplaced, wasAt } from "../changes";
import { namedAttestors, shown } from "../facts";
import type { Check } from "../types";

export const a007: Check = {
  id: "A007",
  title: "Attestor replaced: what was attested for it does not count any more",
  severity: "critical",
  effects: ["blocks"],
  looksAt: "attestors that are deleted and created, and whether name, project or note change",
  mend: "Create the new attestor beside the old one, attest for it what runs, let the rules require it, and delete the old one last.",
  change: (context) =>
    changesOf(context, ATTESTOR)
      .filter(isReplaced)
      .flatMap((change) => {
        const was = wasAt(context.before, "attestors", change);
        const next = context.after.model.attestors.find(({ origin }) => origin.address === change.address);
        if (was === undefined) {
          return [];
        }
        const [oldNote, newNote] = [shown(was.noteName), next === undefined ? "?" : shown(next.noteName)];
        const moved = was.name !== next?.name;
        const noted = oldNote !== newNote;
        const why = moved
          ? `It is ${next?.name ?? "another one"} from now on; rules that require ${was.name} refuse everything.`
          : noted
            ? `Its note is ${newNote} from now on; attestations of ${oldNote} do not count any more.`
            : "Until it is there again, every rule that requires it refuses everything.";
        return [
          {
            address: change.address,
            target: was.name,
            severity:
              moved || noted || namedAttestors(context.after).has(was.name) ? ("critical" as const) : ("high" as const),
            message: why,
            before: moved ? was.name : oldNote,
            after: moved ? (next?.name ?? "?") : newNote,
          },
        ];
      }),
};
