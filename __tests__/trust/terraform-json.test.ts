// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references as Terraform writes them

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isFullName } from "../../lib/trust";
import { readPlan } from "../../lib/trust/plan";
import { readTerraformJson } from "../../lib/trust/terraform-json";
import { referenceDeployment } from "../support/reference-deployment";
import { plain, readError, schemaViolations } from "./support";

const P = "my-secure-project";
const KEY = `projects/${P}/locations/global/keyRings/binauthz-ring/cryptoKeys/build-signer-key`;
const ATTESTOR = `projects/${P}/attestors/build-attestor`;
const NOTE = `projects/${P}/notes/build-provenance-note`;
const SIGNER = `serviceAccount:my-app-signed@${P}.iam.gserviceaccount.com`;

// biome-ignore lint/suspicious/noExplicitAny: facts are compared as plain data
const read = (json: object, options = {}): any => {
  const model = readTerraformJson("cdk.tf.json", json, options);
  expect(schemaViolations(model)).toEqual([]);
  return plain(model);
};

const PEM: string = JSON.parse(readFileSync(join(__dirname, "..", "fixtures", "binauthz-vectors.json"), "utf8"))
  .vectors[0].publicKeyPem;

describe("the reference deployment", () => {
  // biome-ignore lint/suspicious/noExplicitAny: facts are compared as plain data
  let json: any;
  // biome-ignore lint/suspicious/noExplicitAny: facts are compared as plain data
  let model: any;
  beforeAll(() => {
    json = referenceDeployment().template.json;
    model = read(json);
  }, 60_000);

  test("one key version, pinned to its number", () => {
    expect(model.keyVersions).toMatchObject([
      { name: `${KEY}/cryptoKeyVersions/1`, algorithm: "RSA_SIGN_PKCS1_4096_SHA512", protectionLevel: "HSM" },
    ]);
    expect(model.keyVersions[0].publicKey).toMatch(/^\$\{google_kms_crypto_key_version\..*\.public_key\}$/);
  });

  test("the attestor, its note and its key", () => {
    expect(model.notes).toMatchObject([{ name: NOTE, humanReadableName: "CI/CD Build Pipeline" }]);
    expect(model.attestors).toMatchObject([
      {
        name: ATTESTOR,
        noteName: NOTE,
        publicKeys: [
          {
            id: `//cloudkms.googleapis.com/v1/${KEY}/cryptoKeyVersions/1`,
            type: "pkix",
            material: expect.stringMatching(/^\$\{data\.google_kms_crypto_key_version\..*\.public_key\[0\]\.pem\}$/),
            algorithm: "RSA_SIGN_PKCS1_4096_SHA512",
          },
        ],
      },
    ]);
  });

  test("the policy", () => {
    const rule = {
      evaluationMode: "REQUIRE_ATTESTATION",
      enforcementMode: "ENFORCED_BLOCK_AND_AUDIT_LOG",
      requireAttestationsBy: [ATTESTOR],
    };
    expect(model.policies).toMatchObject([
      {
        project: P,
        globalPolicyEvaluationMode: "ENABLE",
        defaultRule: { evaluationMode: "ALWAYS_DENY", requireAttestationsBy: [] },
        specificRules: {
          kind: "cluster",
          rules: [
            { key: "us-central1-a.prod", rule },
            { key: "us-central1.my-cluster", rule },
          ],
        },
      },
    ]);
    expect(model.policies[0].exemptImages).toHaveLength(6);
  });

  test("the new cluster enforces; of the one that others manage nobody knows", () => {
    expect(
      model.clusters.map((cluster: Record<string, string>) => [
        `${cluster.project}/${cluster.location}.${cluster.name}`,
        cluster.evaluationMode,
      ]),
    ).toEqual([
      [`${P}/us-central1-a.prod`, "PROJECT_SINGLETON_POLICY_ENFORCE"],
      [
        `${P}/us-central1.my-cluster`,
        "${data.google_container_cluster.my-secure-project_us-central1_my-cluster.binary_authorization}",
      ],
    ]);
  });

  test("the pipeline", () => {
    expect(model.pipelines).toMatchObject([
      {
        name: `projects/${P}/locations/us-central1/triggers/my-app-signed`,
        serviceAccount: SIGNER,
        images: [`us-central1-docker.pkg.dev/${P}/my-repo/my-app`],
        signs: [{ attestor: ATTESTOR, keyVersion: `${KEY}/cryptoKeyVersions/1` }],
      },
    ]);
  });

  test("who can do what", () => {
    const powers = model.powers.map(({ kind, principal, role, on }: Record<string, string>) =>
      [kind, principal.split("@")[0].replace("serviceAccount:", ""), role, on].join(" "),
    );
    expect(powers).toEqual([
      `none my-app-signed roles/cloudkms.publicKeyViewer ${KEY}`,
      `sign my-app-signed roles/cloudkms.signer ${KEY}`,
      `attach my-app-signed roles/containeranalysis.notes.attacher ${NOTE}`,
      `none my-app-signed roles/containeranalysis.notes.occurrences.viewer ${NOTE}`,
      `none my-app-signed roles/binaryauthorization.attestorsVerifier ${ATTESTOR}`,
      `none gke-prod-4ea3e4ff roles/artifactregistry.reader projects/${P}/locations/us-central1/repositories/my-repo`,
      `push my-app-signed roles/artifactregistry.writer projects/${P}/locations/us-central1/repositories/my-repo`,
      `none gke-prod-4ea3e4ff roles/container.defaultNodeServiceAccount projects/${P}`,
      `none my-app-signed roles/containeranalysis.occurrences.editor projects/${P}`,
      `none my-app-signed roles/logging.logWriter projects/${P}`,
    ]);
  });

  test("a plan of the same configuration says the same of attestors, policy, clusters and powers", () => {
    const block = (value: unknown) => (Array.isArray(value) || value === undefined ? value : [value]);
    const blocks: Record<string, string[]> = {
      google_binary_authorization_attestor: ["attestation_authority_note"],
      google_binary_authorization_policy: ["default_admission_rule"],
      google_container_cluster: ["binary_authorization"],
      google_container_analysis_note: ["attestation_authority"],
    };
    // biome-ignore lint/suspicious/noExplicitAny: Terraform JSON
    const changes = Object.entries<any>(json.resource).flatMap(([type, resources]) =>
      // biome-ignore lint/suspicious/noExplicitAny: Terraform JSON
      Object.entries<any>(resources).map(([name, { depends_on, lifecycle, ...body }]) => {
        const after = { ...body };
        for (const attribute of blocks[type] ?? []) {
          after[attribute] = block(after[attribute]);
        }
        return {
          address: `${type}.${name}`,
          mode: "managed",
          type,
          change: { actions: ["create"], before: null, after, after_unknown: { id: true } },
        };
      }),
    );
    const { after } = readPlan("plan.json", { format_version: "1.2", resource_changes: changes });
    const planned = plain(after) as typeof model;
    const bare = (things: object[]) => things.map(({ origin, ...rest }: { origin?: unknown }) => rest);
    expect(bare(planned.policies)).toEqual(bare(model.policies));
    expect(bare(planned.powers)).toEqual(bare(model.powers));
    expect(bare(planned.notes)).toEqual(bare(model.notes));
    expect(planned.clusters[0].evaluationMode).toBe(model.clusters[0].evaluationMode);
    expect(planned.attestors[0].publicKeys[0].id).toBe(model.attestors[0].publicKeys[0].id);
  });
});

