import type { TerraformResource } from "cdktf";
import type { IConstruct } from "constructs";
import { ProblemCode, show } from "../../vocabulary/problem";
import type { ISigningAttestor } from "../attestor";
import { type Refusals, refuse } from "./refusals";
import { repeated } from "./repeated";
import { standaloneSignScript } from "./signer-scripts";

const IMAGE_PREFIX = /^[a-z0-9.-]+(?::[0-9]+)?(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*$/;

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

/** What the scripts that sign are told of an attestor. */
export function attestorEnv(attestor: ISigningAttestor): Record<string, string> {
  return { ATTESTATION_PROJECT: attestor.project, ATTESTOR: attestor.attestorId, NOTE: attestor.noteId };
}

/** The script of a signer outside of Cloud Build. */
export function renderScript(signer: IConstruct, attestors: readonly ISigningAttestor[], imagePrefix?: string): string {
  // One that no image is below would be noticed by the first run alone.
  if (imagePrefix !== undefined && !IMAGE_PREFIX.test(imagePrefix)) {
    refuse(
      signer.node.path,
      ProblemCode.INVALID_IMAGE,
      `"imagePrefix" is no image path, got ${show(imagePrefix)}; allowed: REGISTRY/PATH, without tag, digest and a slash at the end`,
    );
  }
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
