import { requested } from "../support/sandbox";
import { describeUnless } from "../support/terraform";
import { digestOf, Incident, imageOf, Runbook, versionName } from "./runbook";
import { identityOf, signingMissing } from "./signer";
import { PROJECT } from "./support";

const SIGNER = identityOf("web-signed");
const rotation = Runbook.read("rotation.md");
const FIRST_VERSION = 'const versions = [KeyVersion.signing("first", { number: 1 })];';

/** Addresses, as a plan names them. */
const VERSION = (id: string): string => `google_kms_crypto_key_version.${PROJECT}_global_binauthz_build-signer_${id}`;
const KEY_ADDRESS = `google_kms_crypto_key.${PROJECT}_global_binauthz_build-signer`;
const ATTESTOR_ADDRESS = `google_binary_authorization_attestor.${PROJECT}_built-by-ci`;
const TRIGGER_ADDRESS = `google_cloudbuild_trigger.${PROJECT}_us-central1_web-signed`;

const RE_SIGNING = "Images and re-signing";

describeUnless(signingMissing(), "docs/rotation.md, step by step", () => {
  let chain: Incident;

  // a: signed before, and signed again. b: signed before, and forgotten. c: built after the switch. d: built by a build
  // that had started before. e: signed again where Container Analysis refuses it.
  beforeAll(async () => {
    chain = await Incident.begin();
    // Whether the service refuses a second attestation by another key is not known: both are tried.
    chain.google.behaviour.duplicateAttestation = "same-image-and-key";
    await chain.step(FIRST_VERSION);
    expect(await Promise.all([..."abe"].map((letter) => chain.build(letter)))).toEqual([0, 0, 0]);
    expect(await chain.admittedOf("abcde")).toBe("abe");
    chain.watched.add("a").add("b").add("e");
  }, 400_000);

  afterAll(() => chain?.end());

  afterEach(() => {
    expect(chain.refusals).toEqual([]);
    expect(chain.google.unknownRoutes).toEqual([]);
  });

  test("step 0: the PEM is pinned, and the plan shows no changes", async () => {
    await chain.must(rotation.block("Step 0: pin", "sh"));
    expect(await chain.step(rotation.block("Step 0: pin", "ts"))).toEqual([]);
    expect(await chain.admittedOf("abe")).toBe("abe");
  }, 400_000);

  test("step 1: a standby version, with which nothing is signed yet", async () => {
    expect(await chain.step(rotation.block("Step 1: a standby version", "ts"))).toEqual([
      `create ${VERSION("second")}`,
      `update ${ATTESTOR_ADDRESS}`,
    ]);
    expect(chain.signsWith()).toBe(versionName(1));
    expect(await chain.admittedOf("abe")).toBe("abe");
  }, 400_000);

  test("step 2: the trigger changes, and nothing else; builds that had started before are admitted", async () => {
    const before = chain.signsWith();
    expect(await chain.step(rotation.block("Step 2: switch the signers", "ts"))).toEqual([`update ${TRIGGER_ADDRESS}`]);
    expect(chain.signsWith()).toBe(versionName(2));
    expect(await chain.build("c")).toBe(0);
    expect(await chain.build("d", { env: { KEY_VERSION: before } })).toBe(0);
    expect([chain.versionsOf("c"), chain.versionsOf("d")]).toEqual([[2], [1]]);
    expect(await chain.admittedOf("abcde")).toBe("abcde");
    chain.watched.add("c").add("d");
  }, 400_000);

  test("step 3: the list finds what the new version signed, and images are signed again", async () => {
    const list = rotation.block(RE_SIGNING, "sh", "attestations list");
    expect((await chain.must(list)).trim().split("\n")).toEqual([imageOf("c")]);
    const again = rotation.block(RE_SIGNING, "bash", "sign-and-create");
    for (const letter of "ad") {
      await chain.must(again, SIGNER, { DIGEST: digestOf(letter) });
      expect(chain.versionsOf(letter)).toEqual([1, 2]);
    }
    expect((await chain.must(list)).trim().split("\n").sort()).toEqual([..."acd"].map(imageOf));
    expect(await chain.admittedOf("abcde")).toBe("abcde");
  }, 400_000);

  test("step 3, where Container Analysis speaks of a conflict: refused between deletion and signature only", async () => {
    chain.google.behaviour.duplicateAttestation = "same-image";
    const again = rotation.block(RE_SIGNING, "bash", "sign-and-create");
    const refused = await chain.workplace.bash(again, SIGNER, { DIGEST: digestOf("e") });
    expect(refused.exitCode).not.toBe(0);
    expect(refused.output).toContain("already exists");
    expect(chain.versionsOf("e")).toEqual([1]);
    expect(await chain.admittedOf("e")).toBe("e");

    // The page says so: from here on, pods of this image cannot start.
    chain.watched.delete("e");
    const occurrences = Object.values(chain.google.state.occurrences);
    const name = occurrences.find(({ resourceUri }) => resourceUri === imageOf("e"))?.name as string;
    const remove = Runbook.read("troubleshooting.md").block("The sign step speaks of a conflict", "bash");
    await chain.must(remove, SIGNER, { OCCURRENCE: name.split("/").pop() ?? "" });
    expect(await chain.admittedOf("e")).toBe("");
    await chain.must(again, SIGNER, { DIGEST: digestOf("e") });
    expect(chain.versionsOf("e")).toEqual([2]);
    expect(await chain.admittedOf("e")).toBe("e");
    chain.watched.add("e");
  }, 400_000);

  test("step 4: retired; from now on the image that only the old version signed is refused, and no other", async () => {
    chain.watched.delete("b");
    expect(await chain.admittedOf("b")).toBe("b");
    expect(await chain.step(rotation.block("Step 4: retire", "ts"))).toEqual([
      `update ${ATTESTOR_ADDRESS}`,
      `update ${VERSION("first")}`,
    ]);
    expect(chain.stateOf(1)).toBe("DISABLED");
    expect(await chain.admittedOf("abcde")).toBe("acde");
  }, 400_000);

  test("the way back: enabled and trusted again, the forgotten image is admitted", async () => {
    const trusted = rotation.block("Step 2: switch the signers", "ts");
    // Its PEM is not pinned in these steps: the plan fails until the version is enabled.
    expect(await chain.deployment.refused(chain.workplace.synthesize(trusted))).toMatch(/not enabled/);
    await chain.must(rotation.block("Step 4: retire", "sh"));
    expect(await chain.step(trusted)).toEqual([`update ${ATTESTOR_ADDRESS}`]);
    expect(await chain.admittedOf("abcde")).toBe("abcde");
  }, 400_000);

  test("step 5: destroyed, also straight after the way back; what the new version signed stays admitted", async () => {
    expect(await chain.step(rotation.block("Step 5: destroy", "ts"))).toEqual([
      `delete ${VERSION("first")}`,
      `update ${ATTESTOR_ADDRESS}`,
    ]);
    expect(chain.stateOf(1)).toBe("DESTROY_SCHEDULED");
    expect(chain.stateOf(2)).toBe("ENABLED");
    expect(await chain.admittedOf("abcde")).toBe("acde");
    expect(await chain.build("f")).toBe(0);
    expect(await chain.admittedOf("f")).toBe("f");
  }, 400_000);

  test("it was looked at the watched images after every request that changed something", () => {
    const changes = requested(chain.google, /^(?!GET|POST \/admission)/).length;
    expect(chain.looks).toBeGreaterThan(changes);
  });
});

