import { join } from "node:path";
import { FederatedIdentity, FederatedSigner, PipelineSource, ResigningTrigger } from "../../lib";
import { type Action, boundIn, capabilities, capable, isCustom, markdown, tableOnPage } from "../support/iam-tables";
import { describeIfReference } from "../support/reference";
import { ATTESTOR, attestorIn, CONNECTED, KEY, NOTE, PROJECT, REPOSITORY, signerIn, testStack } from "../support/synth";
import { type Template, template } from "../support/template";

// The tables of docs/signing-iam.md, written from what is synthesized. BINAUTHZ_WRITE_TABLES=1 writes them into the page.

const PAGE = join(__dirname, "../../docs/signing-iam.md");

const FEDERATED = `github-web@${PROJECT}.iam.gserviceaccount.com`;
const ACCOUNT = `projects/${PROJECT}/serviceAccounts/${FEDERATED}`;
const POOL = "projects/123456789012/locations/global/workloadIdentityPools/signers";

const IDENTITIES: Readonly<Record<string, string>> = {
  builder: `serviceAccount:my-app-build@${PROJECT}.iam.gserviceaccount.com`,
  signer: `serviceAccount:sign-my-app@${PROJECT}.iam.gserviceaccount.com`,
  approver: "group:release@example.com",
  "signer of a rotation": `serviceAccount:resign@${PROJECT}.iam.gserviceaccount.com`,
  "federated signer": `serviceAccount:${FEDERATED}`,
  "job of GitHub": `principalSet://iam.googleapis.com/${POOL}/attribute.signer/260064828@refs/heads/main`,
};

const PLACES: Readonly<Record<string, string>> = {
  [KEY]: "the key",
  [NOTE]: "the note",
  [ATTESTOR]: "the attestor",
  [REPOSITORY]: "the repository",
  [`projects/${PROJECT}`]: "the project",
  [ACCOUNT]: "the federated signer's account",
};

/** What somebody may want to do, and the permission that lets them. */
const ACTIONS: readonly Action[] = [
  ["push an image", "artifactregistry.repositories.uploadArtifacts", REPOSITORY],
  ["sign with the key", "cloudkms.cryptoKeyVersions.useToSign", KEY],
  ["attach an attestation to the note", "containeranalysis.notes.attachOccurrence", NOTE],
  ["create an attestation", "containeranalysis.occurrences.create", `projects/${PROJECT}`],
  ["change attestations, provenance or scans", "containeranalysis.occurrences.update", `projects/${PROJECT}`],
  ["delete attestations, provenance or scans", "containeranalysis.occurrences.delete", `projects/${PROJECT}`],
  ["read provenance and scans", "containeranalysis.occurrences.list", `projects/${PROJECT}`],
  ["read builds and triggers", "cloudbuild.builds.get", `projects/${PROJECT}`],
  ["approve a signing build", "cloudbuild.builds.approve", `projects/${PROJECT}`],
  ["start or edit a build or trigger", "cloudbuild.builds.create", `projects/${PROJECT}`],
  ["have an attestation validated", "binaryauthorization.attestors.verifyImageAttested", ATTESTOR],
  ["act as the federated signer", "iam.serviceAccounts.getAccessToken", ACCOUNT],
  ["edit the attestor", "binaryauthorization.attestors.update", ATTESTOR],
  ["edit the policy", "binaryauthorization.policy.update", `projects/${PROJECT}`],
  ["destroy a version of the key", "cloudkms.cryptoKeyVersions.destroy", KEY],
  ["let others sign", "cloudkms.cryptoKeys.setIamPolicy", KEY],
];

function synthesized(): Template {
  const stack = testStack();
  const attestors = [attestorIn(stack)];
  signerIn(stack, { attestors, approvers: [IDENTITIES.approver] });
  new ResigningTrigger(stack, "Resign", {
    triggerName: "resign",
    attestors,
    source: PipelineSource.manual({ repository: CONNECTED, ref: "refs/heads/main" }),
  });
  new FederatedSigner(stack, "GitHub", {
    identity: FederatedIdentity.github({ ownerId: "1342004", repositoryId: "260064828", ref: "refs/heads/main" }),
    poolId: "signers",
    providerId: "github-web",
    projectNumber: "123456789012",
    attestors,
  });
  return template(stack);
}

const BINDINGS = boundIn(synthesized());

function grants(): string {
  const rows = BINDINGS.map(({ role, on, member }) => {
    const name = Object.entries(IDENTITIES).find(([, value]) => value === member)?.[0] ?? member;
    const shown = isCustom(role) ? "custom role with `containeranalysis.occurrences.create` alone" : `\`${role}\``;
    return [name, shown, PLACES[on] ?? on];
  });
  const order = Object.keys(IDENTITIES);
  rows.sort((a, b) => order.indexOf(a[0]) - order.indexOf(b[0]) || (a[1] < b[1] ? -1 : 1));
  return markdown(["who", "role", "on"], rows);
}

test("every grant is to one of the identities, on a resource that the page names", () => {
  const members = Object.values(IDENTITIES);
  expect(BINDINGS.filter(({ member, on }) => !members.includes(member) || PLACES[on] === undefined)).toEqual([]);
});

test("the custom role is what the page says of it", () => {
  const role = synthesized().resource("google_project_iam_custom_role");
  expect(role.permissions).toEqual(["containeranalysis.occurrences.create"]);
});

test("the page has the grants that are synthesized", () => {
  const table = grants();
  expect(tableOnPage(PAGE, "grants", table)).toBe(table);
});

describeIfReference("against Google's table of predefined roles", (roles) => {
  test("the page has the capabilities that follow", () => {
    const table = capabilities(roles, BINDINGS, IDENTITIES, ACTIONS);
    expect(tableOnPage(PAGE, "capabilities", table)).toBe(table);
  });

  test("only signers sign, only the builder pushes, and only the approver approves", () => {
    const who = (name: string) =>
      ACTIONS.filter(([action]) => action === name).flatMap((action) => capable(roles, BINDINGS, IDENTITIES, action));
    expect(who("push an image")).toEqual(["builder"]);
    expect(who("sign with the key")).toEqual(["signer", "signer of a rotation", "federated signer"]);
    // A job can do nothing but become the signer.
    expect(ACTIONS.map(([action]) => action).filter((action) => who(action).includes("job of GitHub"))).toEqual([
      "act as the federated signer",
    ]);
    expect(who("act as the federated signer")).toEqual(["job of GitHub"]);
    expect(who("approve a signing build")).toEqual(["approver"]);
    for (const [action] of ACTIONS.filter(([name]) => /^(?:change|delete|edit|destroy|let|start)/.test(name))) {
      expect([action, who(action)]).toEqual([action, []]);
    }
  });
});
