import type { Value } from "../trust/model";
import type { Diagnosis } from "./types";

/** The diagnosis of a value that matters and is not known; `what` names it. */
export function unknownValue(what: string, value: Value<unknown>): Diagnosis {
  return value.state === "hidden"
    ? {
        code: "value-unknown",
        value: what,
        reference: value.reference,
        detail: `${what} is behind ${value.reference}, which could not be resolved`,
      }
    : { code: "value-unknown", value: what, detail: `${what} is known only after the apply` };
}
