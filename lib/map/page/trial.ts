import { admit } from "../../admission/admit";
import type { AttestorVerdict, ImageVerdict, Target, Verdict } from "../../admission/types";
import type { TrustModel } from "../../trust/model";
import type { Status, Tone } from "../types";
import { chip } from "./cards";
import { byId, el } from "./dom";
import { currentView, DATA, onView } from "./state";

/** No attestations are read here, so that no signature is ever verified: what needs one stays undecided. */
const NO_VERIFIER = {
  verify: (): boolean => {
    throw new Error("the page verifies no signatures");
  },
};

/** Whether an image would run, by the same code as `binauthz admit`. */
function tried(image: string, target: Target, model: TrustModel): Verdict {
  const pod = { images: [{ image, container: "image", kind: "container" as const }] };
  return admit({ target, pod }, model, undefined, NO_VERIFIER);
}

export function setUpTrial(): void {
  const form = byId<HTMLFormElement>("trial");
  const image = byId<HTMLInputElement>("trial-image");
  const target = byId<HTMLSelectElement>("trial-target");
  target.replaceChildren(...DATA.targets.map(({ name }, index) => el("option", { value: String(index) }, name)));
  const run = () => {
    const text = image.value.trim();
    const chosen = DATA.targets[Number(target.value)];
    byId("verdict").replaceChildren(
      ...(text === "" || chosen === undefined
        ? [el("p", {}, "Name an image as a pod would, for example nginx:1.29.")]
        : modelsShown().map(({ model, title }) => verdictOf(title, tried(text, chosen.target, model)))),
    );
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    run();
  });
  for (const example of DATA.examples) {
    const button = el("button", { type: "button", class: "link" }, example.replace(/(@sha256:.{6}).*(.{4})$/, "$1…$2"));
    button.addEventListener("click", () => {
      image.value = example;
      run();
    });
    byId("examples").append(el("li", {}, button));
  }
  onView(() => {
    if (byId("verdict").childElementCount > 0) {
      run();
    }
  });
}

function modelsShown(): { readonly title?: string; readonly model: TrustModel }[] {
  const { after, before } = DATA.models;
  if (before === undefined) {
    return [{ model: after }];
  }
  const both = [
    { title: "Before", model: before },
    { title: "After", model: after },
  ];
  const view = currentView();
  return view === "changes" ? both : both.filter(({ title }) => title.toLowerCase() === view);
}

const OUTCOMES: Readonly<Record<Verdict["verdict"], Status>> = {
  admitted: { tone: "checked", text: "Admitted" },
  denied: { tone: "closed", text: "Denied" },
  undecided: { tone: "unknown", text: "Not decided" },
};

function verdictOf(title: string | undefined, verdict: Verdict): HTMLElement {
  const [image] = verdict.images;
  const status =
    verdict.verdict === "admitted" ? { ...OUTCOMES.admitted, tone: howAdmitted(verdict) } : OUTCOMES[verdict.verdict];
  const { diagnosis } = image;
  return el(
    "div",
    { class: "verdict", "data-verdict": verdict.verdict },
    title === undefined ? undefined : el("h3", {}, title),
    el("p", {}, chip(status), ` ${because(verdict, image)}`),
    verdict.message === undefined ? undefined : el("pre", { tabindex: "0" }, verdict.message),
    list(image.attestors.map(attestorLine)),
    list(diagnosis.map(({ detail }) => sentence(detail))),
    list(image.hints.map(sentence)),
    list(verdict.assumptions.map((text) => `Taken for granted: ${text}.`)),
  );
}

/** Whether an image that is admitted was looked at, or everything would be. */
function howAdmitted({ images: [{ attestors, decidedBy }], overriddenBy }: Verdict): Tone {
  if (overriddenBy !== undefined || decidedBy === "not-enforced" || (decidedBy === "rule" && attestors.length === 0)) {
    return "open";
  }
  return decidedBy === "rule" ? "checked" : "plain";
}

function because({ overriddenBy }: Verdict, { decidedBy, pattern, rule }: ImageVerdict): string {
  if (overriddenBy !== undefined) {
    return overriddenBy === "dry-run"
      ? "The rule is a dry run: what it would have answered is only logged."
      : "Break-glass overrides the policy.";
  }
  switch (decidedBy) {
    case "not-enforced":
      return "The policy is not enforced there.";
    case "exempt-image":
      return `The policy exempts ${pattern}.`;
    case "system-policy":
      return `Google's system policy exempts ${pattern}.`;
    case "rule":
      return rule?.key === undefined ? "By the default rule." : `By the rule for ${rule.key}.`;
    case "unknown":
      return "It depends on something that is not known.";
  }
}

function attestorLine({ attestor, diagnosis, reason, verdict }: AttestorVerdict): string {
  const why = diagnosis.map(({ detail }) => detail).join("; ") || reason;
  const words = { satisfied: "is satisfied", unsatisfied: "is not satisfied", undecided: "is not decided" }[verdict];
  return `${attestor} ${words}${why === undefined ? "" : `: ${why}`}`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function list(lines: readonly string[]): HTMLElement | undefined {
  return lines.length === 0 ? undefined : el("ul", {}, ...lines.map((line) => el("li", {}, line)));
}
