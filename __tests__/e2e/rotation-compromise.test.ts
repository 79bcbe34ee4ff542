import { existsSync } from "node:fs";
import { join } from "node:path";
import { describeUnless } from "../support/terraform";
import { digestOf, Incident, imageOf, Runbook, versionName } from "./runbook";
import { IMAGE, identityOf, signingMissing } from "./signer";
import { PROJECT } from "./support";

const guide = Runbook.read("compromise.md");
const rotation = Runbook.read("rotation.md");
const FIRST_VERSION = 'const versions = [KeyVersion.signing("first", { number: 1 })];';
const PINNED =
  'import { readFileSync } from "node:fs";\nconst versions = [KeyVersion.signing("first", { number: 1, publicKeyPem: readFileSync("first.pem", "utf8") })];';

/** The pipeline whose identity is compromised: the guide names it so. */
const LOST = "web-signed";
/** The one that takes its place. */
const NEW = "web-signed-2";

const VERSION = (id: string): string => `google_kms_crypto_key_version.${PROJECT}_global_binauthz_build-signer_${id}`;
const ATTESTOR_ADDRESS = `google_binary_authorization_attestor.${PROJECT}_built-by-ci`;

const STOP = "1. Stop signing, at once";
const LIST = "2. List what was signed";
const DELETE = "3. Delete the bad attestations";
const SIGN_AGAIN = "4. A new version, and good images signed again";
const RETIRE = "5. Retire";

