import { at } from "../changes";
import { shown } from "../facts";
import { serviceTransitions } from "../switch-changes";
import type { Check, Found } from "../types";

const UNCHECKED = "none";

export const c006: Check = {
  id: "C006",
  title: "Images on Cloud Run are no longer checked",
  severity: "high",
  effects: ["opens"],
  looksAt: "the policy that services, jobs, worker pools and functions ask for",
  mend: "Set binary_authorization { use_default = true }; the organization policy run.allowedBinaryAuthorizationPolicies can demand it.",
  change: (context) =>
    serviceTransitions(context).flatMap(({ next, target, was }): Found[] => {
      const found = { ...at(next.origin), target, after: shown(next.policy) };
      const unchecked = next.policy.state === "known" && next.policy.value === UNCHECKED;
      if (was === undefined) {
        return unchecked && next.kind !== "function"
          ? [
              {
                ...found,
                severity: "medium",
                title: "Images on Cloud Run are not checked",
                message: `The ${next.kind} is created without Binary Authorization: it runs every image.`,
              },
            ]
          : [];
      }
      const before = shown(was.policy);
      if (unchecked && was.policy.state === "known" && before !== UNCHECKED) {
        return [{ ...found, message: `The ${next.kind} runs every image from its next deployment on.`, before }];
      }
      return was.policy.state === "known" && before === UNCHECKED && next.policy.state === "known" && !unchecked
        ? [
            {
              ...found,
              severity: "medium",
              effects: ["blocks", "narrows"],
              title: "Images on Cloud Run are checked from now on",
              message: `What the ${next.kind} is deployed with needs what the policy asks for.`,
              before,
            },
          ]
        : [];
    }),
  state: ({ after }) =>
    after.model.services
      .filter(({ kind, policy }) => kind !== "function" && policy.state === "known" && policy.value === UNCHECKED)
      .map(({ kind, location, name, origin, project }) => ({
        ...at(origin),
        target: `run:${project}/${location}/${name}`,
        severity: "medium",
        title: "Images on Cloud Run are not checked",
        message: `The ${kind} has no Binary Authorization: it runs every image.`,
        after: UNCHECKED,
      })),
};
