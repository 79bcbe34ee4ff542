import { type JsonObject, putScan, readSeed } from "../../lib/sandbox";
import { readOccurrenceFilter } from "../../lib/sandbox/occurrence-filter";
import { call } from "../support/sandbox";
import { DIGEST, IMAGE, PROJECT, useSandbox } from "./support";

const P = `projects/${PROJECT}`;
const FINDING = { id: "CVE-2026-1", severity: "CRITICAL", fixable: true };

const google = useSandbox({
  seed: {
    scans: [{ image: IMAGE, findings: [FINDING] }],
    packageVulnerabilities: [
      { packageName: "openssl", version: "1", ...FINDING },
      { packageName: "zlib", id: "CVE-2026-2" },
    ],
  },
});

async function listed(filter: string): Promise<JsonObject[]> {
  const path = `containeranalysis/v1/${P}/occurrences?filter=${encodeURIComponent(filter)}`;
  const { status, json } = await call(google.sandbox, `GET ${path}`);
  expect(status).toBe(200);
  return (json.occurrences ?? []) as JsonObject[];
}

test("a scan is what Artifact Analysis stores of one, attached to Google's notes", async () => {
  putScan(google.sandbox.state, { image: IMAGE.replace(DIGEST, `sha256:${"b".repeat(64)}`), status: "SCANNING" });
  const [discovery, ...others] = await listed(`kind="DISCOVERY" AND resourceUrl="https://${IMAGE}"`);
  expect(others).toEqual([]);
  expect(discovery).toMatchObject({
    noteName: "projects/goog-analysis/notes/PACKAGE_VULNERABILITY",
    discovery: { analysisStatus: "FINISHED_SUCCESS" },
  });
  expect(await listed(`kind="VULNERABILITY" AND resourceUrl="https://${IMAGE}"`)).toMatchObject([
    {
      noteName: "projects/goog-vulnz/notes/CVE-2026-1",
      vulnerability: { effectiveSeverity: "CRITICAL", fixAvailable: true },
    },
  ]);
  expect(await listed('kind="DISCOVERY"')).toHaveLength(2);
});

describe("the filter", () => {
  const ONE = { kind: "VULNERABILITY", resourceUri: "https://h/p/a@sha256:1", noteName: "projects/n/notes/CVE-1" };

  test.each([
    ["", true],
    ['kind="VULNERABILITY"', true],
    ['kind = "DISCOVERY"', false],
    // As gcloud writes them.
    [
      '(has_prefix(resourceUrl, "h/p/a") OR has_prefix(resourceUrl, "https://h/p/a")) AND ((kind = "DISCOVERY") OR (kind = "VULNERABILITY"))',
      true,
    ],
    ['(kind = "VULNERABILITY") AND (resourceUrl = "https://h/p/b@sha256:1")', false],
    ['has_suffix(resourceUrl, "sha256:1")', true],
    ['has_suffix(resourceUrl, "sha256:2") OR noteId="CVE-1"', true],
    ['noteProjectId="n" AND noteProjectId="m"', false],
    // OR binds closer.
    ['kind="VULNERABILITY" OR kind="x" AND kind="y"', false],
    ['kind="y" AND kind="VULNERABILITY" OR kind="x"', false],
    ['(kind="y" AND kind="x") OR kind="VULNERABILITY"', true],
  ])("%j: %s", (text, wanted) => {
    expect(readOccurrenceFilter(text)?.(ONE)).toBe(wanted);
  });

  test.each([
    "kind",
    'kind="x',
    'kind="x" kind="y"',
    "(",
    'kind="x" AND',
    ')kind="x"(',
    'state="x"',
    "(".repeat(10_000),
  ])("%.30j is none", (text) => {
    expect(readOccurrenceFilter(text)).toBeUndefined();
  });
});

describe("On-Demand Scanning", () => {
  async function scanned(packages: readonly object[]): Promise<JsonObject[]> {
    const path = `ondemandscanning/v1/${P}/locations/us/scans:analyzePackages`;
    const { status, json } = await call(google.sandbox, `POST ${path}`, { resourceUri: "app:1", packages });
    expect(status).toBe(200);
    expect(json.done).toBe(true);
    const { scan } = json.response as JsonObject;
    expect(scan).toMatch(new RegExp(`^${P}/locations/us/scans/[0-9a-f-]{36}$`));
    const { json: found } = await call(google.sandbox, `GET ondemandscanning/v1/${scan}/vulnerabilities`);
    return (found.occurrences ?? []) as JsonObject[];
  }

  test("finds what is known of the packages, by version where one is named", async () => {
    const found = await scanned([
      { package: "openssl", version: "1" },
      { package: "zlib", version: "7" },
      { package: "bash", version: "5" },
    ]);
    expect(found.map(({ noteName }) => noteName)).toEqual([
      "projects/goog-vulnz/notes/CVE-2026-1",
      "projects/goog-vulnz/notes/CVE-2026-2",
    ]);
    expect(await scanned([{ package: "openssl", version: "2" }])).toEqual([]);
  });

  test("a scan that is not there is not found, and one of nothing is refused", async () => {
    const get = `GET ondemandscanning/v1/${P}/locations/us/scans/none/vulnerabilities`;
    expect((await call(google.sandbox, get)).status).toBe(404);
    const analyze = `POST ondemandscanning/v1/${P}/locations/us/scans:analyzePackages`;
    expect((await call(google.sandbox, analyze, { resourceUri: "app" })).status).toBe(400);
  });
});

describe("a seed", () => {
  const JWKS = { keys: [{ kty: "RSA", n: "x", e: "AQAB" }] };

  test("may have issuers, builds, scans and packages", () => {
    const seed = {
      issuers: { "https://issuer.example.com": JWKS },
      builds: [{ name: `${P}/locations/us-central1/builds/b`, status: "SUCCESS" }],
      scans: [{ image: IMAGE, findings: [FINDING] }],
      packageVulnerabilities: [{ packageName: "openssl", ...FINDING }],
    };
    expect(readSeed("seed.json", JSON.stringify(seed))).toMatchObject(seed);
  });

  test.each([
    [{ issuers: [] }, /issuers/],
    [{ issuers: { "http://issuer": JWKS } }, /issuers\.http/],
    [{ issuers: { "https://issuer": {} } }, /issuers\.https/],
    [{ builds: [{ name: "b" }] }, /builds\[0\]/],
    [{ builds: {} }, /builds/],
    [{ scans: [{ image: "app:latest" }] }, /scans\[0\]/],
    [{ scans: [{ image: IMAGE, finding: [] }] }, /scans\[0\]/],
    [{ scans: [{ image: IMAGE, findings: [{ id: "CVE-1", fixAvailable: true }] }] }, /scans\[0\]/],
    [{ packageVulnerabilities: [{ id: "CVE-1" }] }, /packageVulnerabilities\[0\]/],
  ])("%j is refused, and the place is named", (seed, place) => {
    expect(() => readSeed("seed.json", JSON.stringify(seed))).toThrow(place);
  });
});
