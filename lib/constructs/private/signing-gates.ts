import { ProblemCode } from "../../vocabulary/problem";
import type { ISigningAttestor } from "../attestor";
import type { Gate, SigningGate } from "../signing-gate";
import type { BuildStep } from "./cloud-build-config";
import { checkExceptions } from "./exceptions";
import { checkTimeout } from "./pipeline";
import type { Refusals } from "./refusals";
import { ATTESTED_SCRIPT } from "./signer-scripts";
import { attestorEnv } from "./signing-attestors";
import { vulnerabilityScript } from "./signing-scripts";

/** What has to hold before an image is signed. */
export function gatesOf(gates: readonly SigningGate[] | undefined): Gate[] {
  return (gates ?? []).map((gate) => gate._gate);
}

/** The step of a gate; `index` keeps it apart from the others, `files` are the lists of what was built and what is signed. */
export function gateStep(
  gate: Gate,
  index: number,
  step: (id: string, script: string, env: Record<string, string>) => BuildStep,
  files: { readonly built: string; readonly images: string },
): BuildStep {
  switch (gate.kind) {
    case "vulnerabilities":
      return step(
        `gate-${index + 1}-vulnerabilities`,
        vulnerabilityScript(
          gate.exceptions.map((one) => ({ id: one.vulnerability, until: one.until, reason: one.reason })),
        ),
        {
          SEVERITY: gate.severity,
          FIXABLE_ONLY: `${gate.fixableOnly}`,
          SCAN_TIMEOUT: seconds(gate.scanTimeout),
          IMAGES_FILE: files.built,
        },
      );
    case "attested-by":
      return step(`gate-${index + 1}-${gate.attestor.attestorName}`, ATTESTED_SCRIPT, {
        ...attestorEnv(gate.attestor),
        IMAGES_FILE: files.images,
      });
  }
}

/** A duration without its unit. */
export function seconds(duration: string): string {
  return duration.slice(0, -1);
}

/** Gates that can be kept within the time of the build. */
export function checkGates(
  refusals: Refusals,
  props: {
    readonly gates?: SigningGate[];
    readonly attestors: readonly ISigningAttestor[];
    readonly timeout?: string;
  },
): void {
  const timeout = Number.parseInt(props.timeout ?? "1800s", 10);
  gatesOf(props.gates).forEach((gate, index) => {
    const property = `gates[${index}]`;
    if (gate.kind === "attested-by") {
      if (props.attestors.some((attestor) => attestor.attestorId === gate.attestor.attestorId)) {
        refusals.add(
          ProblemCode.INVALID_OPTIONS,
          `"${property}" asks for the attestation that the trigger is to make, got ${gate.attestor.attestorId}; allowed: another attestor`,
        );
      }
      return;
    }
    checkTimeout(refusals, gate.scanTimeout, `${property}.scanTimeout`);
    if (Number.parseInt(gate.scanTimeout, 10) >= timeout) {
      refusals.add(
        ProblemCode.INVALID_OPTIONS,
        `"${property}.scanTimeout" is not shorter than the build's own timeout, got ${gate.scanTimeout} of ${timeout}s; allowed: a longer "timeout"`,
      );
    }
    checkExceptions(refusals, gate.exceptions, property);
  });
}
