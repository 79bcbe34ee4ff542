import { grant, iamPolicy, readSeed, type Sandbox, startSandbox } from "../../lib/sandbox";
import { call } from "../support/sandbox";
import { describeIfTerraform, PROVIDER_VERSION, TerraformDir } from "../support/terraform";
import { PROJECT } from "./support";

const FOLDER = "folders/1001";
const ABOVE = "folders/1002";
const ORGANIZATION = "organizations/2001";
const READER = "user:reader@example.com";
const ROLE = "roles/binaryauthorization.policyViewer";
const POLICY = `GET binaryauthorization/v1/projects/${PROJECT}/policy`;

const SEED = {
  projects: { [PROJECT]: "123456789012" },
  parents: { [`projects/${PROJECT}`]: FOLDER, [FOLDER]: ABOVE, [ABOVE]: ORGANIZATION },
  groups: {
    "Readers@example.com": ["user:Reader@example.com", "group:inner@example.com"],
    "inner@example.com": ["serviceAccount:ci@example.iam.gserviceaccount.com", "group:readers@example.com"],
  },
};

let google: Sandbox;

beforeEach(async () => {
  google = await startSandbox({ seed: readSeed("seed.json", JSON.stringify(SEED)) });
});

afterEach(async () => {
  await google.close();
});

const reads = async (principal = READER) => (await call(google, POLICY, undefined, principal)).status;

test.each([FOLDER, ABOVE, ORGANIZATION])("a binding on %s counts for the project", async (holder) => {
  expect(await reads()).toBe(403);
  grant(google.state, holder, ROLE, READER);
  expect(await reads()).toBe(200);
});

test("a binding elsewhere, or on a folder that the project was moved out of, does not count", async () => {
  for (const other of ["folders/9", "organizations/9", "projects/another-project", "folders/10010"]) {
    grant(google.state, other, ROLE, READER);
  }
  expect(await reads()).toBe(403);
  grant(google.state, FOLDER, ROLE, READER);
  delete google.state.parents[`projects/${PROJECT}`];
  expect(await reads()).toBe(403);
});

test("what is granted on a project does not count for its folder", async () => {
  const permission = "resourcemanager.folders.getIamPolicy";
  google.state.customRoles[`projects/${PROJECT}/roles/one`] = { includedPermissions: [permission] };
  grant(google.state, `projects/${PROJECT}`, `projects/${PROJECT}/roles/one`, READER);
  const refused = await call(google, `POST cloudresourcemanager/v3/${FOLDER}:getIamPolicy`, {}, READER);
  expect(refused.json.error).toMatchObject({ details: [{ metadata: { permission, resource: FOLDER } }] });
});

test("members of a group have what the group has, also through a group in it that has the group in it", async () => {
  grant(google.state, ORGANIZATION, ROLE, "group:readers@example.com");
  expect(await reads()).toBe(200);
  expect(await reads("serviceAccount:ci@example.iam.gserviceaccount.com")).toBe(200);
  expect(await reads("user:somebody-else@example.com")).toBe(403);
  // Of a group that was not seeded, nobody is a member.
  grant(google.state, `projects/${PROJECT}`, "roles/cloudkms.viewer", "group:nobody@example.com");
  expect(
    (await call(google, `GET cloudkms/v1/projects/${PROJECT}/locations/global/keyRings`, undefined, READER)).status,
  ).toBe(403);
});

test("projects, folders and the organization say what holds them", async () => {
  const shown = async (path: string) => (await call(google, `GET cloudresourcemanager/${path}`)).json;
  expect(await shown(`v1/projects/${PROJECT}`)).toMatchObject({ parent: { type: "folder", id: "1001" } });
  expect(await shown(`v3/projects/${PROJECT}`)).toMatchObject({ parent: FOLDER });
  expect(await shown(`v3/${FOLDER}`)).toMatchObject({ name: FOLDER, parent: ABOVE, state: "ACTIVE" });
  expect(await shown(`v1/${ORGANIZATION}`)).toMatchObject({ name: ORGANIZATION, lifecycleState: "ACTIVE" });
  expect(await shown("v1/projects/an-orphan")).not.toHaveProperty("parent");
});

test.each([
  [{ parents: [] }, "seed.json, parents: is not valid, got a list of 0; allowed: folders/NUMBER"],
  [{ parents: { "demo-project": "folders/1" } }, "parents.demo-project: cannot have a parent"],
  [{ parents: { "organizations/1": "folders/1" } }, "parents.organizations/1: cannot have a parent"],
  [{ parents: { "folders/1": "projects/p" } }, "parents.folders/1: is not valid"],
  [{ parents: { "folders/1": "folders/2", "folders/2": "folders/1" } }, "parents.folders/1: is inside of itself"],
  [{ grants: [{ resource: "nonsense", role: "roles/viewer", member: READER }] }, "grants[0].resource: is not valid"],
  [{ grants: [{ resource: FOLDER, role: "viewer", member: READER }] }, "grants[0].role: is not valid"],
  [{ grants: [{ resource: FOLDER, role: "roles/viewer", member: "bob" }] }, "grants[0].member: is not valid"],
  [{ groups: ["x"] }, "groups: is not valid"],
  [{ groups: { readers: [] } }, "groups: has a group that is no address"],
  [{ groups: { "readers@example.com": "user:a@example.com" } }, "groups.readers@example.com: is no list"],
  [{ groups: { "readers@example.com": ["a@example.com"] } }, "groups.readers@example.com[0]: is no member"],
  [{ groups: { "readers@example.com": ["allUsers"] } }, "is no member"],
])("the seed %j is refused", (seed, sentence) => {
  expect(() => readSeed("seed.json", JSON.stringify(seed))).toThrow(sentence);
});

describeIfTerraform("terraform grants on folders and organizations", () => {
  test("members are added, read and removed; the second plan is empty", async () => {
    const grants = {
      terraform: { required_providers: { google: { source: "hashicorp/google", version: PROVIDER_VERSION } } },
      provider: { google: { project: PROJECT } },
      resource: {
        google_folder_iam_member: { reader: { folder: FOLDER, role: ROLE, member: "group:readers@example.com" } },
        google_organization_iam_member: {
          reader: { org_id: ORGANIZATION.split("/")[1], role: "roles/cloudkms.viewer", member: READER },
        },
      },
    };
    const terraform = TerraformDir.temporary(google.environment());
    try {
      terraform.write(grants);
      await terraform.init();
      await terraform.apply();
      expect((await terraform.plan()).exitCode).toBe(0);
      expect(iamPolicy(google.state, FOLDER).bindings).toEqual([
        { role: ROLE, members: ["group:readers@example.com"] },
      ]);
      expect(await reads()).toBe(200);
      const rings = `GET cloudkms/v1/projects/${PROJECT}/locations/global/keyRings`;
      expect((await call(google, rings, undefined, READER)).status).toBe(200);

      await terraform.destroy();
      expect(await reads()).toBe(403);
      expect(google.unknownRoutes).toEqual([]);
    } finally {
      terraform.remove();
    }
  }, 120_000);
});
