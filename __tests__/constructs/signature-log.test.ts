import { SignatureLog, type SignatureLogProps } from "../../lib";
import ENTRIES from "../fixtures/audit-log-entries.json";
import { logMatches } from "../support/logging-query";
import { PROJECT, problemsOf, refusalOf, testStack, trustRootIn } from "../support/synth";
import { type Template, template } from "../support/template";

const BUCKET = "google_logging_project_bucket_config";
const SINK = "google_logging_project_sink";
const AUDIT = "google_project_iam_audit_config";

function synth(props: Partial<SignatureLogProps> = {}, keyNames = ["build-signer-key"]): Template {
  const stack = testStack();
  const trustRoots = keyNames.map((keyName) => trustRootIn(stack, { keyName }, keyName));
  new SignatureLog(stack, "Log", { trustRoots, ...props });
  return template(stack);
}

test("the Data Access log of signatures is switched on, and of nothing else", () => {
  expect(synth().resource(AUDIT)).toMatchObject({
    project: PROJECT,
    service: "cloudkms.googleapis.com",
    audit_log_config: [{ log_type: "DATA_READ" }],
  });
  expect(synth({ enableDataAccessLog: false }).resources(AUDIT)).toEqual({});
});

test("the bucket keeps for 400 days and is not locked, unless told", () => {
  expect(synth().resource(BUCKET)).toMatchObject({
    project: PROJECT,
    location: "global",
    bucket_id: "binauthz-signatures",
    retention_days: 400,
  });
  expect(synth().resource(BUCKET)).not.toHaveProperty("locked");
  expect(
    synth({ locked: true, retentionDays: 3650, location: "eu", bucketId: "evidence" }).resource(BUCKET),
  ).toMatchObject({
    locked: true,
    retention_days: 3650,
    location: "eu",
    bucket_id: "evidence",
  });
});

test("the bucket is protected, unless told", () => {
  expect(synth().resource(BUCKET).lifecycle).toEqual({ prevent_destroy: true });
  expect(synth({ deletionProtection: false }).resource(BUCKET).lifecycle?.prevent_destroy).toBeUndefined();
});

test("the sink leads to the bucket, and waits for it and for the audit log", () => {
  const t = synth();
  expect(t.resource(SINK)).toMatchObject({
    destination: `logging.googleapis.com/projects/${PROJECT}/locations/global/buckets/binauthz-signatures`,
    depends_on: [`${BUCKET}.${PROJECT}_global_binauthz-signatures`, `${AUDIT}.${PROJECT}_cloudkms`],
  });
  expect(t.danglingDependencies()).toEqual([]);
});

test.each([true, false])(
  "the sink keeps every signature and every change of its keys, and nothing else (%s)",
  (textInNames) => {
    const kept = (t: Template) =>
      Object.entries(ENTRIES)
        .filter(([, entry]) => logMatches(t.resource(SINK).filter, entry, { textInNames }))
        .map(([name]) => name);
    const one = kept(synth());
    expect(one).toContain("signature by the signer");
    expect(one).toContain("signature by a person");
    expect(one).toContain("key version destroyed");
    expect(one).not.toContain("signature with another key");
    expect(one.filter((name) => !/^(signature by|key|public key)/.test(name))).toEqual([]);
    const both = kept(synth({}, ["build-signer-key", "build-signer-key-two"]));
    expect(both.sort()).toEqual([...one, "signature with another key", "another key version destroyed"].sort());
  },
);

test("snapshot", () => {
  expect(synth().allResources.filter(([address]) => /logging|audit/.test(address))).toMatchSnapshot();
});

test.each<[string, Partial<SignatureLogProps>, string[]]>([
  [
    "no key",
    { trustRoots: [] },
    [
      `[INVALID_OPTIONS] "trustRoots" has to hold keys of one project, got []; allowed: one SignatureLog for each project`,
    ],
  ],
  [
    "a retention that Cloud Logging does not take",
    { retentionDays: 0.5 },
    [`[INVALID_OPTIONS] "retentionDays" is out of range, got 0.5; allowed: whole days from 1 to 3650`],
  ],
  [
    "a bucket id and a location that are none",
    { bucketId: "-", location: "Mars" },
    [
      `[INVALID_OPTIONS] "bucketId" is not valid, got "-"; allowed: 2 to 100 letters, digits, underscores, hyphens and dots, starting and ending with a letter or digit`,
      `[INVALID_OPTIONS] "location" is not valid, got "Mars"; allowed: global, us, eu or a region`,
    ],
  ],
])("refused: %s", (_, props, said) => {
  expect(problemsOf(() => synth(props)).map(({ code, message }) => `[${code}] ${message}`)).toEqual(said);
});

test("refused: keys of two projects", () => {
  const stack = testStack();
  const trustRoots = ["one-project", "two-project"].map((project) => trustRootIn(stack, { project }, project));
  expect(refusalOf(() => new SignatureLog(stack, "Log", { trustRoots }))).toEqual([
    `[INVALID_OPTIONS] Stack/Log: "trustRoots" has to hold keys of one project, got ["one-project","two-project"]; allowed: one SignatureLog for each project`,
  ]);
});