describeUnless(signingMissing(), "docs/rotation.md, changing the algorithm", () => {
  let chain: Incident;

  beforeAll(async () => {
    chain = await Incident.begin();
  });

  afterAll(() => chain?.end());

  test("a new algorithm is a new version: the key's template first, then the version, then the attestor", async () => {
    const section = rotation.block("Changing the algorithm", "ts");
    const first = `const versions = [${/KeyVersion\.signing\(.*\)/.exec(section)?.[0]}];`;
    await chain.step(first);
    expect(await chain.build("a")).toBe(0);
    chain.watched.add("a");

    const before = chain.google.requests.length;
    expect(await chain.step(section)).toEqual([
      `create ${VERSION("second")}`,
      `update ${ATTESTOR_ADDRESS}`,
      `update ${KEY_ADDRESS}`,
    ]);
    const methods = chain.google.requests.slice(before).map(({ method }) => method);
    expect(methods.filter((method) => /\.(?:create|update|patch|delete|setIamPolicy)$/.test(method ?? ""))).toEqual([
      "cloudkms.cryptoKeys.patch",
      "cloudkms.cryptoKeyVersions.create",
      "binaryauthorization.attestors.update",
    ]);
    const { cryptoKeyVersions } = chain.google.state;
    expect([1, 2].map((number) => cryptoKeyVersions[versionName(number)].algorithm)).toEqual([
      "RSA_SIGN_PKCS1_4096_SHA512",
      "EC_SIGN_P256_SHA256",
    ]);

    // Then step 2: the same, with the parts of the versions exchanged.
    const parts: Record<string, string> = { signing: "trusted", trusted: "signing" };
    const switched = section.replace(/(?<=KeyVersion\.)(signing|trusted)/g, (part) => parts[part]);
    expect(await chain.step(switched)).toEqual([`update ${TRIGGER_ADDRESS}`]);
    expect(await chain.build("b")).toBe(0);
    expect(chain.versionsOf("b")).toEqual([2]);
    expect(await chain.admittedOf("abc")).toBe("ab");
    expect(chain.refusals).toEqual([]);

    const changed = switched.replace("RSA_SIGN_PKCS1_4096_SHA512", "RSA_SIGN_PSS_4096_SHA512");
    expect(await chain.deployment.refused(chain.workplace.synthesize(changed))).toMatch(/algorithm/);
    expect(chain.google.unknownRoutes).toEqual([]);
  }, 400_000);
});

