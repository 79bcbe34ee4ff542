import { changesOf } from "../changes";
import type { Check, Found } from "../types";

const APIS = /\/services\/(?:binaryauthorization|containeranalysis)\.googleapis\.com$/;

export const c010: Check = {
  id: "C010",
  title: "API of Binary Authorization or Artifact Analysis disabled",
  severity: "critical",
  effects: ["opens", "blocks"],
  looksAt: "google_project_service resources that are deleted",
  mend: "Keep the API enabled; set disable_on_destroy = false, or forget the resource with a removed block.",
  change: (context) =>
    changesOf(context, "google_project_service")
      .filter(({ actions }) => actions.includes("delete") && !actions.includes("create"))
      .flatMap((change): Found[] => {
        const api = context.before.model.apis.find(({ origin }) => origin.address === change.address);
        if (api === undefined || !APIS.test(api.name)) {
          return [];
        }
        const { disableOnDestroy } = api;
        const found = { address: change.address, target: api.name, before: "enabled" };
        return disableOnDestroy.state === "known" && !disableOnDestroy.value
          ? [
              {
                ...found,
                severity: "low",
                effects: ["blind"],
                title: "API of Binary Authorization or Artifact Analysis leaves Terraform",
                message: "It stays enabled, since the resource does not disable it; nothing here manages it any more.",
                after: "enabled, and not managed",
              },
            ]
          : [
              {
                ...found,
                message: api.name.includes("binaryauthorization")
                  ? "Without the API nothing is evaluated: GKE admits pods when Binary Authorization cannot be reached."
                  : "Without the API no attestation can be made or read.",
                after: "disabled",
              },
            ];
      }),
};
