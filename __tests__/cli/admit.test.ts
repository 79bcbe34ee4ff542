import { spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import Ajv from "ajv/dist/2020";
import type { AdmitJson } from "../../lib/cli/admit/json";
import schema from "../../schemas/admit.json";
import {
  ATTESTORS,
  attest,
  binauthz,
  deployment,
  KEY_VERSION,
  list,
  POLICY,
  PROJECT,
  PUBLIC_KEY,
  type Ran,
  runningPod,
  SIGNED,
  scratch,
  type Terminal,
  UNSIGNED,
} from "./support";

const { path: root, write } = scratch();
const policy = write("policy.yaml", POLICY);
const attestors = write("attestors.json", ATTESTORS);
const attestations = write("attestations.json", [attest(SIGNED)]);
const none = write("none.json", []);
const FROM = ["--from", policy, "--attestors", attestors];
const PROD = ["--target", "us-central1-a.prod"];

const admit = (...argv: readonly string[]): Promise<Ran> => binauthz(["admit", ...FROM, ...argv]);
const admitStdin = (terminal: Terminal, ...argv: readonly string[]): Promise<Ran> =>
  binauthz(["admit", ...FROM, "-f", "-", ...argv], terminal);

const validate = new Ajv({ strict: true, allErrors: true }).compile(schema);

/** What a run answers as data; every one of them is valid. */
async function answer(...argv: readonly string[]): Promise<AdmitJson & { readonly code: number }> {
  const { code, out, err } = await admit(...argv, "--format", "json");
  expect(err).toBe("");
  const json: AdmitJson = JSON.parse(out);
  validate(json);
  expect(validate.errors).toBeNull();
  const { summary } = json;
  const counted = [
    summary.admitted,
    summary.exempt,
    summary.notEnforced,
    summary.dryRun,
    summary.breakGlass,
    summary.deniedByTag,
    summary.unsigned,
    summary.otherwiseDenied,
    summary.undecided,
  ];
  expect(counted.reduce((sum, count) => sum + count, 0)).toBe(json.decisions.length);
  expect(new Set(json.decisions.map(({ id }) => id)).size).toBe(json.decisions.length);
  expect({ pass: 0, fail: 2, undecided: 3 }[json.result]).toBe(code);
  return { ...json, code };
}

describe("exit codes", () => {
  test.each([
    ["signed, everywhere", [SIGNED, "--attestations", "ATTESTED"], 0],
    ["unsigned on the enforced cluster", [UNSIGNED, "--attestations", "ATTESTED", ...PROD], 2],
    ["unsigned in the dry run", [UNSIGNED, "--attestations", "ATTESTED", "--target", "us-central1-a.staging"], 0],
    [
      "unsigned in the dry run, as if enforced",
      [UNSIGNED, "--attestations", "ATTESTED", "--target", "us-central1-a.staging", "--as-if-enforced"],
      2,
    ],
    ["a tag", ["nginx:latest", ...PROD], 2],
    ["nobody looked for attestations", [SIGNED, ...PROD], 3],
    ["denied and undecided", [SIGNED, "nginx", ...PROD], 2],
    ["exempt", ["quay.io/exempt/x:1"], 0],
    ["the default rule", [SIGNED, "--attestations", "ATTESTED", "--target", "default"], 2],
    ["the full name of a cluster", ["quay.io/exempt/x:1", "--target", `gke:${PROJECT}/us-central1-a.prod`], 0],
  ])("%s", async (_, argv, code) => {
    const given = argv.map((word) => (word === "ATTESTED" ? attestations : word));
    expect((await answer(...given)).code).toBe(code);
  });

  test("help is no failure, nothing at all is", async () => {
    const help = await binauthz(["admit", "--help"]);
    expect(help).toMatchObject({ code: 0, err: "" });
    expect(help.out).toContain("--as-if-enforced");
    expect(await binauthz(["help", "admit"])).toEqual(help);
  });
});

test("a decision says all there is to say", async () => {
  const { decisions, assumptions } = await answer("nginx:latest", ...PROD);
  expect(decisions).toEqual([
    {
      id: expect.any(String),
      target: `gke:${PROJECT}/us-central1-a.prod`,
      image: "nginx:latest",
      verdict: "denied",
      category: "denied-by-tag",
      policyVerdict: "denied",
      decidedBy: "rule",
      rule: {
        kind: "cluster",
        key: "us-central1-a.prod",
        evaluationMode: "REQUIRE_ATTESTATION",
        enforcementMode: "ENFORCED_BLOCK_AND_AUDIT_LOG",
      },
      message: `Image nginx:latest denied by Binary Authorization cluster admission rule for us-central1-a.prod. Image nginx:latest denied by attestor projects/${PROJECT}/attestors/build: Expected digest with sha256 scheme, but got tag or malformed digest`,
      attestors: [
        {
          attestor: `projects/${PROJECT}/attestors/build`,
          verdict: "unsatisfied",
          reason: "Expected digest with sha256 scheme, but got tag or malformed digest",
        },
      ],
      diagnosis: expect.any(Array),
      hints: [],
      why: "not named by its digest, which is what build vouches for",
      remedies: ["name the image by its digest, nginx@sha256:…, and have build attest it"],
      count: 1,
      sources: ["command line"],
    },
  ]);
  expect(assumptions).toEqual([
    "the cluster us-central1-a.prod was not read; it is taken to enforce the project's policy",
  ]);
});

test("the id of a decision does not depend on the answer", async () => {
  const [before] = (await answer(SIGNED, ...PROD)).decisions;
  const [after] = (await answer(SIGNED, ...PROD, "--attestations", attestations)).decisions;
  expect([before.verdict, after.verdict]).toEqual(["undecided", "admitted"]);
  expect(before.id).toBe(after.id);
});

test("every place is decided for, images also for Cloud Run, manifests for clusters alone", async () => {
  const service = {
    provider: { google: [{ project: PROJECT }] },
    resource: {
      google_cloud_run_v2_service: {
        shop: {
          name: "shop",
          location: "europe-west1",
          binary_authorization: { use_default: true },
          template: { containers: [{ image: "x" }] },
        },
      },
    },
  };
  const extra = ["--from", write("run.tf.json", service)];
  const places = async (...argv: readonly string[]) =>
    [...new Set((await answer(...extra, ...argv)).decisions.map(({ target }) => target))].sort();
  const clusters = [`gke:${PROJECT}/us-central1-a.prod`, `gke:${PROJECT}/us-central1-a.staging`];
  const run = `run:${PROJECT}/europe-west1/shop`;
  expect(await places("nginx")).toEqual([...clusters, run]);
  expect(await places("-f", write("d.json", deployment("a", "nginx")))).toEqual(clusters);
  expect(await places("nginx", "--target", run, "--target", run)).toEqual([run]);
  const mixed = await admit(...extra, "-f", join(root, "d.json"), "--target", run);
  expect(mixed).toEqual({
    code: 1,
    out: "",
    err: `error: manifests run on clusters, and ${run} is none; allowed: a cluster or default as --target\n`,
  });
});

test("a policy without clusters is asked for what its default rule says", async () => {
  const bare = write(
    "bare.yaml",
    "defaultAdmissionRule: {evaluationMode: ALWAYS_ALLOW, enforcementMode: ENFORCED_BLOCK_AND_AUDIT_LOG}\n",
  );
  const { code, out } = await binauthz(["admit", "--from", bare, "--project", PROJECT, "-f", "-", "--format", "json"], {
    stdin: JSON.stringify(deployment("a", "nginx")),
  });
  expect(code).toBe(0);
  expect(JSON.parse(out).decisions).toMatchObject([
    {
      target: `default:${PROJECT}`,
      why: "the default rule allows every image (ALWAYS_ALLOW)",
      namespace: "shop",
      workload: "Deployment/a",
      container: "main",
    },
  ]);
});

test("a namespace is taken for what names none", async () => {
  const byNamespace = write(
    "ns.yaml",
    `kubernetesNamespaceAdmissionRules:\n  open: {evaluationMode: ALWAYS_ALLOW, enforcementMode: ENFORCED_BLOCK_AND_AUDIT_LOG}\ndefaultAdmissionRule: {evaluationMode: ALWAYS_DENY, enforcementMode: ENFORCED_BLOCK_AND_AUDIT_LOG}\nname: projects/${PROJECT}/policy\n`,
  );
  const cluster = write("cluster.tf.json", {
    resource: {
      google_container_cluster: {
        c: {
          name: "c",
          location: "eu",
          project: PROJECT,
          binary_authorization: { evaluation_mode: "PROJECT_SINGLETON_POLICY_ENFORCE" },
        },
      },
    },
  });
  const run = async (...argv: readonly string[]) => {
    const ran = await binauthz(["admit", "--from", byNamespace, "--from", cluster, ...argv, "--format", "json"]);
    return { code: ran.code, ...(JSON.parse(ran.out) as AdmitJson) };
  };
  const unknown = await run("nginx");
  expect(unknown.code).toBe(3);
  expect(unknown.decisions[0].remedies).toEqual(["say the namespace with --namespace"]);
  expect((await run("nginx", "-n", "open")).code).toBe(0);
  expect((await run("nginx", "-n", "other")).code).toBe(2);
  const manifest = write("shop.json", deployment("a", "nginx"));
  expect((await run("-f", manifest, "-n", "open")).code).toBe(2);
});

test("what runs by a tag is told with the digest that runs", async () => {
  const file = write(
    "pods.json",
    list(...["a", "b", "c"].map((suffix) => runningPod("web", suffix, SIGNED.replace(/@.*/, ":v1"), SIGNED))),
  );
  const { decisions, summary } = await answer("-f", file, "--attestations", attestations, ...PROD);
  expect(decisions).toMatchObject([
    {
      workload: "Deployment/web",
      workloadInferred: true,
      count: 3,
      verdict: "denied",
      runningDigest: SIGNED.split("@")[1],
      pinned: { image: SIGNED, verdict: "admitted" },
      remedies: [`pin it to what runs: ${SIGNED} would be admitted`],
    },
  ]);
  expect(summary).toMatchObject({ decisions: 1, workloads: 1, deniedByTag: 1, admittedIfPinned: 1 });
  const unsure = await answer("-f", file, ...PROD);
  expect(unsure.decisions[0].remedies).toEqual([
    `pin it to what runs: ${SIGNED}; whether that is admitted, only --attestations can tell`,
  ]);
});

describe("keys", () => {
  const hidden = write(
    "hidden.tf.json",
    JSON.stringify({
      provider: { google: [{ project: PROJECT }] },
      resource: {
        google_binary_authorization_attestor: {
          build: {
            name: "build",
            attestation_authority_note: {
              note_reference: `projects/${PROJECT}/notes/build`,
              public_keys: [
                {
                  id: `//cloudkms.googleapis.com/v1/${KEY_VERSION}`,
                  pkix_public_key: {
                    // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference of Terraform
                    public_key_pem: "${data.google_kms_crypto_key_version.k.public_key[0].pem}",
                    signature_algorithm: "ECDSA_P256_SHA256",
                  },
                },
              ],
            },
          },
        },
      },
    }),
  );
  const pem = write("key.pem", PUBLIC_KEY);
  const args = ["admit", "--from", policy, "--from", hidden, ...PROD, SIGNED, "--attestations", attestations];
  const other = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ type: "spki", format: "pem" });
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({ type: "spki", format: "pem" });

  test("a key that the sources do not have is undecided, and verified once it is given", async () => {
    const without = await binauthz([...args, "--format", "json"]);
    expect(without.code).toBe(3);
    expect(JSON.parse(without.out).decisions[0].remedies).toEqual([
      `give the public key with --keys ${KEY_VERSION}=FILE.pem`,
    ]);
    for (const name of [KEY_VERSION, `//cloudkms.googleapis.com/v1/${KEY_VERSION}`]) {
      const { code, out } = await binauthz([...args, "--keys", `${name}=${pem}`]);
      expect([code, out]).toEqual([0, expect.stringContaining("attested by build")]);
    }
    expect((await binauthz([...args, "--keys", `${KEY_VERSION}=${write("other.pem", other)}`])).code).toBe(2);
  });

  test.each([
    ["nonsense", /^error: --keys nonsense is not understood; allowed: projects\/PROJECT\/locations\/.*=FILE\.pem\n$/],
    [`${KEY_VERSION}=`, /is not understood/],
    [`${KEY_VERSION}=${root}/missing.pem`, /missing\.pem: does not exist; allowed: a file that can be read\n$/],
    [
      `${KEY_VERSION}=${policy}`,
      /policy\.yaml is no PEM; allowed: the public key in PEM, as gcloud kms keys versions get-public-key prints it\n$/,
    ],
    [
      `${KEY_VERSION.replace(/1$/, "2")}=${pem}`,
      /no attestor or key version of the sources is projects\/.*\/2; keys of attestors: \/\/cloudkms.*\/1\n$/,
    ],
    [
      `${KEY_VERSION}=${write("rsa.pem", rsa)}`,
      /rsa\.pem is an RSA key of 2048 bits, which cannot sign with EC_SIGN_P256_SHA256; allowed: the public key of projects/,
    ],
  ])("--keys %s", async (value, message) => {
    const { code, out, err } = await binauthz([...args, "--keys", value]);
    expect([code, out]).toEqual([1, ""]);
    expect(err).toMatch(message);
  });

  test("another key than the sources have is a mix-up", async () => {
    const { code, err } = await admit("--keys", `${KEY_VERSION}=${write("other.pem", other)}`, SIGNED);
    expect([code, err]).toEqual([
      1,
      `error: --keys: the sources have another public key for ${KEY_VERSION}; allowed: the key that it has\n`,
    ]);
  });
});

