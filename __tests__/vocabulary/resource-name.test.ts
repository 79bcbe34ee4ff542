import fc from "fast-check";
import {
  ATTESTOR_NAME,
  attestorName,
  binaryAuthorizationAgent,
  CLUSTER_NAME,
  clusterKey,
  KEY_VERSION_FORM,
  KMS_NAME,
  keyName,
  keyRingName,
  kmsKeyId,
  type NameGrammar,
  noteName,
  PROJECT_ID,
  PROJECT_NUMBER,
  parseAttestorName,
  parseKeyVersionName,
  parseNoteName,
  SERVICE_ACCOUNT_ID,
  serviceAccountEmail,
  TRIGGER_NAME,
} from "../../lib/vocabulary/resource-name";
import { shortHash } from "../../lib/vocabulary/short-hash";
import { check } from "../support/property";

const GRAMMARS: [string, NameGrammar, string[], string[]][] = [
  [
    "project id",
    PROJECT_ID,
    ["my-secure-project", "abcdef", `a${"b".repeat(29)}`, "example.com:my-project", "p1-2-3x"],
    [
      "",
      "short",
      "My-Project",
      "1project",
      "my-project-",
      `a${"b".repeat(30)}`,
      "my_project",
      "my project",
      "a:my-project",
      "my.project",
    ],
  ],
  ["project number", PROJECT_NUMBER, ["1", "123456789012"], ["", "012", "12a", "my-project", "-1"]],
  ["key or ring", KMS_NAME, ["a", "Key_1-x", "k".repeat(63)], ["", "k".repeat(64), "a.b", "a/b", "é", "a b"]],
  [
    "attestor or note",
    ATTESTOR_NAME,
    ["a", "build-attestor", "Build_1", "a".repeat(128)],
    ["", "-a", "_a", "a.b", "a/b", "a".repeat(129), "a b"],
  ],
  [
    "cluster",
    CLUSTER_NAME,
    ["a", "prod", "c-1", "c".repeat(40)],
    ["", "1c", "Prod", "c-", "c".repeat(41), "a.b", "a_b"],
  ],
  [
    "service account",
    SERVICE_ACCOUNT_ID,
    ["abcdef", `a${"b".repeat(29)}`],
    ["", "abcde", "1abcde", "abcdef-", `a${"b".repeat(30)}`],
  ],
  ["trigger", TRIGGER_NAME, ["a", "My-Trigger-1", "t".repeat(64)], ["", "-a", "a-", "a_b", "t".repeat(65)]],
];

describe.each(GRAMMARS)("the grammar of a %s", (_, grammar, legal, illegal) => {
  test.each(legal)("takes %j", (name) => {
    expect(name).toMatch(grammar.pattern);
  });

  test.each([...illegal, `${legal[0]}\n`, `${legal[0]} `, `\${${legal[0]}}`])("refuses %j", (name) => {
    expect(name).not.toMatch(grammar.pattern);
  });
});

const project = fc.constantFrom("my-secure-project", "example.com:my-project", "abcdef");
const kms = fc.stringMatching(/^[a-zA-Z0-9_-]{1,20}$/);
const location = fc.constantFrom("global", "us-central1", "eur4");

describe("what is formatted can be read again", () => {
  test("names of key versions", () => {
    check(
      fc.record({ project, location, keyRing: kms, key: kms, version: fc.integer({ min: 1, max: 9_999 }) }),
      (parts) => {
        const name = `${keyName(parts.project, parts.location, parts.keyRing, parts.key)}/cryptoKeyVersions/${parts.version}`;
        expect(parseKeyVersionName(name)).toEqual(parts);
        expect(name.startsWith(`${keyRingName(parts.project, parts.location, parts.keyRing)}/`)).toBe(true);
      },
    );
  });

  const name = fc.stringMatching(/^[a-zA-Z0-9][a-zA-Z0-9_-]{0,20}$/);

  test("names of attestors and notes, and neither for the other", () => {
    check(fc.record({ project, name }), (parts) => {
      expect(parseAttestorName(attestorName(parts.project, parts.name))).toEqual(parts);
      expect(parseNoteName(noteName(parts.project, parts.name))).toEqual(parts);
      expect(parseAttestorName(noteName(parts.project, parts.name))).toBeUndefined();
      expect(parseNoteName(attestorName(parts.project, parts.name))).toBeUndefined();
    });
  });
});

describe("text that is no name", () => {
  test.each([
    "",
    "build-attestor",
    "projects/my-project/attestors",
    "projects/p/attestors/a",
    "projects/my-project/attestors/",
    "projects/my-project/attestors/a/b",
    "/projects/my-project/attestors/a",
    "projects/my-project/attestors/a ",
    "//binaryauthorization.googleapis.com/projects/my-project/attestors/a",
  ])("%j is no attestor", (text) => {
    expect(parseAttestorName(text)).toBeUndefined();
  });

  const KEY = "projects/my-project/locations/global/keyRings/r/cryptoKeys/k";

  test.each([
    "",
    KEY,
    `${KEY}/cryptoKeyVersions/`,
    `${KEY}/cryptoKeyVersions/0`,
    `${KEY}/cryptoKeyVersions/01`,
    `${KEY}/cryptoKeyVersions/one`,
    `//cloudkms.googleapis.com/v1/${KEY}/cryptoKeyVersions/1`,
    `${KEY}/cryptoKeyVersions/1/publicKey`,
    "projects/X/locations/global/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1",
    "projects/my-project/locations/Global/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1",
    "projects/my-project/locations/global/keyRings/r.r/cryptoKeys/k/cryptoKeyVersions/1",
  ])("%j is no key version", (text) => {
    expect(parseKeyVersionName(text)).toBeUndefined();
  });
});

test("the form of a key version that messages name is the one that is read", () => {
  const name = KEY_VERSION_FORM.replace("PROJECT", "my-project")
    .replace("LOCATION", "global")
    .replace("RING", "my-ring")
    .replace("KEY", "my-key")
    .replace("NUMBER", "7");
  expect(parseKeyVersionName(name)).toEqual({
    project: "my-project",
    location: "global",
    keyRing: "my-ring",
    key: "my-key",
    version: 7,
  });
  expect(parseKeyVersionName(KEY_VERSION_FORM)).toBeUndefined();
});

test("the id of a Cloud KMS key is the resource's URL without scheme, as gcloud derives it", () => {
  const name = "projects/my-project/locations/global/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1";
  expect(kmsKeyId(name)).toBe(`//cloudkms.googleapis.com/v1/${name}`);
});

test("the key of a cluster's rule", () => {
  expect(clusterKey("us-central1-a", "prod")).toBe("us-central1-a.prod");
});

test("the agent of Binary Authorization", () => {
  expect(binaryAuthorizationAgent("123456789012")).toBe(
    "serviceAccount:service-123456789012@gcp-sa-binaryauthorization.iam.gserviceaccount.com",
  );
});

test("the e-mail address of a service account, in a domain-scoped project too", () => {
  expect(serviceAccountEmail("robot", "my-project")).toBe("robot@my-project.iam.gserviceaccount.com");
  expect(serviceAccountEmail("robot", "example.com:app")).toBe("robot@app.example.com.iam.gserviceaccount.com");
});

test("a short hash tells the parts apart, also where they are divided differently", () => {
  expect(shortHash("a", "b")).toMatch(/^[0-9a-f]{8}$/);
  expect(new Set([shortHash("a", "b"), shortHash("ab"), shortHash("a", "b", ""), shortHash("b", "a")]).size).toBe(4);
});
