import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { type Explanation, explainText, wordingPattern } from "../../lib/admission/explain";
import { CONTEXTS } from "../../lib/admission/explanations/denials";
import { PERMISSIONS } from "../../lib/admission/explanations/permissions";
import { KNOWN_MESSAGES, SIGNALS } from "../../lib/admission/explanations/table";
import { IN_BRACES, VALUES, type ValueName } from "../../lib/admission/explanations/values";
import {
  cloudRunMessage,
  denialMessage,
  kubectlMessage,
  overriddenResult,
  podMessage,
  REASON_NO_ATTESTATION,
  REASON_NO_DIGEST,
} from "../../lib/admission/messages";
import type { AppliedRule, AttestorVerdict, ImageVerdict, Target } from "../../lib/admission/types";
import { BUILD_SCRIPT, PUSH_SCRIPT, SIGN_SCRIPT } from "../../lib/constructs/private/signer-scripts";
import { kitchenSink } from "../support/kitchen-sink";
import { check } from "../support/property";
import { describeIfReference } from "../support/reference";
import { attestorIn, testApp, testStack, trustRootIn } from "../support/synth";
import { describeUnless, findProgram } from "../support/terraform";

const root = join(__dirname, "..", "..");
const DIGEST = `sha256:${"1".repeat(64)}`;
const IMAGE = `us-central1-docker.pkg.dev/my-secure-project/apps/web@${DIGEST}`;
const ATTESTOR = "projects/my-secure-project/attestors/built-by-ci";
const OTHER = "projects/other-project/attestors/scanned";
const KEY = "projects/k/locations/global/keyRings/r/cryptoKeys/c";
const explain = (text: string) => explainText(text).explanations;
const ids = (text: string) => explain(text).map(({ id }) => id);
const braces = new RegExp(IN_BRACES, "g");

/** A plain value of each name, for filling wordings. */
const SAMPLES: Readonly<Partial<Record<ValueName, string>>> = {
  image: IMAGE,
  attestor: ATTESTOR,
  cluster: "us-central1-a.prod",
  revision: "web-00001-abc",
  keyVersion: `${KEY}/cryptoKeyVersions/3`,
  keyId: `//cloudkms.googleapis.com/v1/${KEY}/cryptoKeyVersions/3`,
  resource: KEY,
  project: "my-secure-project",
  entity: "",
  permission: "storage.objects.get",
  service: "binaryauthorization.googleapis.com",
  occurrence: "c5f03cc3-3829-44cc-ae38-2b2b3967ba61",
  denialReason: "no key fits",
  algorithm: "EC_SIGN_ED25519",
  found: "what was there",
  address: "module.chain.google_kms_key_ring.ring",
  label: "projects-p-policy_0A1B",
  name: "projects/p/policy",
  number: "2",
  version: "first",
  location: "us-central1-a",
  clusterName: "prod",
  attestors: "projects/p/attestors/a, projects/q/attestors/a",
};
const sample = (text: string) => text.replace(braces, (_, name: ValueName) => SAMPLES[name] as string);

