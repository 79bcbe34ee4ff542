import { powerFound } from "../power-changes";
import type { Check } from "../types";

export const i003: Check = {
  id: "I003",
  title: "Principal may edit an attestor",
  severity: "critical",
  effects: ["opens"],
  looksAt: "grants that hold binaryauthorization.attestors.update, on attestors and projects",
  mend: "Keep attestors in the hands of the identity that applies this configuration: whoever edits one can add a key of their own.",
  change: (context) =>
    powerFound(context, ["edit-attestor"], () => "can edit attestors, and add a key of its own to them"),
};