describe("called wrongly", () => {
  const missing = join(root, "missing.yaml");
  test.each([
    ["nothing to decide about", [], "nothing to decide about; allowed: images, or manifests with -f"],
    ["an empty image", [""], "an image is empty; allowed: images as a pod would name them, such as nginx:1.29"],
    [
      "the standard input twice",
      ["-f", "-", "-f", "-"],
      "-f - is given twice, and the standard input can be read once; allowed: -f - once",
    ],
    ["no standard input", ["-f", "-"], "standard input: cannot be read (EBADF); allowed: manifests"],
    [
      "an unknown format",
      ["x", "--format", "xml"],
      "--format xml is not understood; allowed: text, json, markdown, or one of them and =PATH",
    ],
    [
      "a format without its path",
      ["x", "--format", "json="],
      "--format json= is not understood; allowed: text, json, markdown, or one of them and =PATH",
    ],
    [
      "two formats in one place",
      ["x", "--format", "json", "--format", "text"],
      "--format writes twice to the standard output; allowed: one format for each place, others as F=PATH",
    ],
    [
      "a file that cannot be written",
      ["x", "--format", `json=${root}/no/where`],
      `${root}/no/where cannot be written (ENOENT); allowed: a file in a folder that is there`,
    ],
    [
      "an unknown cluster",
      ["x", "--target", "eu.prod"],
      `--target eu.prod: the chain of trust has no cluster "eu.prod"; its clusters: gke:${PROJECT}/us-central1-a.prod, gke:${PROJECT}/us-central1-a.staging`,
    ],
    [
      "an unknown service",
      ["x", "--target", "run:a/b/c"],
      `--target run:a/b/c: the chain of trust has no Cloud Run service "run:a/b/c", and no other; other targets: gke:${PROJECT}/us-central1-a.prod, gke:${PROJECT}/us-central1-a.staging`,
    ],
    [
      "an unknown project",
      ["x", "--target", "default:other"],
      `--target default:other: the chain of trust has no policy "other"; its policies: default:${PROJECT}; other targets: gke:${PROJECT}/us-central1-a.prod, gke:${PROJECT}/us-central1-a.staging`,
    ],
    ["manifests that are not there", ["-f", missing], `${missing}: does not exist; allowed: a file that can be read`],
    [
      "attestations that are not there",
      ["x", "--attestations", missing],
      `${missing}: does not exist; allowed: a file that can be read`,
    ],
    [
      "a source that is not there",
      ["x", "--from", missing],
      `${missing}: does not exist; allowed: a file that can be read`,
    ],
    [
      "a policy as attestors",
      ["x", "--attestors", policy],
      `--attestors ${policy} is no list of attestors; allowed: what gcloud container binauthz attestors list --format=json prints, other sources with --from`,
    ],
    [
      "the project of another policy",
      ["x", "--project", "other-project"],
      `${policy}: the policy is that of ${PROJECT}, and not of the project given beside it, got "other-project"; allowed: the project of the policy`,
    ],
    [
      "no pods",
      ["-f", write("service.yaml", "apiVersion: v1\nkind: Service\n---\napiVersion: v1\nkind: ConfigMap\n")],
      `${root}/service.yaml: no object that carries a pod was found, got 1 Service, 1 ConfigMap; allowed: Pods, Deployments and the like`,
    ],
    [
      "nothing in the manifests",
      ["-f", write("empty.yaml", "# nothing\n---\n")],
      `${root}/empty.yaml: no object that carries a pod was found, got nothing; allowed: Pods, Deployments and the like`,
    ],
    [
      "no pods beside an image",
      ["-f", write("alone.yaml", "apiVersion: v1\nkind: Service\n"), "x"],
      `${root}/alone.yaml: no object that carries a pod was found, got 1 Service; allowed: Pods, Deployments and the like`,
    ],
  ])("%s", async (_, argv, message) => {
    expect(await admit(...argv)).toEqual({ code: 1, out: "", err: `error: ${message}\n` });
  });

  test("no source, and sources without a policy", async () => {
    const here = process.cwd();
    mkdirSync(join(root, "bare"), { recursive: true });
    process.chdir(join(root, "bare"));
    try {
      const { code, err } = await binauthz(["admit", "nginx"]);
      expect([code, err]).toEqual([
        1,
        expect.stringMatching(
          /^error: nothing says what the policy is: there is no cdktf\.out here; allowed: --from SOURCE, /,
        ),
      ]);
      write("bare/cdktf.out/cdk.tf.json", { provider: {} });
      expect((await binauthz(["admit", "nginx"])).err).toBe(
        "error: no policy, cluster or Cloud Run service is known from cdktf.out; allowed: a source that has the policy, with --from\n",
      );
    } finally {
      process.chdir(here);
    }
    const { code, err } = await binauthz(["admit", "nginx", "--from", attestors, "--attestors", none]);
    expect([code, err]).toEqual([
      1,
      `error: no policy, cluster or Cloud Run service is known from ${attestors}; allowed: a source that has the policy, with --from\n`,
    ]);
  });

  test("a broken manifest is one sentence, and nothing is printed of the others", async () => {
    write("some/a.yaml", JSON.stringify(deployment("a", "nginx")));
    write("some/b.yaml", "kind: Pod\nkind: Pod\n");
    expect(await admit("-f", join(root, "some"))).toEqual({
      code: 1,
      out: "",
      err: `error: ${root}/some/b.yaml, line 2: is no YAML (Map keys must be unique); allowed: manifests in YAML or JSON, indented with spaces\n`,
    });
  });
});

