import { powerFound } from "../power-changes";
import type { Check } from "../types";

export const i005: Check = {
  id: "I005",
  title: "Principal may grant power over the chain of trust",
  severity: "high",
  effects: ["opens"],
  looksAt: "grants that hold setIamPolicy on keys, notes, attestors, repositories, accounts and projects",
  mend: "Keep the administration of these grants apart from those who build, sign and deploy.",
  change: (context) => powerFound(context, ["grant"], () => "can give any of these powers to anybody, itself included"),
};
