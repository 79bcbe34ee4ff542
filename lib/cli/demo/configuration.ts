import { type JsonObject, list, obj, str, strings } from "../../sandbox/json";

/** A synthesized stack, as Terraform reads it, and where it comes from. */
export interface Synthesized {
  /** What is said about it: `main.ts`. */
  readonly from: string;
  readonly json: JsonObject;
}

/** One resource of a configuration. */
export interface ConfiguredResource {
  readonly type: string;
  readonly name: string;
  readonly fields: JsonObject;
}

export function resourcesOf(json: JsonObject): ConfiguredResource[] {
  return Object.entries(obj(json.resource)).flatMap(([type, named]) =>
    Object.entries(obj(named)).map(([name, fields]) => ({ type, name, fields: obj(fields) })),
  );
}

export interface DemoCluster {
  readonly project: string;
  readonly location: string;
  readonly name: string;
}

/** What the demonstration has to know of a configuration. */
export interface Chain {
  readonly project: string;
  /** The cluster that is asked; its rule requires attestations. */
  readonly cluster: DemoCluster;
  /** Clusters of the policy that the configuration does not make. */
  readonly othersClusters: readonly DemoCluster[];
  /** The attestor that vouches on that cluster, by its full name, its note, and the version that signs for it. */
  readonly attestor: string;
  readonly note: string;
  readonly keyVersion: string;
  /** Who signs, in IAM's form. */
  readonly signer: string;
  /** The repository path of the image that the pipeline builds. */
  readonly image: string;
}

const KMS_KEY_ID = "//cloudkms.googleapis.com/v1/";

/**
 * Finds the chain in a configuration.
 * @throws Error a sentence that names what is missing
 */
export function chainOf(json: JsonObject): Chain {
  const resources = resourcesOf(json);
  const ofType = (type: string) => resources.filter((resource) => resource.type === type).map(({ fields }) => fields);
  const policy = must(ofType("google_binary_authorization_policy")[0], "no admission policy");
  const project = str(policy.project);
  const made = ofType("google_container_cluster").map(({ location, name }) => `${str(location)}.${str(name)}`);
  const rules = list(policy.cluster_admission_rules);
  const demanding = rules.filter(({ evaluation_mode: mode }) => mode === "REQUIRE_ATTESTATION");
  const rule = must(
    demanding.find(({ cluster }) => made.includes(str(cluster))) ?? demanding[0],
    "no cluster whose rule requires attestations",
  );
  const attestor = must(strings(rule.require_attestations_by)[0], "no attestor in the rule of the cluster");
  const found = ofType("google_binary_authorization_attestor").find(
    (one) => `projects/${str(one.project)}/attestors/${str(one.name)}` === attestor,
  );
  const authority = obj(must(found, `no attestor ${attestor}`).attestation_authority_note);
  const keyId = list(authority.public_keys)
    .map(({ id }) => str(id))
    .find((id) => id.startsWith(KMS_KEY_ID));
  const trigger = must(ofType("google_cloudbuild_trigger")[0], "no pipeline that signs");
  const account = str(trigger.service_account).split("/").at(-1) ?? "";
  const [tagged = ""] = strings(obj(trigger.build).images);
  return {
    project,
    cluster: clusterOf(project, str(rule.cluster)),
    othersClusters: rules
      .map(({ cluster }) => str(cluster))
      .filter((key) => !made.includes(key))
      .map((key) => clusterOf(project, key)),
    attestor,
    note: str(authority.note_reference),
    keyVersion: must(keyId, `no key of Cloud KMS on ${attestor}`).slice(KMS_KEY_ID.length),
    signer: `serviceAccount:${must(account || undefined, "no service account of the pipeline")}`,
    image: must(tagged.replace(/:[^:/]*$/, "") || undefined, "no image of the pipeline"),
  };
}

function clusterOf(project: string, key: string): DemoCluster {
  const [location, name] = key.split(".");
  return { project, location, name };
}

function must<T>(value: T | undefined, missing: string): T {
  if (value === undefined) {
    throw new Error(`there is ${missing}`);
  }
  return value;
}

/** The same configuration, where the rule of the cluster only logs: what somebody in a hurry writes. */
export function opened(json: JsonObject, { cluster }: Chain): JsonObject {
  const copy = structuredClone(json);
  for (const { type, fields } of resourcesOf(copy)) {
    if (type === "google_binary_authorization_policy") {
      for (const rule of list(fields.cluster_admission_rules)) {
        if (rule.cluster === `${cluster.location}.${cluster.name}`) {
          rule.enforcement_mode = "DRYRUN_AUDIT_LOG_ONLY";
        }
      }
    }
  }
  return copy;
}

/** The configuration without its backend: the demonstration keeps its state in its own folder. */
export function withoutBackend(json: JsonObject): JsonObject {
  const { backend: _, cloud: __, ...terraform } = obj(json.terraform);
  return { ...json, terraform };
}
