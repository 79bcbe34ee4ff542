import type { Workload } from "../../trust";
import { at } from "../changes";
import type { Check, Found } from "../types";
import { isKubernetes, workloadTransitions } from "../workload-changes";

export const w001: Check = {
  id: "W001",
  title: "Break-glass on a pod template",
  severity: "high",
  effects: ["opens"],
  looksAt: "the label image-policy.k8s.io/break-glass, and the older annotation, of pod templates",
  mend: "Take it out as soon as the emergency is over: as long as it is there, every image of these pods is admitted.",
  change: (context) =>
    workloadTransitions(context)
      .filter(({ next }) => isKubernetes(next))
      .flatMap(({ next, was }): Found[] => {
        const broken = (workload: Workload | undefined) =>
          workload?.breakGlass.state === "known" ? workload.breakGlass.value : undefined;
        if (broken(next) === true && broken(was) !== true) {
          return [found(next)];
        }
        return broken(was) === true && broken(next) === false
          ? [
              {
                ...found(next),
                severity: "info",
                effects: ["narrows"],
                title: "Break-glass on a pod template ends",
                message: "The policy holds for its pods again.",
                before: "break-glass",
                after: "no break-glass",
              },
            ]
          : [];
      }),
  state: ({ after }) =>
    after.model.workloads
      .filter(
        (workload) => isKubernetes(workload) && workload.breakGlass.state === "known" && workload.breakGlass.value,
      )
      .map(found),
};

function found(workload: Workload): Found {
  return {
    ...at(workload.origin),
    target: workload.name,
    message: "Its pods are admitted whatever the policy says, and the audit log says so.",
    after: "break-glass",
  };
}
