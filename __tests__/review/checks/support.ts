import type { Surroundings } from "../../../lib/review/engine";
import { review } from "../../../lib/review/engine";
import type { Finding } from "../../../lib/review/types";
import { readPlan, readState, type TrustModel } from "../../../lib/trust";

/**
 * Plans in the form in which Terraform 1.11 prints those of the google provider 6.50: attributes, actions and replacement
 * paths as the provider plans them, only the attributes that a review reads. Those of ../../fixtures/plans are the
 * provider's own.
 */

// biome-ignore lint/suspicious/noExplicitAny: Terraform's JSON
export type Json = any;

export const PROJECT = "sec-proj";
export const RING = `projects/${PROJECT}/locations/us-central1/keyRings/ring`;
export const KEY = `${RING}/cryptoKeys/signer`;
export const VERSION = `${KEY}/cryptoKeyVersions/1`;
export const ATTESTOR = `projects/${PROJECT}/attestors/build`;
export const NOTE = `projects/${PROJECT}/notes/build`;
export const CI = `serviceAccount:ci@${PROJECT}.iam.gserviceaccount.com`;
export const MALLORY = `serviceAccount:mallory@${PROJECT}.iam.gserviceaccount.com`;
export const DIGEST = `sha256:${"ab".repeat(32)}`;

/** What a plan does with one resource. */
export interface Change {
  readonly address: string;
  readonly before: Json;
  readonly after: Json;
  readonly actions?: readonly string[];
  readonly more?: Json;
  readonly change?: Json;
}

/** A resource that changes from one set of attributes to another; null where it is not there. */
export function changed(address: string, before: Json, after: Json, rest: Partial<Change> = {}): Change {
  return { address, before, after, ...rest };
}

export function same(address: string, attributes: Json, rest: Partial<Change> = {}): Change {
  return changed(address, attributes, attributes, rest);
}

export function created(address: string, attributes: Json, rest: Partial<Change> = {}): Change {
  return changed(address, null, attributes, rest);
}

export function deleted(address: string, attributes: Json, rest: Partial<Change> = {}): Change {
  return changed(address, attributes, null, rest);
}

export function replaced(address: string, before: Json, after: Json, path: string, rest: Partial<Change> = {}): Change {
  return changed(address, before, after, {
    actions: ["delete", "create"],
    change: { replace_paths: [[path]] },
    ...rest,
  });
}

function actionsOf(before: Json, after: Json): readonly string[] {
  if (before === null) {
    return ["create"];
  }
  if (after === null) {
    return ["delete"];
  }
  return JSON.stringify(before) === JSON.stringify(after) ? ["no-op"] : ["update"];
}

/** `terraform show -json` of a plan. */
export function planOf(changes: readonly Change[], more: Json = {}): Json {
  return {
    format_version: "1.2",
    terraform_version: "1.11.4",
    resource_changes: changes.map(({ actions, address, after, before, change, more: fields }) => {
      const parts = address.replace(/\[.*\]$/, "").split(".");
      const data = parts[0] === "data";
      return {
        address,
        mode: data ? "data" : "managed",
        type: parts[data ? 1 : 0],
        name: parts[data ? 2 : 1],
        provider_name: "registry.terraform.io/hashicorp/google",
        change: {
          actions: actions ?? actionsOf(before, after),
          before,
          after,
          after_unknown: {},
          before_sensitive: {},
          after_sensitive: {},
          ...change,
        },
        ...fields,
      };
    }),
    configuration: {
      provider_config: { google: { name: "google", full_name: "registry.terraform.io/hashicorp/google" } },
      root_module: { resources: [] },
    },
    timestamp: "2026-11-20T00:00:00Z",
    applyable: true,
    complete: true,
    errored: false,
    ...more,
  };
}