describe("what the simulator says is explained", () => {
  const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}[a-z0-9]$/);
  const project = fc.oneof(
    word,
    fc.tuple(word, word).map(([domain, name]) => `${domain}.example:${name}`),
  );
  const path = fc.array(word, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
  const version = fc.oneof(
    fc.constant(""),
    fc.stringMatching(/^:[A-Za-z0-9_][A-Za-z0-9_.-]{0,10}[a-z]$/),
    fc.stringMatching(/^@sha256:[0-9a-f]{64}$/),
    fc.stringMatching(/^:v1@sha256:[0-9a-f]{64}$/),
  );
  const image = fc.oneof(
    fc
      .tuple(fc.constantFrom("gcr.io", "localhost:5000"), path, version)
      .map(([host, rest, v]) => `${host}/${rest}${v}`),
    fc.tuple(path, version).map(([rest, v]) => rest + v),
  );
  const attestor: fc.Arbitrary<AttestorVerdict> = fc.record({
    attestor: fc.tuple(project, word).map(([p, name]) => `projects/${p}/attestors/${name}`),
    verdict: fc.constant("unsatisfied" as const),
    reason: fc.constantFrom(REASON_NO_DIGEST, REASON_NO_ATTESTATION),
    diagnosis: fc.constant([]),
  });
  const attestors = fc.uniqueArray(attestor, { maxLength: 3, selector: (verdict) => verdict.attestor });
  const rule: fc.Arbitrary<AppliedRule> = fc.oneof(
    fc.constant<AppliedRule>({ kind: "default" }),
    fc.tuple(word, word).map(([location, name]): AppliedRule => ({ kind: "cluster", key: `${location}.${name}` })),
  );
  const denied = fc.uniqueArray(fc.record({ image, attestors }), {
    minLength: 1,
    maxLength: 3,
    selector: (verdict) => verdict.image,
  });
  const target = fc.constantFrom<Target>(
    { kind: "gke", project: "p", location: "us-central1-a", name: "prod" },
    { kind: "cloud-run", project: "p", location: "us-central1", name: "web" },
  );

  /** What has to come out, one for each attestor of each image. */
  function expected(
    where: Target,
    applied: AppliedRule,
    images: readonly { image: string; attestors: readonly AttestorVerdict[] }[],
  ) {
    const always =
      where.kind === "cloud-run"
        ? "denied-cloud-run-rule"
        : applied.kind === "default"
          ? "denied-default-rule"
          : "denied-cluster-rule";
    return images.flatMap((one) =>
      one.attestors.length === 0
        ? [{ id: always, image: one.image, attestor: undefined }]
        : one.attestors.map(({ attestor: name, reason }) => ({
            id: reason === REASON_NO_DIGEST ? "denied-no-digest" : "denied-no-attestation",
            image: one.image,
            attestor: name as string | undefined,
          })),
    );
  }
  const got = (explanations: readonly Explanation[]) =>
    explanations.map(({ id, values }) => ({ id, image: values.image, attestor: values.attestor }));

  test("for every image, attestor, rule and service", () => {
    check(fc.tuple(target, rule, denied), ([where, applied, images]) => {
      const verdicts = images.map((one) => ({
        ...one,
        verdict: "denied" as const,
        message: denialMessage(where, applied, one),
      }));
      const pod = podMessage(where, verdicts as unknown as ImageVerdict[]) as string;
      const text = where.kind === "cloud-run" ? cloudRunMessage(pod, "web-00001") : kubectlMessage(pod, "STDIN");
      const explained = explainText(text);
      expect(got(explained.explanations)).toEqual(expected(where, applied, images));
      expect(explained).toMatchObject({ more: 0, unexplained: [], near: [] });
    });
  });

  test("and in the label of an admitted pod", () => {
    check(denied, (images) => {
      const text = overriddenResult(
        images.map((one) => ({ ...one, verdict: "denied" })) as unknown as ImageVerdict[],
      ) as string;
      const explained = explainText(JSON.stringify({ labels: { result: text } }));
      expect(got(explained.explanations)).toEqual(
        expected({ kind: "gke", project: "p", location: "l", name: "n" }, { kind: "default" }, images).map((one) =>
          one.attestor === undefined ? { ...one, id: "denied-always-deny" } : one,
        ),
      );
      expect(explained.unexplained).toEqual([]);
    });
  });
});

