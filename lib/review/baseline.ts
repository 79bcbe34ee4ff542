import { isRecord, own } from "../trust/private/attribute";
import { parseJson } from "../trust/private/text";
import { ReadError } from "../trust/read-error";

/**
 * The fingerprints of the findings of an earlier report of `check`, and of what was in its own baseline. What was
 * suppressed then is not among them: a suppression expires.
 *
 * @param source how the user named the file, for messages
 * @throws ReadError where it is no such report
 */
export function readBaseline(source: string, text: string): ReadonlySet<string> {
  const json = parseJson(source, text);
  const allowed = "what binauthz check --format json prints, of schemaVersion 1";
  if (!isRecord(json) || own(json, "schemaVersion") !== 1) {
    throw new ReadError({ source, problem: "is no earlier report", found: json ?? "nothing", allowed });
  }
  const prints = (name: string) => {
    const list = own(json, name);
    if (!Array.isArray(list)) {
      throw new ReadError({ source, problem: `"${name}" is not valid`, found: list ?? "nothing", allowed });
    }
    return list.flatMap((entry, index) => {
      if (name === "suppressed" && isRecord(entry) && own(entry, "by") !== "baseline") {
        return [];
      }
      const print = isRecord(entry) ? own(entry, "fingerprint") : undefined;
      if (typeof print !== "string") {
        throw new ReadError({ source, at: `${name}[${index}]`, problem: "has no fingerprint", allowed });
      }
      return [print];
    });
  };
  return new Set([...prints("findings"), ...prints("suppressed")]);
}
