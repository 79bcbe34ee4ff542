import type { Lifecycle } from "../trust";
import { withoutIndexes } from "../trust/private/recorded";
import type { SetAside, Subject } from "./outcome";
import { needsValue, type Settings, settingsFinding } from "./settings";
import type { Finding } from "./types";

interface Acknowledged {
  readonly open: readonly Finding[];
  readonly setAside: readonly SetAside[];
  readonly notes: readonly Finding[];
}

/**
 * Takes out what the authors of a configuration acknowledged beside a resource. `check` believes them: it asks whether a
 * configuration is as it is meant to be. `review` does so only where the settings list the acknowledgement, since the author
 * of a change could otherwise acknowledge it away; and never for a critical finding that opens.
 */
export function applyAcknowledgements(
  findings: readonly Finding[],
  lifecycles: ReadonlyMap<string, Lifecycle>,
  { acknowledgements }: Settings,
  subject: Subject,
): Acknowledged {
  const setAside: SetAside[] = [];
  const notes: Finding[] = [];
  const open = findings.filter((finding) => {
    const { address, id } = finding;
    const lifecycle = address === undefined ? undefined : lifecycles.get(withoutIndexes(address));
    const found = lifecycle?.acknowledged.find((acknowledgement) => acknowledgement.id === id);
    if (lifecycle === undefined || found === undefined) {
      return true;
    }
    const listed = acknowledgements.some(
      ({ constructPath, id: listedId }) => listedId === id && constructPath === lifecycle.constructPath,
    );
    if (subject === "check" || (listed && !needsValue(finding))) {
      setAside.push({ finding, by: "acknowledgement", reason: found.reason });
      return false;
    }
    const why = listed
      ? "It is a critical finding that opens: such a one is suppressed with its value, and by nobody but the keepers of the settings."
      : "The settings do not list it, so it does not count.";
    notes.push(
      settingsFinding("S005", {
        target: lifecycle.constructPath ?? lifecycle.address,
        message: `The configuration acknowledges ${id} of ${lifecycle.address} (${found.reason}). ${why}`,
      }),
    );
    return true;
  });
  return { open, setAside, notes };
}