describe("every wording of the table", () => {
  const all = KNOWN_MESSAGES.flatMap((known) => known.wordings.map((wording) => ({ id: known.id, ...wording })));

  test.each(all)("$id: $text", ({ id, text, certainty, source }) => {
    const printed = sample(text);
    const explained = explainText(`ERROR: (something) ${printed}.\nAnother line.`);
    expect(explained.explanations.map((one) => one.id)).toEqual([id]);
    expect(explained.unexplained).toEqual([]);
    const [explanation] = explained.explanations;
    expect(explanation).toMatchObject({ message: printed, certainty, source });
    for (const [, name] of text.matchAll(braces)) {
      expect(explanation.values[name as ValueName] ?? "").toBe(SAMPLES[name as ValueName]);
    }
    const sentences = [explanation.meaning, ...explanation.mend, ...explanation.look.map(({ command }) => command)];
    expect(sentences.join("\n")).not.toMatch(braces);
  });

  test("names what it found, and says the rest in words", () => {
    const [full] = explain(`Image ${IMAGE} denied by attestor ${ATTESTOR}: ${REASON_NO_ATTESTATION}`);
    expect(full.meaning).toContain(`\`${ATTESTOR}\`: no attestation of \`${IMAGE}\``);
    expect(full.look[0].command).toContain(
      `--project=my-secure-project --attestor=${ATTESTOR} --artifact-url=${IMAGE} `,
    );
    const [bare] = explain(REASON_NO_ATTESTATION);
    expect(bare.meaning).toMatch(/^The attestor: no attestation of the image /);
    expect(bare.look[0].command).toContain("--project=ATTESTOR_PROJECT --attestor=ATTESTOR --artifact-url=IMAGE ");
  });

  test("knows the key of a version, and the version of a key's id", () => {
    expect(explain(`${KEY}/cryptoKeyVersions/3 is not enabled, current state is: DESTROYED.`)[0].values).toEqual({
      key: KEY,
      keyVersion: `${KEY}/cryptoKeyVersions/3`,
    });
    const id = `//cloudkms.googleapis.com/v1/${KEY}/cryptoKeyVersions/3`;
    expect(explain(`WARNING: No public key with ID [${id}] found on attestor [${ATTESTOR}]`)[0].values).toMatchObject({
      key: KEY,
      keyId: id,
      keyVersion: `${KEY}/cryptoKeyVersions/3`,
      attestorProject: "my-secure-project",
    });
  });
});

describe("real output", () => {
  // Pasted by users; projects and names as they were.
  const cases: [what: string, text: string, expected: string[]][] = [
    [
      "of a Google lab, 2024",
      'Error from server (VIOLATES_POLICY): error when creating "STDIN": admission webhook "imagepolicywebhook.image-policy.k8s.io" denied the request: Image gcr.io/qwiklabs-gcp-04-e98db2f05087/nginx:latest denied by Binary Authorization cluster admission rule for us-central1-a.my-cluster-1. Denied by always_deny admission rule',
      ["denied-cluster-rule"],
    ],
    [
      "of gke-binary-auth-tools#4, 2019",
      'pods "hello-app-6589454ddd-wlkbg" is forbidden: image policy webhook backend denied one or more images: Denied by cluster admission rule for us-central1.staging-cluster. Denied by Attestor. Image gcr.io/<projectid>/hello-app:e1479a4 denied by projects/<projectid>/attestors/vulnz-attestor: Attestor cannot attest to an image deployed by tag',
      ["denied-no-digest"],
    ],
    [
      "of the same thread",
      'ERROR: (gcloud.alpha.container.binauthz.attestations.sign-and-create) Resource in project [xyz] is the subject of a conflict: occurrence ID "c5f03cc3-3829-44cc-ae38-2b2b3967ba61" already exists',
      ["occurrence-exists"],
    ],
    [
      "of gcloud 528, against a stand-in",
      'WARNING: Attestation could not be validated! (some reason)\nERROR: (gcloud.beta.container.binauthz.attestations.sign-and-create) Resource in projects [tp] is the subject of a conflict: occurrence ID "c5f0" already exists\n',
      ["attestation-not-verifiable", "occurrence-exists"],
    ],
    [
      "of Cloud KMS in a Python trace",
      "google.api_core.exceptions.PermissionDenied: 403 Permission 'cloudkms.cryptoKeyVersions.useToSign' denied on resource 'projects/projectsigstore-staging/locations/global/keyRings/tuf-keyring/cryptoKeys/tuf-staging-key'",
      ["permission-cloudkms-cryptoKeyVersions-useToSign"],
    ],
    [
      "of Terraform, tpg#14929",
      'Error: Error creating Note: googleapi: Error 403: permission "containeranalysis.notes.create" denied for project "my-project", entity ID ""\n│ \n│   with google_container_analysis_note.note,\n│   on main.tf line 21, in resource "google_container_analysis_note" "note":\n│   21: resource "google_container_analysis_note" "note" {',
      ["permission-containeranalysis-notes-create"],
    ],
    [
      "of Cloud KMS through gcloud",
      "ERROR: (gcloud.kms.encrypt) FAILED_PRECONDITION: projects/env-test/locations/europe-west1/keyRings/harrypotter/cryptoKeys/hogwarts/cryptoKeyVersions/1 is not enabled, current state is: DISABLED.\n- '@type': type.googleapis.com/google.rpc.PreconditionFailure",
      ["key-version-disabled"],
    ],
    [
      "of a provider that speaks of kms-integrations#53",
      "status PERMISSION_DENIED: Cloud Key Management Service (KMS) API has not been used in project 98765 before or it is disabled. Enable it by visiting https://console.developers.google.com/apis/api/cloudkms.googleapis.com/overview?project=98765 then retry.",
      ["api-disabled"],
    ],
  ];
  test.each(cases)("%s", (_, text, expected) => {
    expect(ids(text)).toEqual(expected);
    expect(explainText(text).unexplained).toEqual([]);
  });

  test("an audit log of 2019 with two images, of which one is denied by two attestors", () => {
    const reason = "Attestor cannot attest to an image deployed by tag";
    const text = `image policy webhook backend denied one or more images: Denied by default admission rule. Denied by Attestor. Image a denied by ${ATTESTOR}: ${reason}. Denied by default admission rule. Denied by Attestor. Image b denied by ${ATTESTOR}: ${reason}. Image b denied by ${OTHER}: ${reason}`;
    expect(explain(text).map(({ values }) => [values.image, values.attestor])).toEqual([
      ["a", ATTESTOR],
      ["b", ATTESTOR],
      ["b", OTHER],
    ]);
  });

  const folder = join(root, "__tests__", "fixtures", "messages");
  const files: Readonly<Record<string, readonly string[]>> = {
    "terraform-conditions.txt": ["check-cluster-not-enforcing", "check-version-number"],
    "terraform-import.txt": ["import-not-found"],
    "terraform-policy-refused.txt": ["policy-write-refused"],
    "terraform-prevent-destroy.txt": ["prevent-destroy"],
  };
  test.each(Object.entries(files))("of Terraform, with colours and line breaks: %s", (file, expected) => {
    const explained = explainText(readFileSync(join(folder, file), "utf8"));
    expect(explained.explanations.map(({ id }) => id)).toEqual(expected);
    expect(explained.unexplained).toEqual([]);
  });
  test("there is no other file of Terraform's", () => {
    expect(readdirSync(folder).filter((file) => file.endsWith(".txt"))).toEqual(Object.keys(files));
  });
});