const SHOP = list(
  ...["a", "b", "c"].map((suffix) => runningPod("web", suffix, SIGNED.replace(/@.*/, ":v1"), SIGNED)),
  deployment("worker", UNSIGNED, "back"),
  deployment("proxy", "quay.io/exempt/proxy:3", "back"),
  { apiVersion: "v1", kind: "Service", metadata: { name: "web" } },
);

describe("text", () => {
  const text = async (terminal: Terminal = {}, ...argv: readonly string[]) =>
    (await admitStdin({ stdin: JSON.stringify(SHOP), ...terminal }, "--attestations", attestations, ...argv)).out;

  test("says what is denied first, and what to do", async () => {
    const out = await text();
    expect(out.replaceAll(root, "ROOT")).toMatchSnapshot();
    const order = [
      "Denied",
      "worker",
      "Deployment web, name inferred",
      "Admitted",
      "proxy",
      "FAIL  2 of 3 workloads would not run, at 1 of 2 places",
    ];
    expect(out).toContain("\n    main, 3 pods  eu.gcr.io/my-project/app:v1\n");
    const positions = order.map((part) => out.indexOf(part));
    expect(positions[0]).toBe(0);
    expect(positions).toEqual([...positions].sort((one, other) => one - other));
    expect(out).toContain(`→ pin it to what runs: ${SIGNED} would be admitted`);
    expect(out).toContain("passed over, since they make no pods: 1 Service");
  });

  test("a dry run is let through, and denied as if enforced", async () => {
    const staging = ["--target", "us-central1-a.staging"];
    const dry = await text({}, ...staging);
    expect(dry).toContain("Let through, though the policy does not admit it");
    expect(dry).toContain("PASS  2 of 3 workloads would run only because of a dry run");
    expect(dry).toContain("let through by a dry run; enforced, it would be denied: ");
    const enforced = await text({}, ...staging, "--as-if-enforced");
    expect(enforced).toContain("FAIL  2 of 3 workloads would not run");
    expect(enforced).toContain(
      "assumed: every rule is taken to have the enforcement mode ENFORCED_BLOCK_AND_AUDIT_LOG, and every cluster",
    );
  });

  test.each([40, 60, 80, 120])("fits %d columns, and breaks no word", async (columns) => {
    const out = await text({ columns });
    const longest = /^\s*(?:→ |[\w-]+(?:, \d pods)? {2})?\S+$/;
    for (const line of out.split("\n")) {
      if (line.length > columns) expect(line).toMatch(longest);
    }
    const words = (value: string) => new Set(value.split(/\s+/));
    expect(words(out)).toEqual(words(await text()));
  });

  test("colours where they are wanted, and the same words", async () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    const escapes = /\u001b\[\d+m/g;
    const colored = await text({ color: true });
    expect(colored).toMatch(escapes);
    expect(colored).toContain("\u001b[31mdenied");
    expect(colored.replace(escapes, "")).toBe(await text());
    expect(await text()).not.toContain("\u001b");
  });

  test("many that run are cut on a terminal, and only there", async () => {
    const stdin = JSON.stringify(
      list(...Array.from({ length: 30 }, (_, index) => deployment(`d${index}`, `quay.io/exempt/i${index}`))),
    );
    const cut = (await admitStdin({ stdin, columns: 100 })).out;
    expect(cut).toContain("and 10 more; all of them are in --format json");
    expect(cut).toContain("PASS  all 30 workloads would run");
    expect((await admitStdin({ stdin })).out.match(/Deployment d/g)).toHaveLength(30);
  });
});