export function findingsOf(json: Json | readonly Json[], around: Surroundings = {}): readonly Finding[] {
  const plans = (Array.isArray(json) ? json : [json]).map((plan, index) => ({
    plan: readPlan(index === 0 ? "plan.json" : `plan${index + 1}.json`, plan),
  }));
  return review({ plans, ...around }).findings;
}

/** The findings that say more than that something is narrower than before. */
export function alarming(findings: readonly Finding[]): Finding[] {
  return findings.filter(({ effects }) => effects.some((effect) => effect !== "narrows"));
}

/** One row: what triggers a check, and what is nearly the same and does not. */
export interface Case {
  readonly id: string;
  readonly name: string;
  readonly bad: Json | readonly Json[];
  readonly twin: Json | readonly Json[];
  readonly expected?: Partial<
    Pick<Finding, "title" | "mend" | "severity" | "effects" | "address" | "target" | "after" | "before">
  >;
  readonly undecided?: boolean;
  readonly around?: Surroundings;
  readonly twinAround?: Surroundings;
}

export function casesOf(cases: readonly Case[]): void {
  test.each(cases)("$id: $name", ({ around, bad, expected = {}, id, twin, twinAround = around, undecided = false }) => {
    const found = findingsOf(bad, around).filter((finding) => finding.id === id);
    const alarms = id === "M007" || id === "A010" ? found : alarming(found);
    expect(alarms.map(({ id: each }) => each)).toContain(id);
    expect(alarms[0]).toMatchObject(expected);
    expect(alarms[0].certainty.state).toBe(undecided ? "undecided" : "decided");
    const quiet = findingsOf(twin, twinAround).filter((finding) => finding.id === id);
    expect(id === "M007" || id === "A010" ? quiet : alarming(quiet)).toEqual([]);
  });
}

export function rule(evaluation_mode: string, by: readonly string[] = [], dryRun = false): Json {
  return {
    evaluation_mode,
    enforcement_mode: dryRun ? "DRYRUN_AUDIT_LOG_ONLY" : "ENFORCED_BLOCK_AND_AUDIT_LOG",
    require_attestations_by: by,
  };
}

export const DENY = rule("ALWAYS_DENY");
export const ALLOW = rule("ALWAYS_ALLOW");
export const ATTEST = rule("REQUIRE_ATTESTATION", [ATTESTOR]);

export function policy(change: Json = {}): Json {
  const { clusters = {}, exempt = [], byDefault = DENY, ...rest } = change;
  return {
    id: `projects/${PROJECT}`,
    project: PROJECT,
    global_policy_evaluation_mode: "ENABLE",
    admission_whitelist_patterns: exempt.map((name_pattern: string) => ({ name_pattern })),
    default_admission_rule: [byDefault],
    cluster_admission_rules: Object.entries(clusters).map(([cluster, of]) => ({ cluster, ...(of as object) })),
    ...rest,
  };
}

export const POLICY = "google_binary_authorization_policy.p";

/** A plan that changes the policy from one form to another. */
export function policyPlan(before: Json, after: Json, others: readonly Change[] = []): Json {
  return planOf([changed(POLICY, policy(before), policy(after)), ...others]);
}

export function keyOf(text: string, id = `ni:///sha-256;${text}`, change: Json = {}): Json {
  return {
    id,
    comment: "",
    ascii_armored_pgp_public_key: "",
    pkix_public_key: [{ public_key_pem: text, signature_algorithm: "ECDSA_P256_SHA256" }],
    ...change,
  };
}

export const KMS_ID = `//cloudkms.googleapis.com/v1/${VERSION}`;

export function attestor(keys: readonly Json[] = [keyOf("A", KMS_ID)], change: Json = {}): Json {
  const { note = NOTE, name = "build", project = PROJECT, ...rest } = change;
  return {
    id: `projects/${project}/attestors/${name}`,
    name,
    project,
    attestation_authority_note: [{ note_reference: note, public_keys: keys }],
    ...rest,
  };
}

export const ATTESTOR_ADDRESS = "google_binary_authorization_attestor.a";

