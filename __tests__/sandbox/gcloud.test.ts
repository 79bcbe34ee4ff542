import { createAccount, grant, type JsonObject, putIamPolicy } from "../../lib/sandbox";
import { type CommandResult, describeUnless, findProgram, run } from "../support/terraform";
import { ATTESTOR, IMAGE, KEY, keyId, makeAttestor, makeKey, NOTE, PROJECT, useSandbox } from "./support";

const SIGNER = `serviceAccount:signer@${PROJECT}.iam.gserviceaccount.com`;

describeUnless(findProgram("gcloud") ? undefined : "gcloud was not found", "the sandbox and gcloud", () => {
  const google = useSandbox();
  let version: string;

  beforeEach(async () => {
    version = await makeKey(google.sandbox);
    await makeAttestor(google.sandbox, version);
    createAccount(google.sandbox.state, PROJECT, "signer");
  });

  function gcloud(principal: string | undefined, ...args: string[]): Promise<CommandResult> {
    const env = google.sandbox.environment(principal);
    return run("gcloud", [...args, `--project=${PROJECT}`, "--quiet"], { env });
  }

  const sign = (principal?: string) =>
    gcloud(
      principal,
      ...["beta", "container", "binauthz", "attestations", "sign-and-create"],
      `--artifact-url=${IMAGE}`,
      `--attestor=${ATTESTOR}`,
      `--keyversion=${version}`,
      `--public-key-id-override=${keyId(version)}`,
      "--validate",
    );

  test("signs, lists and exports; a repeated signature is a conflict", async () => {
    const signed = await sign();
    expect(signed.output).not.toContain("WARNING");
    expect(signed.exitCode).toBe(0);
    const listed = await gcloud(
      undefined,
      ...["container", "binauthz", "attestations", "list"],
      `--attestor=${ATTESTOR}`,
      `--artifact-url=${IMAGE}`,
      "--format=json",
    );
    expect(JSON.parse(listed.stdout) as JsonObject[]).toMatchObject([{ kind: "ATTESTATION", noteName: NOTE }]);

    const again = await sign();
    expect(again.exitCode).toBe(1);
    expect(again.output).toMatch(/subject of a conflict: occurrence ID "[0-9a-f-]+" already exists/);

    const exported = await gcloud(undefined, "container", "binauthz", "policy", "export");
    expect(exported.stdout).toContain("ALWAYS_ALLOW");
    const token = await gcloud(undefined, "auth", "print-access-token");
    expect(token.stdout.trim()).toBe(`principal:${google.sandbox.state.owner}`);
    expect(google.sandbox.unknownRoutes).toEqual([]);
  }, 120_000);

  test("as the signer it does what its grants permit, and names the permission that is missing", async () => {
    const { state } = google.sandbox;
    grant(state, KEY, "roles/cloudkms.signer", SIGNER);
    grant(state, KEY, "roles/cloudkms.publicKeyViewer", SIGNER);
    grant(state, ATTESTOR, "roles/binaryauthorization.attestorsVerifier", SIGNER);
    grant(state, NOTE, "roles/containeranalysis.notes.attacher", SIGNER);
    const refused = await sign(SIGNER);
    expect(refused.exitCode).toBe(1);
    expect(refused.output).toContain("containeranalysis.occurrences.create");
    expect(state.occurrences).toEqual({});

    grant(state, `projects/${PROJECT}`, "roles/containeranalysis.occurrences.editor", SIGNER);
    expect((await sign(SIGNER)).exitCode).toBe(0);
    expect(Object.keys(state.occurrences)).toHaveLength(1);
    const principals = google.sandbox.requests.slice(-5).map(({ principal }) => principal);
    expect(new Set(principals)).toEqual(new Set([SIGNER]));

    putIamPolicy(state, KEY, {});
    expect((await sign(SIGNER)).output).toContain("cloudkms.cryptoKeyVersions.viewPublicKey");
  }, 120_000);

  test("acts as a service account only for who may make its tokens", async () => {
    const { state } = google.sandbox;
    const developer = "user:developer@example.com";
    const email = SIGNER.replace("serviceAccount:", "");
    const account = `projects/${PROJECT}/serviceAccounts/${email}`;
    const asSigner = (...args: string[]) => gcloud(developer, ...args, `--impersonate-service-account=${email}`);
    const exportPolicy = () => asSigner("container", "binauthz", "policy", "export");

    const refused = await exportPolicy();
    expect(refused.exitCode).toBe(1);
    expect(refused.output).toContain(`Permission 'iam.serviceAccounts.getAccessToken' denied on resource '${account}'`);
    expect(state.accessTokens).toEqual({});

    // The token is the account's: what the developer may does not count, what the account may does.
    grant(state, account, "roles/iam.serviceAccountTokenCreator", developer);
    grant(state, `projects/${PROJECT}`, "roles/binaryauthorization.policyViewer", developer);
    const token = await asSigner("auth", "print-access-token");
    expect(state.accessTokens[token.stdout.trim()]).toBe(SIGNER);
    expect((await exportPolicy()).output).toContain("binaryauthorization.policy.get");
    expect(google.sandbox.requests.at(-1)?.principal).toBe(SIGNER);

    grant(state, `projects/${PROJECT}`, "roles/binaryauthorization.policyViewer", SIGNER);
    const exported = await exportPolicy();
    expect(exported.stdout).toContain("ALWAYS_ALLOW");
    expect(exported.exitCode).toBe(0);
    expect(google.sandbox.unknownRoutes).toEqual([]);

    // A chain of accounts is not spoken, and said not to be.
    const chain = `--impersonate-service-account=other-account@${PROJECT}.iam.gserviceaccount.com,${email}`;
    expect((await gcloud(developer, "auth", "print-access-token", chain)).exitCode).toBe(1);
    expect(google.sandbox.unknownRoutes).toEqual(["generateAccessToken with delegates"]);
  }, 120_000);
});