describe("references", () => {
  const attestor = (body: object, more: object = {}) =>
    read({
      provider: { google: { project: "sec-proj", region: "europe-west1" } },
      resource: {
        google_container_analysis_note: {
          n: { name: "note", attestation_authority: [{ hint: [{ human_readable_name: "x" }] }] },
        },
        google_binary_authorization_attestor: { a: { name: "att", ...body } },
      },
      ...more,
    }).attestors[0];

  test.each([
    ["a name", "${google_container_analysis_note.n.name}"],
    ["an id", "${google_container_analysis_note.n.id}"],
    ["a template", "projects/sec-proj/notes/${google_container_analysis_note.n.name}"],
    ["a short name", "note"],
    ["a local value", "${local.note}"],
    ["a function", '${trimprefix(trimsuffix("x${google_container_analysis_note.n.id}y", "y"), "x")}'],
    ["an index", "${google_container_analysis_note.n[0].name}"],
  ])("%s is resolved", (name, reference) => {
    const { noteName } = attestor(
      { attestation_authority_note: { note_reference: reference } },
      { locals: { note: "${google_container_analysis_note.n.id}" } },
    );
    expect(noteName).toBe(name === "an index" ? reference : "projects/sec-proj/notes/note");
  });

  test.each([
    "${var.note}",
    "${module.m.note}",
    "${data.terraform_remote_state.other.outputs.note}",
    "${upper(local.note)}",
    "${local.circle}",
    "${google_container_analysis_note.missing.id}",
    "${google_container_analysis_note.n.etag}",
    "%{ if true }a%{ endif }",
    "${unclosed",
  ])("%s stays hidden", (reference) => {
    const { noteName } = attestor(
      { attestation_authority_note: { note_reference: reference } },
      { locals: { circle: "${local.circle}", note: "n" } },
    );
    expect(noteName).toBe(reference === "${local.circle}" ? "${…}" : reference);
  });

  test.each([
    ['${"a" }', "a"],
    ['${"a\\"b"}', 'a"b'],
    ["${12}", "12"],
    ["${true}", "true"],
    ["${null}", ""],
    ["${tostring(1.5)}", "1.5"],
    ["${tolist(local.list)[0]}", "${tolist(local.list)[0]}"],
    ["${local.list[1]}", "two"],
    ["${local.list[7]}", "${local.list[7]}"],
    ['${local.map["k e y"].inner}', "deep"],
    ["${local.map.list.0}", "three"],
    ["${local.map.none.inner}", "${local.map.none.inner}"],
    ["%%{x}", "%{x}"],
    ['${trimsuffix("a.b", ".b")}-${trimprefix("x-y", "x-")}', "a-y"],
    ["${trimsuffix(1, 2)}", "${trimsuffix(1, 2)}"],
    ['${trimsuffix("a", var.x)}', '${trimsuffix("a", var.x)}'],
    ["${a b}", "${a b}"],
    ['${"unclosed}', '${"unclosed}'],
  ])("%s comes to %s", (expression, value) => {
    const list = { list: ["one", "two"], map: { "k e y": { inner: "deep" }, list: ["three"], none: null } };
    const json = {
      locals: list,
      resource: {
        google_container_analysis_note: {
          n: { project: "p", name: "n", attestation_authority: { hint: { human_readable_name: expression } } },
        },
      },
    };
    expect(read(json).notes[0].humanReadableName).toBe(value);
  });

  test("lists are written as expressions too", () => {
    const listed = (list: string) =>
      read({
        provider: { google: { project: "sec-proj" } },
        locals: { one: "a" },
        resource: {
          google_binary_authorization_policy: {
            p: { default_admission_rule: { ...rule(), require_attestations_by: list } },
          },
        },
      }).policies[0].defaultRule.requireAttestationsBy;
    const full = (name: string) => `projects/sec-proj/attestors/${name}`;
    expect(listed('${[local.one, "b,c", var.d]}')).toEqual([full("a"), full("b,c"), "${var.d}"]);
    expect(listed('${toset(["a"])}')).toEqual([full("a")]);
    expect(listed("${var.all}")).toBe("${var.all}");
  });

  test("text around a hidden reference is kept, so that what it may come to can be told", () => {
    const { noteName } = attestor({ attestation_authority_note: { note_reference: "projects/p/notes/${var.n}" } });
    expect(noteName).toBe("projects/p/notes/${var.n}");
  });

  test("an escaped template is text", () => {
    const { noteName } = attestor({ attestation_authority_note: { note_reference: "projects/p-roject/notes/$${n}" } });
    expect(noteName).toBe("projects/p-roject/notes/${n}");
  });

  test("values that double with every step end as hidden ones", () => {
    const locals = Object.fromEntries(
      Array.from({ length: 80 }, (_, index) => [`l${index}`, `\${local.l${index + 1}}\${local.l${index + 1}}`]),
    );
    const { noteName } = attestor(
      { attestation_authority_note: { note_reference: "${local.l0}" } },
      { locals: { ...locals, l80: "x" } },
    );
    expect(noteName).toMatch(/\$\{/);
  });

  test("a name that is not known equals no other, and says so", () => {
    const { name } = attestor({ name: "${var.name}" });
    expect(name).toBe("projects/sec-proj/attestors/${google_binary_authorization_attestor.a.name}");
    expect(isFullName(name)).toBe(false);
  });

  test("without a project anywhere, names are not known; the caller may give one", () => {
    const json = {
      resource: { google_binary_authorization_policy: { p: { default_admission_rule: [rule("short")] } } },
    };
    expect(read(json).policies[0]).toMatchObject({
      project: "${google_binary_authorization_policy.p.project}",
      defaultRule: { requireAttestationsBy: ["${google_binary_authorization_policy.p.project}"] },
    });
    expect(read(json, { project: "given-proj" }).policies[0]).toMatchObject({
      project: "given-proj",
      defaultRule: { requireAttestationsBy: ["projects/given-proj/attestors/short"] },
    });
  });

  test("a provider's alias has a project of its own", () => {
    const json = {
      provider: { google: [{ project: "one-proj" }, { alias: "two", project: "two-proj" }] },
      resource: {
        google_container_analysis_note: {
          a: { name: "a" },
          b: { name: "b", provider: "google.two" },
          c: { name: "c", provider: "${google.two}" },
        },
      },
    };
    expect(read(json).notes.map(({ name }: { name: string }) => name)).toEqual([
      "projects/one-proj/notes/a",
      "projects/two-proj/notes/b",
      "projects/two-proj/notes/c",
    ]);
  });
});

const rule = (...attestors: string[]) => ({
  evaluation_mode: "REQUIRE_ATTESTATION",
  enforcement_mode: "ENFORCED_BLOCK_AND_AUDIT_LOG",
  require_attestations_by: attestors,
});
const provider = { google: { project: "sec-proj", region: "europe-west1", zone: "europe-west1-b" } };

describe("what others write", () => {
  test("HCL that was converted, with lists around every block", () => {
    const model = read({
      provider: { google: [{ project: "sec-proj" }] },
      resource: [
        { google_kms_key_ring: { r: [{ name: "ring", location: "global" }] } },
        {
          google_kms_crypto_key: {
            k: [
              {
                name: "key",
                key_ring: "${google_kms_key_ring.r.id}",
                version_template: [{ algorithm: "EC_SIGN_P256_SHA256", protection_level: "HSM" }],
              },
            ],
          },
          google_binary_authorization_policy: {
            p: [
              {
                default_admission_rule: [rule("${google_binary_authorization_attestor.a.name}")],
                cluster_admission_rules: [
                  { cluster: "europe-west1.c", ...rule("${google_binary_authorization_attestor.a.id}") },
                ],
              },
            ],
          },
          google_binary_authorization_attestor: {
            a: [
              {
                name: "att",
                attestation_authority_note: [
                  {
                    note_reference: "n",
                    public_keys: [
                      {
                        id: "${data.google_kms_crypto_key_version.v.id}",
                        pkix_public_key: [{ public_key_pem: PEM, signature_algorithm: "EC_SIGN_P256_SHA256" }],
                      },
                      { pkix_public_key: [{ public_key_pem: "no key" }] },
                      { ascii_armored_pgp_public_key: "PGP" },
                    ],
                  },
                ],
              },
            ],
          },
        },
      ],
      data: { google_kms_crypto_key_version: { v: [{ crypto_key: "${google_kms_crypto_key.k.id}" }] } },
    });
    const key = "projects/sec-proj/locations/global/keyRings/ring/cryptoKeys/key/cryptoKeyVersions/1";
    expect(model.keyVersions.map(({ name }: { name: string }) => name)).toEqual([key]);
    const attestor = "projects/sec-proj/attestors/att";
    expect(model.policies[0].defaultRule.requireAttestationsBy).toEqual([attestor]);
    expect(model.policies[0].specificRules.rules[0].rule.requireAttestationsBy).toEqual([attestor]);
    expect(model.attestors[0].publicKeys).toMatchObject([
      {
        id: `//cloudkms.googleapis.com/v1/${key}`,
        material: { format: "pem", fingerprint: expect.stringMatching(/^ni:\/\/\/sha-256;/) },
        algorithm: "ECDSA_P256_SHA256",
      },
      { id: expect.stringContaining("public_keys[1].id}"), material: { format: "unverified", text: "no key" } },
      { type: "pgp", material: { format: "unverified", text: "PGP" } },
    ]);
    // The provider keeps the mode that is there.
    expect(model.policies[0].globalPolicyEvaluationMode).toBe(
      "${google_binary_authorization_policy.p.global_policy_evaluation_mode}",
    );
  });

  test("clusters and Cloud Run, with every way to switch the check on and off", () => {
    const clusters = {
      on: {
        name: "on",
        location: "europe-west1",
        binary_authorization: { evaluation_mode: "PROJECT_SINGLETON_POLICY_ENFORCE" },
      },
      old: { name: "old", binary_authorization: [{ enabled: true }] },
      off: { name: "off", zone: "europe-west1-c" },
      open: { name: "open", binary_authorization: { evaluation_mode: "${var.mode}" } },
      ignored: {
        name: "ignored",
        binary_authorization: { evaluation_mode: "DISABLED" },
        lifecycle: { ignore_changes: ["binary_authorization"] },
      },
      dynamic: { name: "dynamic", dynamic: { binary_authorization: { for_each: "${var.x}", content: {} } } },
      none: { name: "none", count: 0 },
    };
    const services = {
      on: { name: "on", binary_authorization: { use_default: true } },
      own: {
        name: "own",
        location: "us-east1",
        binary_authorization: { policy: "projects/p/platforms/cloudRun/policies/x" },
      },
      off: { name: "off" },
    };
    const model = read({
      provider,
      resource: {
        google_container_cluster: clusters,
        google_cloud_run_v2_service: services,
        google_cloud_run_v2_job: {
          j: { name: "j", binary_authorization: { use_default: false, breakglass_justification: "x" } },
        },
      },
    });
    const shown = model.clusters.map((cluster: Record<string, string>) =>
      [cluster.location, cluster.name, cluster.evaluationMode].join(" "),
    );
    expect(shown).toEqual([
      "europe-west1 on PROJECT_SINGLETON_POLICY_ENFORCE",
      "europe-west1-b old PROJECT_SINGLETON_POLICY_ENFORCE",
      "europe-west1-c off DISABLED",
      "europe-west1-b open ${var.mode}",
      "europe-west1-b ignored ${google_container_cluster.ignored.binary_authorization}",
      "europe-west1-b dynamic ${google_container_cluster.dynamic.binary_authorization}",
    ]);
    expect(
      model.services.map(({ kind, location, name, policy, breakglassJustification: reason }: Record<string, string>) =>
        [kind, location, name, policy, reason].join(" "),
      ),
    ).toEqual([
      "service europe-west1 on default ",
      "service us-east1 own projects/p/platforms/cloudRun/policies/x ",
      "service europe-west1 off none ",
      "job europe-west1 j none x",
    ]);
  });

  test("grants of every form", () => {
    const email = "ci@sec-proj.iam.gserviceaccount.com";
    const model = read({
      provider,
      data: {
        google_iam_policy: {
          p: { binding: { role: "roles/iam.serviceAccountUser", members: ["user:a@example.com"] } },
        },
      },
      resource: {
        google_service_account: { ci: { account_id: "ci" } },
        google_project_iam_custom_role: {
          r: { role_id: "push", permissions: ["artifactregistry.repositories.uploadArtifacts"] },
        },
        google_kms_key_ring_iam_binding: {
          b: {
            key_ring_id: "sec-proj/global/ring",
            role: "roles/cloudkms.admin",
            members: [
              "${google_service_account.ci.member}",
              "serviceAccount:${google_service_account.ci.email}",
              "${var.x}",
            ],
            condition: { title: "t", expression: "e" },
          },
        },
        google_project_iam_member: {
          m: { project: "projects/other-proj", role: "roles/owner", member: "user:o@example.com" },
          c: { role: "${google_project_iam_custom_role.r.id}", member: "user:c@example.com" },
          u: { role: "projects/elsewhere/roles/custom", member: "user:u@example.com" },
          h: { role: "${var.role}", member: "user:h@example.com" },
        },
        google_service_account_iam_policy: {
          p: {
            service_account_id: "${google_service_account.ci.name}",
            policy_data: "${data.google_iam_policy.p.policy_data}",
          },
          q: { service_account_id: "${google_service_account.ci.name}", policy_data: "${var.policy}" },
          j: {
            service_account_id: "${google_service_account.ci.name}",
            policy_data: '{"bindings":[{"role":"roles/viewer","members":["user:j@example.com"]}]}',
          },
        },
      },
    });
    const lines = model.powers.map(({ kind, principal, on, conditional }: Record<string, string>) =>
      [kind, principal, on, ...(conditional ? ["conditional"] : [])].join(" "),
    );
    const account = `projects/sec-proj/serviceAccounts/${email}`;
    expect(lines).toEqual([
      `grant serviceAccount:${email} projects/sec-proj/locations/global/keyRings/ring conditional`,
      "grant ${var.x} projects/sec-proj/locations/global/keyRings/ring conditional",
      `act-as user:a@example.com ${account}`,
      `unknown \${var.policy} ${account}`,
      `none user:j@example.com ${account}`,
      ...["sign", "attach", "edit-attestor", "edit-policy", "push", "grant", "act-as"].map(
        (kind) => `${kind} user:o@example.com projects/other-proj`,
      ),
      "push user:c@example.com projects/sec-proj",
      "unknown user:u@example.com projects/sec-proj",
      "unknown user:h@example.com projects/sec-proj",
    ]);
  });

  test("a build of their own, of which one variable is not known", () => {
    const model = read({
      provider,
      resource: {
        google_cloudbuild_trigger: {
          plain: { name: "plain", build: { step: [{ name: "x" }] } },
          file: { name: "file", filename: "cloudbuild.yaml" },
          t: {
            name: "t",
            build: [
              {
                images: ["host/p/r/app:$COMMIT_SHA", "${var.image}"],
                step: [
                  {
                    name: "x",
                    env: ["ATTESTOR=att", "KEY_VERSION=${var.version}", "IMAGE=host:5000/p/r/app@sha256:0"],
                  },
                ],
              },
            ],
          },
        },
      },
    });
    expect(model.pipelines).toMatchObject([
      {
        name: "projects/sec-proj/locations/global/triggers/t",
        serviceAccount: "${google_cloudbuild_trigger.t.service_account}",
        images: ["host/p/r/app", "${google_cloudbuild_trigger.t.build[0].images}", "host:5000/p/r/app"],
        signs: [{ attestor: "projects/sec-proj/attestors/att", keyVersion: "${var.version}" }],
      },
    ]);
  });
});

describe("what is no configuration that can be understood", () => {
  const policy = (body: unknown) => ({ resource: { google_binary_authorization_policy: { p: body } } });

  test.each<[string, unknown, string]>([
    [
      "no object",
      [],
      "cdk.tf.json, a configuration: is no block, got a list of 0; allowed: an object with blocks of Terraform",
    ],
    [
      "a block of nothing known",
      { resourse: {} },
      'cdk.tf.json: has a block "resourse" that Terraform does not know, got an object with no fields; allowed: //, check, data, ephemeral, import, locals, module, moved, output, provider, removed, resource, terraform, variable',
    ],
    [
      "a resource of the wrong type",
      policy("x"),
      'cdk.tf.json, resource.google_binary_authorization_policy.p: is no block, got "x"; allowed: an object',
    ],
    [
      "a resource that is there twice",
      { resource: [policy({}).resource, policy({}).resource] },
      "cdk.tf.json, google_binary_authorization_policy.p: is declared twice; allowed: one declaration",
    ],
    [
      "a mode that does not exist",
      policy({ project: "p-roject", global_policy_evaluation_mode: "ON" }),
      'cdk.tf.json, google_binary_authorization_policy.p: "global_policy_evaluation_mode" is not valid, got "ON"; allowed: ENABLE, DISABLE',
    ],
    [
      "two default rules",
      policy({ default_admission_rule: [rule(), rule()] }),
      'cdk.tf.json, google_binary_authorization_policy.p: "default_admission_rule" is not valid, got a list of 2; allowed: one block at most',
    ],
    [
      "attestors that are no list",
      policy({ default_admission_rule: { require_attestations_by: "a" } }),
      'cdk.tf.json, google_binary_authorization_policy.p.default_admission_rule[0]: "require_attestations_by" is not valid, got "a"; allowed: a list of texts',
    ],
    [
      "a provider's project that is no text",
      { provider: { google: { project: [] } }, ...policy({}) },
      'cdk.tf.json, provider.google: "project" is not valid, got a list of 0; allowed: text',
    ],
    [
      "a terminal sequence in a name",
      { resource: { google_binary_authorization_policy: { "p\u001b[31m": 1 } } },
      "cdk.tf.json, resource.google_binary_authorization_policy.p?[31m: is no block, got 1; allowed: an object",
    ],
    [
      "nesting that would exhaust the stack",
      policy({ x: JSON.parse(`${"[".repeat(50_000)}${"]".repeat(50_000)}`) }),
      "cdk.tf.json: is nested deeper than 100 levels; allowed: a file that Terraform or gcloud wrote",
    ],
  ])("%s", (_, json, message) => {
    expect(readError(() => readTerraformJson("cdk.tf.json", json))).toBe(message);
  });

  test("fields that every object inherits are not in the file", () => {
    const json = JSON.parse(
      '{"resource":{"google_container_analysis_note":{"__proto__":{"name":"n","__proto__":{"project":"x"}}}}}',
    );
    expect(read(json).notes).toMatchObject([
      { name: "projects/${google_container_analysis_note.__proto__.project}/notes/n" },
    ]);
    expect(({} as { project?: string }).project).toBeUndefined();
  });
});
