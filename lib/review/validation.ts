import { lifecyclesIn, type ReadOptions, readTerraformJson } from "../trust";
import { CHECKS } from "./checks";
import { checkState } from "./engine";
import { DEFAULT_GATE, type Gate } from "./gate";
import { judge, type Outcome } from "./outcome";
import { EMPTY_SETTINGS } from "./settings";
import type { ReviewSettings } from "./types";

/** A `TerraformStack`, as far as it is looked at. */
export interface ValidatedStack {
  readonly node: { readonly path: string };
  // biome-ignore lint/suspicious/noExplicitAny: as CDKTF declares it
  toTerraform(): any;
}

/** Options of {@link TrustValidation}. */
export interface TrustValidationOptions extends ReadOptions {
  /** What stops the synthesis. @default - high and critical findings of every effect */
  readonly gate?: Partial<Omit<Gate, "undecided">>;
  /** What is production, and who is expected to sign. @default - nothing is said of either */
  readonly settings?: Partial<ReviewSettings>;
}

/**
 * `binauthz check` as a validation of a stack: a finding that gates stops the synthesis.
 *
 *     stack.node.addValidation(new TrustValidation(stack));
 *
 * It sees this stack alone. What the stack takes from others is not known, and what is not decided for that reason does not
 * stop it; `binauthz check cdktf.out` sees all of them together.
 */
export class TrustValidation {
  public constructor(
    private readonly stack: ValidatedStack,
    private readonly options: TrustValidationOptions = {},
  ) {}

  /** A sentence for each finding that gates; none where the stack is sound. */
  public validate(): string[] {
    return gatingFindings(outcomeOfConfiguration(this.stack.node.path, this.stack.toTerraform(), this.options));
  }
}

/** What `check` makes of one configuration in Terraform's JSON syntax. */
export function outcomeOfConfiguration(
  source: string,
  json: unknown,
  { gate, project, settings }: TrustValidationOptions = {},
): Outcome {
  const lifecycles = new Map(lifecyclesIn(source, json).map((entry) => [entry.address, entry]));
  const review = { ...EMPTY_SETTINGS.review, ...settings };
  const report = checkState({
    models: [readTerraformJson(source, json, project === undefined ? {} : { project })],
    lifecycles,
    settings: review,
  });
  return judge(report, {
    subject: "check",
    gate: { ...DEFAULT_GATE, ...gate, undecided: "ignore" },
    settings: { ...EMPTY_SETTINGS, review },
    lifecycles,
    // There are no suppressions that could expire.
    today: "",
    checks: CHECKS.filter(({ state }) => state !== undefined),
  });
}

/** One sentence for each finding that stops. */
export function gatingFindings({ findings }: Outcome): string[] {
  return findings
    .filter(({ gates }) => gates === "yes")
    .map(({ address, constructPath, id, mend, message, severity, target }) => {
      const place = constructPath ?? address ?? target;
      return `${place === undefined ? "" : `${place}: `}${id} (${severity}): ${message} ${mend}`;
    });
}