describeUnless(signingMissing(), "docs/compromise.md, step by step", () => {
  let chain: Incident;
  const names = guide.block("A key or signer is compromised", "bash");
  /** Runs a block with the names that the guide begins with. */
  const follow = (commands: string, env?: Record<string, string>): Promise<string> =>
    chain.must(`${names}\n${commands}`, undefined, env);

  // a: good, and signed again in time. b: good, and signed again by nobody. f: the attacker's.
  beforeAll(async () => {
    chain = await Incident.begin();
    chain.google.behaviour.duplicateAttestation = "same-image-and-key";
    await chain.step(FIRST_VERSION);
    expect(await Promise.all([..."abf"].map((letter) => chain.build(letter)))).toEqual([0, 0, 0]);
    expect(await chain.admittedOf("abfe")).toBe("abf");
    chain.watched.add("a").add("b");
  }, 400_000);

  afterAll(() => chain?.end());

  afterEach(() => {
    expect(chain.refusals).toEqual([]);
    expect(chain.google.unknownRoutes).toEqual([]);
  });

  test("1: signing stops at once, for the signer and for everybody; what is signed stays admitted", async () => {
    const { state } = chain.google;
    await follow(guide.block(STOP, "bash", "versions disable"));
    expect(chain.stateOf(1)).toBe("DISABLED");
    const account = `projects/${PROJECT}/serviceAccounts/${LOST}@${PROJECT}.iam.gserviceaccount.com`;
    expect(state.serviceAccounts[account].disabled).toBe(true);
    expect(JSON.stringify(state.iamPolicies[versionName(1).replace(/\/cryptoKeyVersions.*/, "")])).not.toContain(
      "roles/cloudkms.signer",
    );

    const signatures = () => chain.google.requests.filter(({ path, status }) => /Sign$/.test(path) && status === 200);
    const before = signatures().length;
    expect(await chain.build("e")).not.toBe(0);
    // Each of the three alone is enough: the version signs for nobody, its owner included.
    const again = rotation
      .block("Images and re-signing", "bash", "sign-and-create")
      .replace("Versions/2", "Versions/1");
    const refused = await chain.workplace.bash(again, undefined, { DIGEST: digestOf("e") });
    expect(refused.exitCode).not.toBe(0);
    expect(refused.output).toContain("is not enabled");
    expect(signatures()).toHaveLength(before);
    expect(await chain.admittedOf("abfe")).toBe("abf");
  }, 400_000);

  test("1: the look for others who may sign finds somebody on key, ring and project", async () => {
    const { iamPolicies } = chain.google.state;
    const key = versionName(1).replace(/\/cryptoKeyVersions.*/, "");
    const others = [key, key.replace(/\/cryptoKeys.*/, ""), `projects/${PROJECT}`].map((resource, index) => {
      const member = `user:other-${index}@example.com`;
      const policy = iamPolicies[resource] ?? {};
      const bindings = [...((policy.bindings ?? []) as []), { role: "roles/cloudkms.signer", members: [member] }];
      iamPolicies[resource] = { ...policy, bindings };
      return { resource, member };
    });
    const shown = await follow(guide.block(STOP, "bash", "get-iam-policy"));
    for (const { resource, member } of others) {
      expect(shown).toContain(member);
      const policy = iamPolicies[resource];
      policy.bindings = (policy.bindings as { members: string[] }[]).filter(({ members }) => !members.includes(member));
    }
  }, 120_000);

  test("2: the attestations by the version are listed with their names", async () => {
    const commands = guide.block(LIST, "bash", "attestations list");
    const since = (time: string) => follow(commands.replace(/createTime>=\\"[^"\\]*/, `createTime>=\\"${time}`));
    const listed = await since("2020-01-01T00:00:00Z");
    for (const letter of "abf") {
      expect(listed).toMatch(new RegExp(`^projects/${PROJECT}/occurrences/[^,]+,[^,]+,${imageOf(letter)}$`, "m"));
    }
    expect(await since("2100-01-01T00:00:00Z")).not.toContain(IMAGE);
    // No audit log of Cloud KMS is kept by the sandbox: the command is understood, and finds none.
    expect((await follow(guide.block(LIST, "bash", "logging read"))).trim()).toBe("");
  }, 120_000);

  test("3: without its attestation the attacker's image is refused, and the good ones are not", async () => {
    const found = Object.values(chain.google.state.occurrences).find(({ resourceUri }) => resourceUri === imageOf("f"));
    await follow(guide.block(DELETE, "bash"), { NAME: found?.name as string });
    expect(await chain.admittedOf("abf")).toBe("ab");
  }, 120_000);

  test("4: the attestor hands out the PEM, without which the plan fails", async () => {
    expect(await chain.deployment.refused(chain.workplace.synthesize(FIRST_VERSION))).toMatch(/not enabled/);
    expect(existsSync(join(chain.workplace.folder, "first.pem"))).toBe(false);
    await follow(guide.block(SIGN_AGAIN, "bash", "attestors describe"));

    // What step 1 warns of, and step 6 says of the plan: the program as it was gives everything back.
    const asItWas = await chain.planned(PINNED);
    expect(asItWas).toEqual([
      expect.stringMatching(/^create google_kms_crypto_key_iam_member\.key-build-signer_cloudkms-signer_web-signed_/),
      expect.stringMatching(/^update google_service_account\./),
    ]);
  }, 400_000);

  test("4: a new version and a new identity; good pods can start meanwhile, and are signed again", async () => {
    const planned = await chain.step(guide.block(SIGN_AGAIN, "ts"), NEW);
    const created = planned.filter((change) => /^create .*_iam_member/.test(change));
    expect(created).toHaveLength(8);
    expect(created.filter((change) => !change.includes(`_${NEW}_`))).toEqual([]);
    expect(planned).toEqual(expect.arrayContaining([`create ${VERSION("second")}`, `update ${ATTESTOR_ADDRESS}`]));
    expect(chain.stateOf(1)).toBe("DISABLED");
    expect(JSON.stringify(chain.google.state.iamPolicies)).not.toContain(`${LOST}@`);
    expect(await chain.admittedOf("abf")).toBe("ab");

    const again = rotation.block("Images and re-signing", "bash", "sign-and-create");
    await chain.must(again, identityOf(NEW), { DIGEST: digestOf("a") });
    expect(chain.versionsOf("a")).toEqual([1, 2]);
    expect(await chain.build("c", { pipeline: NEW })).toBe(0);
    expect(chain.versionsOf("c")).toEqual([2]);
    chain.watched.add("c");
  }, 300_000);

  test("4: gcloud takes the public key away faster than an apply, and the plan then adds it again", async () => {
    chain.watched.delete("b");
    expect(await chain.admittedOf("abc")).toBe("abc");
    await follow(guide.block(SIGN_AGAIN, "bash", "public-keys remove"));
    expect(await chain.admittedOf("abcf")).toBe("ac");
    expect(await chain.planned(guide.block(SIGN_AGAIN, "ts"), NEW)).toEqual([`update ${ATTESTOR_ADDRESS}`]);
  }, 400_000);

  test("5 and 6: retired, the program says what was done by hand", async () => {
    // The attestor has lost the key already, and the version is disabled already: what is left is to say so.
    const planned = await chain.step(guide.block(RETIRE, "ts"), NEW);
    expect(planned.filter((change) => change !== `update ${VERSION("first")}`)).toEqual([]);
    expect(chain.stateOf(1)).toBe("DISABLED");
    expect(await chain.admittedOf("abcf")).toBe("ac");
    expect(chain.google.state.serviceAccounts).not.toHaveProperty([
      `projects/${PROJECT}/serviceAccounts/${LOST}@${PROJECT}.iam.gserviceaccount.com`,
    ]);
  }, 400_000);
});
