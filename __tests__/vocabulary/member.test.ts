import { MEMBER_FORM, memberError, memberLabel } from "../../lib/vocabulary/member";

// Source of the forms: https://docs.cloud.google.com/iam/docs/principal-identifiers
test.each([
  "user:alice@example.com",
  "group:signers@example.co.uk",
  "domain:example.com",
  "serviceAccount:robot@my-secure-project.iam.gserviceaccount.com",
  "serviceAccount:123456789012@cloudbuild.gserviceaccount.com",
  "serviceAccount:123456789012-compute@developer.gserviceaccount.com",
  "serviceAccount:robot@my-project.example.com.iam.gserviceaccount.com",
  "serviceAccount:my-secure-project.svc.id.goog[web/default]",
  "principal://iam.googleapis.com/projects/123/locations/global/workloadIdentityPools/pool/subject/repo",
  "principalSet://iam.googleapis.com/projects/123/locations/global/workloadIdentityPools/pool/attribute.repository/o/r",
  "principal://iam.googleapis.com/locations/global/workforcePools/pool/subject/alice@example.com",
])("%s is a member", (member) => {
  expect(memberError(member)).toBeUndefined();
});

test("the forms that messages name are those that are taken", () => {
  const forms = MEMBER_FORM.split(/, | or /);
  expect(forms).toHaveLength(6);
  for (const form of forms) {
    const member = form
      .replace("EMAIL", "robot@example.com")
      .replace("DOMAIN", "example.com")
      .replace(
        "principal://…",
        "principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/subject/s",
      )
      .replace("…", "iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/attribute.a/b");
    expect([form, memberError(member)]).toEqual([form, undefined]);
    expect([form, memberError(form)]).toEqual([form, "is no IAM member"]);
  }
});

test.each(["allUsers", "allAuthenticatedUsers"])("%s would let everybody in", (member) => {
  expect(memberError(member)).toBe("would let everybody in");
});

test.each([
  "",
  "alice@example.com",
  "user:",
  "user:alice",
  "user: alice@example.com",
  "user:alice@example.com ",
  "user:alice@example.com\nuser:mallory@example.com",
  "serviceaccount:robot@my-secure-project.iam.gserviceaccount.com",
  "serviceAccount:robot",
  "serviceAccount:a@b@example.com",
  "deleted:user:alice@example.com?uid=1",
  "projectOwner:my-secure-project",
  "principal://example.com/subject/x",
  "AllUsers",
])("%j is none", (member) => {
  expect(memberError(member)).toBe("is no IAM member");
});

test.each([
  ["user:alice@example.com", "alice"],
  ["serviceAccount:robot@my-secure-project.iam.gserviceaccount.com", "robot"],
  ["domain:example.com", "example.com"],
  ["principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/subject/repo", "repo"],
])("the label of %s is %s", (member, label) => {
  expect(memberLabel(member)).toBe(label);
});

describe("members of a pool", () => {
  const POOL = "iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool";

  test.each([
    [`principalSet://${POOL}/*`, "would let in everybody of the pool"],
    [`principalSet://${POOL}/attribute.repository/*`, "would let in everybody of the pool"],
    [`principalSet://${POOL}/attribute.repository/`, "would let in everybody of the pool"],
    [`principal://${POOL}/attribute.repository/o/r`, "is a principal without a subject, which a principalSet is for"],
    [`principalSet://${POOL}/subject/s`, "is a principalSet with a subject, which a principal is for"],
    [
      `principal://${POOL}/subject/${"s".repeat(128)}`,
      "has a subject of 128 characters, and 127 are the most that a pool takes",
    ],
    [`principal://${POOL}/subject/${"s".repeat(127)}`, undefined],
    [`principalSet://${POOL}/attribute.repository/o/r`, undefined],
    [`principalSet://${POOL}/group/g`, undefined],
    ["principalSet://cloudresourcemanager.googleapis.com/projects/1/type/ServiceAccount", undefined],
  ])("%s: %s", (member, error) => {
    expect(memberError(member)).toBe(error);
  });
});