describeUnless(signingMissing(), "docs/rotation.md, a version that was made by hand", () => {
  const SECTION = "A version that was made by hand";
  let chain: Incident;

  const trustedKeys = () => {
    const attestor = chain.google.state.attestors[`projects/${PROJECT}/attestors/built-by-ci`];
    const { publicKeys } = attestor.userOwnedGrafeasNote as unknown as { publicKeys: { id: string }[] };
    return publicKeys.map(({ id }) => Number(id.split("/").pop()));
  };

  beforeAll(async () => {
    chain = await Incident.begin();
    await chain.step(FIRST_VERSION);
    expect(await chain.build("a")).toBe(0);
    chain.watched.add("a");
    const where = `--project=${PROJECT} --location=global --keyring=binauthz --key=build-signer`;
    await chain.must(`gcloud kms keys versions create ${where}`);
  }, 200_000);

  afterAll(() => chain?.end());

  afterEach(() => {
    expect(chain.refusals).toEqual([]);
    expect(chain.google.unknownRoutes).toEqual([]);
  });

  test("the apply fails as the page says; the version is in the state, and the attestor is as it was", async () => {
    const second = chain.workplace.synthesize(rotation.block("Step 1: a standby version", "ts"));
    const failed = await (await chain.deployment.use(second)).tryApply();
    expect(failed.exitCode).toBe(1);
    const said = rotation.block(SECTION, "text").replace(/\s+/g, " ");
    expect(failed.output.replace(/[\s│]+/g, " ")).toContain(said);
    expect(chain.stateOf(3)).toBe("ENABLED");
    expect(trustedKeys()).toEqual([1]);
    expect(await chain.planned(FIRST_VERSION)).toEqual([`delete ${VERSION("second")}`]);
  }, 400_000);

  test("with the number corrected only the attestor changes; so it does when the version is managed as well", async () => {
    expect(await chain.step(rotation.block(SECTION, "ts", "unmanaged"))).toEqual([`update ${ATTESTOR_ADDRESS}`]);
    expect(trustedKeys()).toEqual([1, 3]);
    expect(await chain.step(rotation.block(SECTION, "ts", "adopt: true"))).toEqual([`update ${ATTESTOR_ADDRESS}`]);
    expect(trustedKeys()).toEqual([1, 2, 3]);
    expect([1, 2, 3].map((number) => chain.stateOf(number))).toEqual(["ENABLED", "ENABLED", "ENABLED"]);
    expect(chain.stateOf(4)).toBeUndefined();
  }, 400_000);
});
