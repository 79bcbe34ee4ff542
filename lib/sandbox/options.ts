/** How the sandbox behaves where Google's behaviour is not documented, or where less than all of it is wanted. */
export interface Behaviour {
  /**
   * What a second attestation for the same note and image meets: refused ("same-image"), refused only when the same key
   * signed it ("same-image-and-key"), or stored ("allow"). Seen in logs is a refusal; whether another key changes that is
   * not known.
   *
   * @default "same-image"
   */
  duplicateAttestation: "same-image" | "same-image-and-key" | "allow";
  /**
   * Answer 403 to a call of an API that was not enabled in its project first.
   *
   * @default false
   */
  enforceServices: boolean;
  /**
   * Refuse a grant to a service account, or of a custom role, that does not exist, as Google does.
   *
   * @default true
   */
  strictIam: boolean;
  /**
   * Refuse a policy whose rules the documentation forbids: REQUIRE_ATTESTATION without attestors, attestors under another
   * mode, rules of two kinds. What the service answers is not known.
   *
   * @default true
   */
  refuseInvalidPolicies: boolean;
  /**
   * Refuse a policy that requires an attestor which does not exist, as the page of Terraform's resource says of Google.
   *
   * @default false
   */
  refuseMissingAttestors: boolean;
  /**
   * Any project exists as soon as it is named. Otherwise only those that were seeded.
   *
   * @default true
   */
  anyProject: boolean;
}

export const DEFAULT_BEHAVIOUR: Readonly<Behaviour> = {
  duplicateAttestation: "same-image",
  enforceServices: false,
  strictIam: true,
  refuseInvalidPolicies: true,
  refuseMissingAttestors: false,
  anyProject: true,
};