export function attestorPlan(before: readonly Json[], after: readonly Json[], others: readonly Change[] = []): Json {
  return planOf([changed(ATTESTOR_ADDRESS, attestor(before), attestor(after)), ...others]);
}

export function note(change: Json = {}): Json {
  return {
    id: NOTE,
    name: "build",
    project: PROJECT,
    attestation_authority: [{ hint: [{ human_readable_name: "build" }] }],
    ...change,
  };
}

export function cryptoKey(change: Json = {}): Json {
  return {
    id: KEY,
    name: "signer",
    key_ring: RING,
    purpose: "ASYMMETRIC_SIGN",
    import_only: false,
    destroy_scheduled_duration: "2592000s",
    version_template: [{ algorithm: "EC_SIGN_P256_SHA256", protection_level: "HSM" }],
    ...change,
  };
}

export function keyVersion(change: Json = {}): Json {
  return {
    id: VERSION,
    name: VERSION,
    crypto_key: KEY,
    state: "ENABLED",
    algorithm: "EC_SIGN_P256_SHA256",
    protection_level: "HSM",
    ...change,
  };
}

export const keyMember = (member: string, change: Json = {}): Json => ({
  crypto_key_id: KEY,
  role: "roles/cloudkms.signer",
  member,
  condition: [],
  ...change,
});

export const noteMember = (member: string, change: Json = {}): Json => ({
  project: PROJECT,
  note: "build",
  role: "roles/containeranalysis.notes.attacher",
  member,
  condition: [],
  ...change,
});

export const projectMember = (role: string, member: string, change: Json = {}): Json => ({
  project: PROJECT,
  role,
  member,
  condition: [],
  ...change,
});

/** An attestor with its note, a key of Cloud KMS, and `ci`, which signs for it. */
export const CHAIN: readonly Change[] = [
  same(ATTESTOR_ADDRESS, attestor()),
  same("google_container_analysis_note.n", note()),
  same("google_kms_crypto_key_iam_member.ci", keyMember(CI)),
  same("google_container_analysis_note_iam_member.ci", noteMember(CI)),
];

export function cluster(change: Json = {}): Json {
  const { mode = "PROJECT_SINGLETON_POLICY_ENFORCE", ...rest } = change;
  return {
    id: `projects/${PROJECT}/locations/us-central1/clusters/prod`,
    project: PROJECT,
    location: "us-central1",
    name: "prod",
    binary_authorization: mode === null ? [] : [{ enabled: false, evaluation_mode: mode }],
    ...rest,
  };
}

export const CLUSTER = "google_container_cluster.prod";

export function service(setting: Json | null, change: Json = {}): Json {
  return {
    id: `projects/${PROJECT}/locations/us-central1/services/s`,
    project: PROJECT,
    location: "us-central1",
    name: "s",
    binary_authorization:
      setting === null ? [] : [{ breakglass_justification: "", policy: "", use_default: false, ...setting }],
    ...change,
  };
}

export const SERVICE = "google_cloud_run_v2_service.s";

export function deployment(image: string, labels: Json = {}): Json {
  return {
    metadata: [{ name: "web", namespace: "apps", labels: null, annotations: null }],
    spec: [
      {
        replicas: "1",
        template: [
          {
            metadata: [{ labels: { app: "web", ...labels }, annotations: null }],
            spec: [{ container: [{ name: "c", image }] }],
          },
        ],
      },
    ],
  };
}

export const DEPLOYMENT = "kubernetes_deployment_v1.web";

/** A state as `terraform show -json` prints it. */
export function stateOf(resources: Readonly<Record<string, Json>>): TrustModel {
  return readState("state.json", {
    format_version: "1.0",
    values: {
      root_module: {
        resources: Object.entries(resources).map(([address, values]) => ({
          address,
          mode: "managed",
          type: address.split(".")[0],
          name: address.split(".")[1],
          values,
        })),
      },
    },
  });
}
