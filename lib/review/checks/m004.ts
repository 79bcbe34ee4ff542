import { driftOf } from "../drift";
import type { Check } from "../types";

export const m004: Check = {
  id: "M004",
  title: "Trust object changed outside of Terraform",
  severity: "high",
  effects: ["blind"],
  looksAt: "resource_drift of the plan, compared by what it means",
  mend: "Find out who changed it and why, in the audit log, before this plan takes it back or keeps it.",
  change: (context) => driftOf(context),
};
