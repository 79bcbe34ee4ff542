import { ATTESTOR, changesOf, isDeleted, isReplaced, wasAt } from "../changes";
import { namedAttestors, shown } from "../facts";
import type { ChangeContext, Check, Found } from "../types";

export const a007: Check = {
  id: "A007",
  title: "Attestor replaced: what was attested for it does not count any more",
  severity: "critical",
  effects: ["blocks"],
  looksAt: "attestors that are deleted and created, and whether name, project or note change",
  mend: "Create the new attestor beside the old one, attest for it what runs, let the rules require it, and delete the old one last.",
  change: (context) => [...replaced(context), ...renamed(context)],
};

function replaced(context: ChangeContext): Found[] {
  return changesOf(context, ATTESTOR)
    .filter(isReplaced)
    .flatMap((change): Found[] => {
      const was = wasAt(context.before, "attestors", change);
      const next = context.after.model.attestors.find(({ origin }) => origin.address === change.address);
      if (was === undefined) {
        return [];
      }
      const [oldNote, newNote] = [shown(was.noteName), next === undefined ? "?" : shown(next.noteName)];
      const moved = was.name !== next?.name;
      const open = next !== undefined && next.noteName.state !== "known";
      const noted = oldNote !== newNote;
      const why = moved
        ? `It is ${next?.name ?? "another one"} from now on; rules that require ${was.name} refuse everything.`
        : open
          ? `Which note it has from now on is not known; on another one, attestations of ${oldNote} do not count any more.`
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
          after: moved ? (next?.name ?? "?") : open ? "not known" : newNote,
        },
      ];
    });
}

/** The same name at another address: nothing orders the two, and a name cannot be taken while it is there. */
function renamed(context: ChangeContext): Found[] {
  return changesOf(context, ATTESTOR)
    .filter(isDeleted)
    .flatMap((change): Found[] => {
      const was = wasAt(context.before, "attestors", change);
      const successor = changesOf(context, ATTESTOR).find(
        (other) =>
          other !== change &&
          other.actions.includes("create") &&
          context.after.model.attestors.some(
            ({ name, origin }) => name === was?.name && origin.address === other.address,
          ),
      );
      return was === undefined || successor === undefined
        ? []
        : [
            {
              address: successor.address,
              target: was.name,
              severity: namedAttestors(context.after).has(was.name) ? "critical" : "high",
              title: "Attestor destroyed and created under another address",
              message: `${change.address} is destroyed and ${successor.address} is created for the same attestor, and nothing orders the two. Until it is there again, every rule that requires it refuses everything; where creating comes first, it does not succeed, and the attestor is gone.`,
              mend: "Write a moved block from the old address to the new one.",
              before: change.address,
              after: successor.address,
            },
          ];
    });
}
