// The check that a policy requires no attestor but the declared one, as both hand-written programs carry it.

const requiredBy = (rules: string) =>
  `flatten([for rule in self.${rules} : rule.require_attestations_by == null ? [] : tolist(rule.require_attestations_by)])`;

/** The postcondition of the policy of a project. */
export function noStrayAttestors(project: string, attestorName: string) {
  const required = `concat(${requiredBy("cluster_admission_rules")}, ${requiredBy("default_admission_rule")})`;
  const stray = `setsubtract(toset(${required}), toset(["${attestorName}"]))`;
  return {
    condition: `\${length(${stray}) == 0}`,
    errorMessage: `The policy of ${project} would go on trusting \${join(", ", ${stray})}, which the program does not require: the provider does not see that an attestor moved to another project while its short name stayed (hashicorp/terraform-provider-google#14929). Apply once without the attestor, or give the new one another name, or correct the live policy with "gcloud container binauthz policy import".`,
  };
}