describe("what is around a message", () => {
  const message = `Image ${IMAGE} denied by Binary Authorization default admission rule. Image ${IMAGE} denied by attestor ${ATTESTOR}: ${REASON_NO_ATTESTATION}`;
  const plain = explain(message);

  const wrappings: [what: string, text: string][] = [
    ["JSON", JSON.stringify({ message: `admission webhook "x" denied: ${message}` })],
    ["JSON in JSON in JSON", JSON.stringify(JSON.stringify(JSON.stringify({ message: `a "b" ${message}\n` })))],
    ["JSON with escapes", `"\\u001b[31m${message.replace(/ /g, "\\u0020")}\\u001b[0m"`],
    ["colours", `\u001b[31mError:\u001b[0m \u001b[1m${message.replace(/ denied/g, " \u001b[4mdenied\u001b[0m")}`],
    ["a link of a terminal", `\u001b]8;;https://example.com\u0007${message}\u001b]8;;\u001b\\`],
    ["lines of a terminal", message.replace(/ by /g, "\n    by ")],
    [
      "the log of a build",
      message
        .split(". ")
        .map((line) => `Step #3 - "sign": ${line}`)
        .join(".\n"),
    ],
    ["the log of a workflow", `2026-01-02T03:04:05.1234567Z ${message}\n2026-01-02T03:04:05.1234568Z done`],
    ["a quotation", `> > ${message.replace(/ by /g, "\n> > by ")}`],
    ["an event", `  Warning  FailedCreate  3s (x12 over 14s)  replicaset-controller  Error creating: ${message}\r\n`],
    ["a page", message.replace(/'/g, "&#39;").replace(/^/, "&quot;&lt;&gt;&amp;&#34;&#x27;&apos;")],
    ["invisible characters", `\u200b${message.replace(/ by /g, "\u00a0by\u00a0")}\u202e`],
    ["itself, many times", `${message}\n`.repeat(50)],
  ];
  test.each(wrappings)("%s changes nothing", (_, text) => {
    expect(explain(text)).toEqual(plain);
  });

  test("the line of a program that Terraform shows is no message", () => {
    const text = `Error: Resource postcondition failed\n\n  on cdk.tf.json line 12, in resource.x:\n  12: "error_message": "Cluster prod in us-central1-a does not enforce the admission policy of p: …"\n\nCluster test in us-central1-b does not enforce the admission policy of p: whatever`;
    expect(explain(text).map(({ values }) => values.clusterName)).toEqual(["test"]);
  });

  test("the words before a message say which rule decided", () => {
    expect(plain[0].context).toEqual([
      "The default admission rule decided: no rule of the policy is about this cluster.",
    ]);
    const cluster = `Image a denied by Binary Authorization cluster admission rule for us-central1-a.prod. Image a denied by attestor ${ATTESTOR}: ${REASON_NO_DIGEST}. Image a denied by attestor ${OTHER}: ${REASON_NO_DIGEST}. Image b denied by attestor ${OTHER}: ${REASON_NO_DIGEST}`;
    const says = "The cluster admission rule for `us-central1-a.prod` decided.";
    expect(explain(cluster).map(({ context }) => context)).toEqual([[says], [says], []]);
  });

  test("words of another message in between lead to none", () => {
    const text = `Image a denied by Binary Authorization default admission rule. Something. Image a denied by attestor ${ATTESTOR}: ${REASON_NO_DIGEST}`;
    const explained = explainText(text);
    expect(explained.explanations.map(({ context }) => context)).toEqual([[]]);
    expect(explained.unexplained).toEqual(["Image a denied by Binary Authorization"]);
  });

  test("a second rule takes the place of the first", () => {
    const text = `Image a denied by Binary Authorization default admission rule. Image a denied by Binary Authorization default admission rule. Image a denied by attestor ${ATTESTOR}: ${REASON_NO_DIGEST}`;
    expect(explain(text)[0].context).toHaveLength(1);
  });

  test("what only repeats a message with less is left out", () => {
    const text = `Image a denied by Binary Authorization default admission rule. Denied by always_deny admission rule. causes: 'a' : Denied by an ALWAYS_DENY admission rule\n'b' : Denied by an ALWAYS_DENY admission rule`;
    expect(explain(text).map(({ id, values }) => [id, values.image])).toEqual([
      ["denied-default-rule", "a"],
      ["denied-always-deny", "b"],
    ]);
    expect(ids(`${message}. In short: ${REASON_NO_ATTESTATION}`)).toEqual(["denied-no-attestation"]);
  });
});

describe("what is not known is not explained", () => {
  test.each([
    "",
    "hello",
    "Error: connection refused",
    "Image pull failed: not found",
    "projects/p/attestors/a",
    "subprojects/k/locations/l/keyRings/r/cryptoKeys/c/cryptoKeyVersions/1 not found",
  ])("%s", (text) => {
    expect(explainText(text)).toEqual({ explanations: [], more: 0, unexplained: [], near: [] });
  });

  test("a new reason of an attestor is not taken for an old one", () => {
    const explained = explainText(`Image a denied by attestor ${ATTESTOR}: Key version is too old`);
    expect(explained.explanations).toEqual([]);
    expect(explained.unexplained).toEqual([`Image a denied by attestor ${ATTESTOR}:`]);
    expect(explained.near.map(({ id }) => id)).toContain("denied-no-digest");
    expect(explained.near.length).toBeLessThanOrEqual(5);
  });

  test("beside a known message the unknown one is told", () => {
    const explained = explainText(
      `Image a denied by attestor ${ATTESTOR}: ${REASON_NO_DIGEST}. Image a denied by attestor ${OTHER}: Key version is too old`,
    );
    expect(explained.explanations.map(({ values }) => values.attestor)).toEqual([ATTESTOR]);
    expect(explained.unexplained).toEqual([`Image a denied by attestor ${OTHER}:`]);
    expect(explained.near.map(({ id }) => id)).not.toContain("denied-no-digest");
  });

  test("a permission of another service", () => {
    const explained = explainText("Permission 'storage.objects.get' denied on resource 'x'");
    expect(explained.explanations).toEqual([]);
    expect(explained.unexplained).toEqual(["Permission 'storage.objects.get' denied"]);
  });

  test.each(SIGNALS.map(({ text }) => text))("alone: %s", (text) => {
    const explained = explainText(`${sample(text)} something new`);
    expect(explained.explanations).toEqual([]);
    expect(explained.unexplained.length).toBeGreaterThan(0);
  });

  test("random words never are", () => {
    check(fc.string({ maxLength: 300 }), (text) => {
      expect(explain(text)).toEqual([]);
    });
  });
});

describe("hostile texts", () => {
  test("wordings cost a bounded number of steps at each place", () => {
    const texts = [
      ...KNOWN_MESSAGES.flatMap(({ wordings }) => wordings),
      ...CONTEXTS.flatMap(({ wordings }) => wordings),
      ...SIGNALS,
    ].map(({ text }) => text);
    for (const text of texts) {
      const { source } = wordingPattern(text);
      // Outside of classes: no repetition without an upper bound, no group that is repeated.
      const bare = source.replace(/\\./g, "_").replace(/\[[^\]]*\]/g, "C");
      expect(bare).not.toMatch(/[*+]|\{\d+,\}/);
      expect(bare).not.toMatch(/\)[*+{]/);
      // At most one name of a wording may go on into the words behind it: two would multiply.
      const parts = text.split(braces);
      const ambiguous = parts.filter((part, index) => {
        const form = VALUES[part as ValueName];
        const pattern = index % 2 === 1 && "pattern" in form ? form.pattern : "";
        const last = /(\[(?:\\.|[^\]\\])*\])\{\d+,\d+\}$/.exec(pattern)?.[1];
        return last !== undefined && parts[index + 1] !== "" && new RegExp(last).test(parts[index + 1][0]);
      });
      expect(ambiguous.length).toBeLessThanOrEqual(1);
    }
  });

  const MEGABYTE = 1_000_000;
  const fill = (part: string) => part.repeat(Math.ceil(MEGABYTE / part.length)).slice(0, MEGABYTE);
  const parts = [
    "a",
    " ",
    "\\",
    "\u001b",
    "\u001b]",
    "\u001b[",
    "'",
    '"',
    "> ",
    "\n",
    "Image ",
    `Image ${"a".repeat(1024)}`,
    "projects/a",
    "projects/a/attestors/b",
    `${KEY}/cryptoKeyVersions/1`,
    "The policy of p would go on trusting a",
    "push: expected one digest of a,",
    "Attestation could not be validated! (",
    "Image a denied by Binary Authorization default admission rule. ",
    `Image a denied by attestor ${ATTESTOR}: `,
    "on x line 1\n1: ",
    "Step #1: ",
    'While attempting to import an existing object to "',
  ];
  test.each(parts)("a megabyte of %j is read through", (part) => {
    expect(explain(fill(part))).toEqual([]);
  });

  test("many different messages are counted, and a bounded number is explained", () => {
    const text = Array.from(
      { length: 5000 },
      (_, index) => `Image a${index} denied by attestor ${ATTESTOR}: ${REASON_NO_DIGEST}. `,
    ).join("");
    const explained = explainText(text);
    expect(explained.explanations).toHaveLength(200);
    expect(explained.more).toBe(4800);
    expect(explained.unexplained).toEqual([]);
  });

  test("a name cannot leave its word in a command, nor its code in a sentence", () => {
    const hostile = fc.string({ minLength: 1, maxLength: 40, unit: fc.constantFrom(..."a/;$()&|<>*?#~!\\-`{}=%") });
    check(hostile, (image) => {
      const [explanation] = explain(`Image x${image} denied by attestor ${ATTESTOR}: ${REASON_NO_ATTESTATION}`);
      if (explanation.values.image === undefined) {
        return;
      }
      const { command } = explanation.look[0];
      const words = spawnSync("sh", ["-c", `set -f; set -- ${command}; printf '%s\\n' "$@"`], { encoding: "utf8" });
      expect(words.stdout.split("\n")).toContain(`--artifact-url=${explanation.values.image}`);
      expect(words.stdout.split("\n")).toHaveLength(11);
      expect(explanation.meaning.split("`")[3]).toBe(explanation.values.image);
    });
  });

  test("a name that looks like an option is left out of commands", () => {
    const [explanation] = explain(`Image --flags-file=x denied by attestor ${ATTESTOR}: ${REASON_NO_DIGEST}`);
    expect(explanation.values.image).toBe("--flags-file=x");
    expect(explanation.look[0].command).toContain("describe IMAGE ");
  });
});

