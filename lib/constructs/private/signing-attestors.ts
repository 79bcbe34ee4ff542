import type { TerraformResource } from "cdktf";
import { ProblemCode, show } from "../../vocabulary/problem";
import type { ISigningAttestor } from "../attestor";
import type { Refusals } from "./refusals";
import { repeated } from "./repeated";
import { standaloneSignScript } from "./signer-scripts";

/** Lets a member sign for attestors. */
export function grantSigning(
  member: string,
  attestors: readonly ISigningAttestor[],
  createOnly: boolean,
  dependsOn: TerraformResource[],
): TerraformResource[] {
  return attestors.flatMap((attestor) => [
    ...attestor.signingTrustRoot.grants.sign(member, { dependsOn }).resources,
    ...attestor.grants.attest(member, { dependsOn, createOnly }).resources,
  ]);
}

/** The script of a signer outside of Cloud Build. */
export function renderScript(attestors: readonly ISigningAttestor[], imagePrefix?: string): string {
  return standaloneSignScript(
    attestors.map((attestor) => ({
      project: attestor.project,
      attestor: attestor.attestorId,
      note: attestor.noteId,
      keyVersion: attestor.signingTrustRoot.signingKeyVersion,
    })),
    imagePrefix,
  );
}

/** Attestors to sign for: one at least, and none twice. */
export function checkSigningAttestors(
  refusals: Refusals,
  attestors: readonly ISigningAttestor[],
  signer: string,
): void {
  if (attestors.length === 0) {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      `"attestors" is empty: the ${signer} would sign nothing; allowed: at least one attestor`,
    );
  }
  for (const name of repeated(attestors.map((attestor) => attestor.attestorName))) {
    refusals.add(
      ProblemCode.AMBIGUOUS_ATTESTOR_NAME,
      `"attestors" holds two attestors of the short name ${show(name)}; allowed: each attestor once, and different short names`,
    );
  }
}