const HOSTILE = "\u001b[2J\u0007\u202e\u200bevil|`<b>@someone [x](http://y) *a* \r\n# h";

test("what others wrote cannot do anything in any format", async () => {
  const pod = deployment(`${HOSTILE}name`, `${HOSTILE}image`, `${HOSTILE}ns`);
  (pod.spec as { template: { spec: { containers: unknown[] } } }).template.spec.containers = [
    { name: `${HOSTILE}c`, image: `${HOSTILE}image` },
  ];
  const stdin = JSON.stringify(
    list(pod, { apiVersion: "v1", kind: `${HOSTILE}Kind` }, { apiVersion: `${HOSTILE}x/v1`, kind: "Other" }),
  );
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  const unseen = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e]/;
  const formats = await Promise.all(
    ["text", "json", "markdown"].map((format) => admitStdin({ stdin, color: false }, "--format", format)),
  );
  for (const { code, out } of formats) {
    expect(code).toBe(2);
    expect(out).not.toMatch(unseen);
  }
  const [text, json, markdown] = formats.map(({ out }) => out);
  expect(text).toContain("\\u{1b}[2J\\u{7}\\u{202e}\\u{200b}evil");
  expect(JSON.parse(json).decisions[0].image).toBe(`${HOSTILE}image`);
  const rows = markdown.split("\n").filter((line) => line.startsWith("| <code>"));
  expect(rows.length).toBeGreaterThan(0);
  for (const row of rows) {
    expect(row.split("|")).toHaveLength(8);
    expect(row).not.toMatch(/<b>|`|\]\(|@someone/);
  }
  expect(markdown).not.toMatch(/^# h/m);
  expect((await admit(`${HOSTILE}image`, "--target", HOSTILE)).err).not.toMatch(unseen);
});

test.each([
  ["", /^error: .*bad\.json, line 1: is empty; allowed: one JSON document\n$/],
  ["nonsense", /^error: .*bad\.json, line 1: is no JSON; allowed: one JSON document\n$/],
  ["{}", /^error: .*bad\.json: has no list of occurrences, /],
  ["[1]", /^error: .*bad\.json, occurrence 1: is not valid, got 1; /],
  ['{"occurrences": [], "nextPageToken": "x"}', /^error: .*bad\.json: is one page of several/],
])("attestations %j are refused", async (text, message) => {
  const { code, out, err } = await admit(SIGNED, "--attestations", write("bad.json", text));
  expect([code, out]).toEqual([1, ""]);
  expect(err).toMatch(message);
});

test("attestations of several files count together, in either form", async () => {
  const api = write("api.json", { occurrences: [attest(UNSIGNED)] });
  const { decisions } = await answer(SIGNED, UNSIGNED, ...PROD, "--attestations", attestations, "--attestations", api);
  expect(decisions.map(({ verdict }) => verdict)).toEqual(["admitted", "admitted"]);
});

test("an empty standard input is nothing to decide about", async () => {
  expect((await admitStdin({ stdin: "" })).err).toBe(
    "error: standard input: no object that carries a pod was found, got nothing; allowed: Pods, Deployments and the like\n",
  );
});

test("letters beyond ASCII are letters", async () => {
  const { out } = await admitStdin({ stdin: JSON.stringify(deployment("müller-店", "quay.io/exempt/x:1")) });
  expect(out).toContain("müller-店");
});

test("Markdown has the counts, the table, and the rest folded away", async () => {
  const { out, code } = await admitStdin(
    { stdin: JSON.stringify(SHOP) },
    "--attestations",
    attestations,
    "--format",
    "markdown",
  );
  expect(code).toBe(2);
  expect(out).toMatchSnapshot();
  expect(out).toMatch(
    /^### binauthz admit: 2 of 3 workloads would not run, at 1 of 2 places\n\n\*\*fail\*\* · 6 decisions about 3 workloads at 2 places: /,
  );
  expect(out).toContain("<details><summary>1 image admitted</summary>");
});

test("long tables of Markdown are cut", async () => {
  const stdin = JSON.stringify(list(...Array.from({ length: 120 }, (_, index) => deployment(`d${index}`, "nginx"))));
  const { out } = await admitStdin({ stdin }, "--format", "markdown", ...PROD);
  expect(out).toContain("and 20 more rows; all of them are in `--format json`");
  expect(out.length).toBeLessThan(65_536);
});

test("every format at once, one of them printed", async () => {
  const file = (name: string) => join(root, name);
  const { out, code } = await admit(
    "nginx",
    ...PROD,
    "--format",
    "text",
    "--format",
    `json=${file("a.json")}`,
    "--format",
    `markdown=${file("a.md")}`,
  );
  expect(code).toBe(2);
  expect(out).toMatch(/^Denied\n/);
  expect(JSON.parse(readFileSync(file("a.json"), "utf8")).result).toBe("fail");
  expect(readFileSync(file("a.md"), "utf8")).toMatch(/^### binauthz admit: 1 of 1 image would not run\n/);
});

test("several files, folders and the standard input are one survey", async () => {
  write("many/x.yaml", JSON.stringify(deployment("x", "quay.io/exempt/x")));
  write("many/y/y.yaml", JSON.stringify(deployment("y", "quay.io/exempt/y")));
  const file = write("z.json", deployment("z", "quay.io/exempt/z"));
  const { out, code } = await admitStdin(
    { stdin: JSON.stringify(deployment("in", "quay.io/exempt/in")) },
    "-f",
    join(root, "many"),
    "-f",
    file,
    "quay.io/exempt/named",
    "--format",
    "json",
    ...PROD,
  );
  expect(code).toBe(0);
  const json: AdmitJson = JSON.parse(out);
  expect(json.decisions.map(({ workload, sources }) => [workload, ...sources])).toEqual([
    [undefined, "command line"],
    ["Deployment/in", "standard input"],
    ["Deployment/x", join(root, "many/x.yaml")],
    ["Deployment/y", join(root, "many/y/y.yaml")],
    ["Deployment/z", file],
  ]);
});

test("the real process", () => {
  const tsx = resolve("node_modules/.bin/tsx");
  const script = resolve("lib/cli/binauthz.ts");
  const start = (...argv: readonly string[]) =>
    spawnSync(tsx, [script, ...argv], { cwd: root, encoding: "utf8", input: JSON.stringify(deployment("a", "nginx")) });
  const piped = start("admit", "--from", policy, "--attestors", attestors, "-f", "-", ...PROD);
  expect([piped.status, piped.stderr]).toEqual([2, ""]);
  expect(piped.stdout).toMatch(/^Denied\n/);
  expect(piped.stdout).not.toContain("\u001b");
  const wrong = start("admit");
  expect([wrong.status, wrong.stdout, wrong.stderr]).toEqual([
    1,
    "",
    "error: nothing to decide about; allowed: images, or manifests with -f\n",
  ]);
}, 60_000);