describe("the table", () => {
  test("has each id once, and ids that stay", () => {
    const all = KNOWN_MESSAGES.map(({ id }) => id);
    expect(new Set(all).size).toBe(all.length);
    for (const { vaguerThan = [] } of KNOWN_MESSAGES) {
      for (const id of vaguerThan) expect(all).toContain(id);
    }
  });

  test.each(KNOWN_MESSAGES.map((known) => [known.id, known] as const))("%s is sound", (_, known) => {
    const sentences = [known.meaning, ...known.mend];
    expect(known.mend.length).toBeGreaterThan(0);
    expect(known.see.length).toBeGreaterThan(0);
    expect(known.title).toMatch(/^[A-Za-z].*[^.]$/);
    for (const sentence of sentences) {
      expect(sentence).toMatch(/[.]$/);
      const parts = sentence.split("`");
      expect(parts.length % 2).toBe(1);
      for (const [index, part] of parts.entries()) {
        // Code holds no name, sentences no markup.
        expect(part).not.toMatch(index % 2 === 1 ? braces : /[*_<>|[\]#~]/);
      }
    }
    for (const text of [
      ...sentences,
      ...known.wordings.map(({ text }) => text),
      ...known.look.map(({ command }) => command),
    ]) {
      for (const [, name] of text.matchAll(braces)) expect(VALUES).toHaveProperty(name);
    }
    for (const { text, source } of known.wordings) {
      expect(text).not.toMatch(/\s\s|^\s|\s$/);
      expect(source).not.toBe("");
      // A wording begins with words, so that not every place of a text is tried.
      expect(text).toMatch(/^(?:[^{]|\{(?:keyVersion|attestor)\})/);
    }
    for (const { command } of known.look) {
      expect(command.replace(/'[^']*'|"[^"]*"/g, "").match(braces)?.length).toBe(command.match(braces)?.length);
    }
  });

  test("pages and headings that it names are there", () => {
    const slug = (heading: string) =>
      heading
        .toLowerCase()
        .replace(/[^\w\s-]/g, "")
        .trim()
        .replace(/\s/g, "-");
    for (const { see } of KNOWN_MESSAGES) {
      for (const page of see) {
        const [file, anchor] = page.split("#");
        const path = join(root, file);
        expect({ page, there: existsSync(path) }).toEqual({ page, there: true });
        if (anchor !== undefined) {
          const headings = [...readFileSync(path, "utf8").matchAll(/^#+ (.*)$/gm)].map(([, heading]) => slug(heading));
          expect(headings).toContain(anchor);
        }
      }
    }
  });

  test("every message of the scripts of the pipeline is explained", () => {
    const values: Readonly<Record<string, string>> = {
      IMAGE: "us-docker.pkg.dev/p/r/web",
      KEY_VERSION: `${KEY}/cryptoKeyVersions/3`,
      artifact: IMAGE,
      digest: "nonsense",
      answer: "curl: (22) The requested URL returned error: 403",
    };
    const own = [
      ...[...`${BUILD_SCRIPT}${PUSH_SCRIPT}`.matchAll(/echo "([^"]*)" >&2/g)].map(([, text]) => text),
      ...[...SIGN_SCRIPT.matchAll(/\bfail "([^"]*)"/g)].map(([, text]) => `sign: ${text}`),
    ];
    expect(own).toHaveLength(7);
    for (const text of own) {
      const printed = text
        .replace(/\$\{digests\[\*\]:-none\}/, "none")
        .replace(/\$(\w+)/g, (_, name: string) => values[name]);
      expect({ printed, ids: ids(printed).filter((id) => /^(?:sign|push|build)-/.test(id)) }).toEqual({
        printed,
        ids: [expect.any(String)],
      });
    }
  });

  test("every condition that the constructs write is explained", () => {
    const written = new Set<string>();
    const collect = (value: unknown): void => {
      if (typeof value === "object" && value !== null) {
        for (const [name, inner] of Object.entries(value)) {
          if (name === "error_message") written.add(inner as string);
          else collect(inner);
        }
      }
    };
    collect(kitchenSink().toTerraform());
    // A key of another stack is read there.
    const app = testApp();
    const attestors = testStack({ app, id: "Attestors" });
    attestorIn(attestors, { keys: [trustRootIn(testStack({ app, id: "Keys" }))] });
    collect(attestors.toTerraform());
    const found = new Set<string>();
    for (const message of written) {
      const printed = message.replace(/\$\{.*?\)\}/s, "projects/q/attestors/a");
      const explained = explain(printed);
      expect({ printed, count: explained.length }).toEqual({ printed, count: 1 });
      expect(explained[0].certainty).toBe("own");
      found.add(explained[0].id);
    }
    expect([...found].sort()).toEqual(
      KNOWN_MESSAGES.filter(({ id }) => id.startsWith("check-"))
        .map(({ id }) => id)
        .sort(),
    );
  });
});

describeIfReference("Google's table of roles", (roles) => {
  test("the roles that are warned of do not carry it", () => {
    const warned = PERMISSIONS.flatMap(({ permission, beware = "" }) =>
      [...beware.matchAll(/`(roles\/[^`]+)`/g)].map(([, role]) => ({ permission, role })),
    );
    expect(warned).toHaveLength(4);
    for (const { permission, role } of warned) {
      expect(roles[role].permissions.length).toBeGreaterThan(0);
      expect(roles[role].permissions).not.toContain(permission);
    }
  });

  test.each(PERMISSIONS.map(({ permission, role }) => [role, permission] as const))(
    "%s carries %s",
    (role, permission) => {
      expect(roles[role].permissions).toContain(permission);
    },
  );
});

const gcloud = findProgram("gcloud");
describeUnless(gcloud === undefined ? "gcloud is not on the PATH" : undefined, "what gcloud itself says", () => {
  const artifact = (reference: string) => [
    "container",
    "binauthz",
    "create-signature-payload",
    `--artifact-url=${reference}`,
  ];
  const cases: [args: string[], id: string][] = [
    [artifact("us-docker.pkg.dev/p/r/a:v1"), "sign-tag-instead-of-digest"],
    [artifact(`nginx@${DIGEST}`), "sign-image-without-registry"],
    [artifact("nginx:latest"), "sign-image-without-registry"],
    [artifact("us-docker.pkg.dev/p/r/a@sha256:abcd"), "sign-digest-malformed"],
    [artifact(`us-docker.pkg.dev/p/r/A@${DIGEST}`), "sign-repository-malformed"],
    [["container", "binauthz", "attestations", "sign-and-create"], "sign-and-create-not-ga"],
  ];
  test.each(cases)(
    "%j",
    (args, id) => {
      const { status, stdout, stderr } = spawnSync((gcloud as { path: string }).path, args, {
        encoding: "utf8",
        env: {
          ...process.env,
          CLOUDSDK_CONFIG: join(root, "node_modules", ".cache", "gcloud"),
          CLOUDSDK_AUTH_DISABLE_CREDENTIALS: "true",
          CLOUDSDK_CORE_DISABLE_PROMPTS: "1",
          CLOUDSDK_CORE_DISABLE_USAGE_REPORTING: "true",
          CLOUDSDK_CORE_PROJECT: "p",
        },
      });
      expect(status).not.toBe(0);
      expect({ said: stdout + stderr, ids: ids(stdout + stderr) }).toMatchObject({ ids: [id] });
    },
    60_000,
  );
});
