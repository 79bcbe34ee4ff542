import { readFileSync } from "node:fs";
import { join } from "node:path";
import { REPORT_SCRIPT } from "../../lib/constructs/private/signer-scripts";
import {
  type BuildRow,
  checkBuildScript,
  type ExceptionRow,
  onDemandScanScript,
  PROVENANCE_SCRIPT,
  vulnerabilityScript,
} from "../../lib/constructs/private/signing-scripts";
import { pythonMissing, RecordedApis } from "../support/recorded-apis";
import type { Json } from "../support/template";
import { type CommandResult, describeUnless } from "../support/terraform";

// The steps of a signing build, each run for real, one by one, against recorded answers of Google's APIs.

const recorded = (name: string): Json =>
  JSON.parse(readFileSync(join(__dirname, "../fixtures/cloud-build", `${name}.json`), "utf8"));

const BUILD = recorded("build");
const PLACE = "projects/argo-local-khalk/locations/us-west2";
const TRIGGER = `${PLACE}/triggers/sample-trigger-1`;
const PATH = "us-central1-docker.pkg.dev/argo-local-khalk/khalk-docker-ar/prod-prov-image";
const DIGEST = BUILD.results.images[0].digest;
const IMAGE = `${PATH}@${DIGEST}`;
const OTHER_ID = "11111111-2222-4333-8444-555555555555";

const ROW: BuildRow = {
  trigger: TRIGGER,
  serviceAccount: "builder@argo-local-khalk.iam.gserviceaccount.com",
  repository: "https://github.com/khalkie/gcb-prod-prov",
  branch: "^main$",
  image: PATH,
  images: 1,
};

const edited = (value: Json, edit: (copy: Json) => void): Json => {
  const copy = structuredClone(value);
  edit(copy);
  return copy;
};

let apis: RecordedApis;
beforeAll(async () => {
  apis = await RecordedApis.start(() => undefined);
});
afterAll(() => apis.stop());
beforeEach(() => {
  apis.requests.length = 0;
  apis.write("images", "");
  apis.write("built", "");
  apis.write("build.json", "");
});

describeUnless(pythonMissing(), "check-build", () => {
  /** Runs the step for a message that names `id`, where Cloud Build has this build and this trigger. */
  function check(
    build: Json = BUILD,
    { rows = [ROW], id = BUILD.id, trigger = { id: BUILD.buildTriggerId, name: "sample-trigger-1" } as Json } = {},
  ): Promise<CommandResult> {
    apis.answer = ({ pathname }) => {
      switch (decodeURIComponent(pathname)) {
        case `/cloudbuild/v1/${PLACE}/builds/${BUILD.id}`:
          return build;
        case `/cloudbuild/v1/${PLACE}/triggers/${build?.buildTriggerId}`:
          return trigger;
        default:
          return undefined;
      }
    };
    return apis.run(checkBuildScript(rows), { REQUESTED_BUILD: id });
  }

  test("takes the digest from the build's results, and nothing from the message but the id", async () => {
    const result = await check();
    expect(result.output).toBe(`check-build: ${IMAGE} is of build ${BUILD.id} of ${TRIGGER}\n`);
    expect(result.exitCode).toBe(0);
    expect([apis.read("images"), apis.read("built")]).toEqual([`${IMAGE}\n`, `${IMAGE}\n`]);
    expect(apis.requests).toEqual([
      `GET /cloudbuild/v1/${PLACE}/builds/${BUILD.id}`,
      `GET /cloudbuild/v1/${PLACE}/triggers/${BUILD.buildTriggerId}`,
    ]);
    expect(JSON.parse(apis.read("build.json") ?? "")).toMatchObject({ row: ROW, build: BUILD.id, ref: "main" });
  });

  test("finds the build of any project of the table", async () => {
    const other = { ...ROW, trigger: "projects/another-project/locations/us-west2/triggers/one" };
    expect((await check(BUILD, { rows: [other, ROW] })).exitCode).toBe(0);
  });

  test("a row that ends with a folder takes what is below it", async () => {
    const result = await check(BUILD, { rows: [{ ...ROW, image: PATH.replace("/prod-prov-image", "") }] });
    expect(result.exitCode).toBe(0);
  });

  const image = (name: string, digest = DIGEST) =>
    edited(BUILD, (copy) => {
      copy.results.images = [{ name, digest }];
    });

  const below = (name: string) => image(`${PATH.replace("prod-prov-image", name)}:latest`);

  // Never signed: what was changed, and what the step says of it.
  const FORGED: [name: string, run: () => Promise<CommandResult>, says: RegExp][] = [
    [
      "a message with the id of another build",
      () => check(BUILD, { id: OTHER_ID }),
      /^check-build: no project of the table has the build 11111111-/,
    ],
    ["a message with no id", () => check(BUILD, { id: "" }), /^check-build: no build id, got ''\n$/],
    [
      "a message with a path instead of an id",
      () => check(BUILD, { id: `../triggers/${BUILD.id}` }),
      /^check-build: no build id/,
    ],
    [
      "a message with an id and a second line",
      () => check(BUILD, { id: `${BUILD.id}\n${OTHER_ID}` }),
      /^check-build: no build id/,
    ],
    ["an answer about another build", () => check({ ...BUILD, id: OTHER_ID }), /another build was answered/],
    ["an answer about another project", () => check({ ...BUILD, projectId: "evil" }), /another build was answered/],
    ["a build that failed", () => check({ ...BUILD, status: "FAILURE" }), /did not succeed: its status is FAILURE/],
    ["a build that runs", () => check({ ...BUILD, status: "WORKING" }), /did not succeed: its status is WORKING/],
    ["a build that nobody's trigger started", () => check({ ...BUILD, buildTriggerId: "" }), /started by no trigger/],
    [
      "a build of another trigger, with the name of the right one among its substitutions",
      () => check(BUILD, { trigger: { id: BUILD.buildTriggerId, name: "evil-trigger" } }),
      /no row of the table has the trigger .*evil-trigger/,
    ],
    [
      "a trigger that is not the build's",
      () => check(BUILD, { trigger: { id: OTHER_ID, name: "sample-trigger-1" } }),
      /another trigger was answered/,
    ],
    // Whoever forks a repository names the branch of the pull request.
    ...["github", "repositoryEventConfig", "bitbucketServerTriggerConfig"].map((kind): (typeof FORGED)[number] => [
      `a build of a trigger for pull requests: ${kind}`,
      () =>
        check(BUILD, {
          trigger: {
            id: BUILD.buildTriggerId,
            name: "sample-trigger-1",
            [kind]: { pullRequest: { branch: "^main$" } },
          },
        }),
      /the build is of a pull request, or its trigger builds them/,
    ]),
    [
      "a build of a pull request, whose trigger has changed since",
      () => check(edited(BUILD, (copy) => Object.assign(copy.substitutions, { _PR_NUMBER: "7" }))),
      /the build is of a pull request/,
    ],
    [
      "a build of another branch",
      () =>
        check(
          edited(BUILD, (copy) => {
            copy.substitutions.BRANCH_NAME = "evil";
          }),
        ),
      /no row of the table has the branch evil/,
    ],
    [
      "a build of a branch that begins like the right one",
      () =>
        check(
          edited(BUILD, (copy) => {
            copy.substitutions.BRANCH_NAME = "main-evil";
          }),
        ),
      /no row of the table has the branch main-evil/,
    ],
    [
      "a build of a tag that is called like the branch",
      () =>
        check(
          edited(BUILD, (copy) => {
            delete copy.substitutions.BRANCH_NAME;
            copy.substitutions.TAG_NAME = "main";
          }),
        ),
      /no row of the table has the tag main/,
    ],
    [
      "a build that claims both a branch and a tag",
      () =>
        check(
          edited(BUILD, (copy) => {
            copy.substitutions.TAG_NAME = "v1";
          }),
        ),
      /says of no one branch or tag/,
    ],
    [
      "a build of a commit without a branch",
      () =>
        check(
          edited(BUILD, (copy) => {
            delete copy.substitutions.BRANCH_NAME;
          }),
        ),
      /says of no one branch or tag/,
    ],
    [
      "a build that ran as somebody else",
      () => check({ ...BUILD, serviceAccount: "projects/p/serviceAccounts/evil@p.iam.gserviceaccount.com" }),
      /ran as evil@p\.iam/,
    ],
    [
      "a build of another repository",
      () =>
        check(
          edited(BUILD, (copy) => {
            copy.source.gitSource.url = "https://github.com/evil/gcb-prod-prov";
          }),
        ),
      /was of https:\/\/github\.com\/evil/,
    ],
    [
      "a build that did not ask for verified provenance",
      () =>
        check(
          edited(BUILD, (copy) => {
            delete copy.options.requestedVerifyOption;
          }),
        ),
      /did not ask for verified provenance/,
    ],
    [
      "a build without images",
      () =>
        check(
          edited(BUILD, (copy) => {
            delete copy.results;
          }),
        ),
      /has 0 images, and the table says 1/,
    ],
    [
      "a build of two images",
      () =>
        check(
          edited(BUILD, (copy) => {
            copy.results.images.push({ name: `${PATH}/other:latest`, digest: `sha256:${"a".repeat(64)}` });
          }),
        ),
      /has 2 images, and the table says 1/,
    ],
    [
      "two images of which one is somewhere else",
      () =>
        check(
          edited(BUILD, (copy) => {
            copy.results.images.push({ name: `${PATH}-evil:latest`, digest: `sha256:${"a".repeat(64)}` });
          }),
          { rows: [{ ...ROW, images: 2 }] },
        ),
      /prod-prov-image-evil is not .* nor below it/,
    ],
    ["an image whose path begins like the right one", () => check(below("prod-prov-image-evil")), /nor below it/],
    ["an image above", () => check(below("prod-prov-image/../evil")), /no image path/],
    ["an image with an empty part", () => check(below("prod-prov-image//evil")), /no image path/],
    ["an image in upper case", () => check(below("Prod-prov-image")), /no image path/],
    ["an image of another registry", () => check(image(`evil.example.com/${PATH}:latest`)), /no image path/],
    ["an image with a digest in its name", () => check(image(`${PATH}@sha256:${"a".repeat(64)}`)), /no image path/],
    ["an image with a line of its own", () => check(image(`${PATH}\n${PATH}-evil:latest`)), /no image path/],
    ["a result without a digest", () => check(image(PATH, "")), /no digest of/],
    ["a digest in upper case", () => check(image(PATH, DIGEST.toUpperCase())), /no digest of/],
    ["a digest with a line of its own", () => check(image(PATH, `${DIGEST}\n`)), /no digest of/],
    ["results that are no list", () => check({ ...BUILD, results: { images: "none" } }), /has 4 images/],
    [
      "an answer that is not understood",
      () => check({ ...BUILD, results: { images: [null] } }),
      /an answer could not be understood/,
    ],
    [
      "two rows that both fit",
      () => check(BUILD, { rows: [ROW, { ...ROW, branch: "^(main|release)$", image: `${PATH}/x` }] }),
      /several rows of the table/,
    ],
  ];

  test.each(FORGED)("never signed: %s", async (_, forged, says) => {
    const result = await forged();
    expect(result.stderr).toMatch(says);
    expect(result.exitCode).toBe(1);
    expect(apis.read("images")).toBe("");
    expect(result.output).not.toContain("Traceback");
  });

  test("an image that was pushed under the same tag afterwards is never asked for", async () => {
    await check();
    expect(apis.read("images")).toBe(`${IMAGE}\n`);
    // No registry, and no tag, is in any request.
    expect(
      apis.requests.filter((request) => !/\/cloudbuild\/v1\/.*\/(?:builds|triggers)\/[0-9a-f-]+$/.test(request)),
    ).toEqual([]);
  });

  test("an answer that is cut off is asked for again", async () => {
    await check();
    const answer = apis.answer;
    let cut = 0;
    apis.answer = (url) => (cut++ === 0 ? { cut: true } : answer(url));
    const result = await apis.run(checkBuildScript([ROW]), { REQUESTED_BUILD: BUILD.id });
    expect([result.exitCode, result.stderr]).toEqual([0, ""]);
  });

  test("an answer that is no JSON ends the build, and says which it was", async () => {
    for (const body of ["<html>busy</html>", "[]", "NaN"]) {
      apis.answer = () => ({ status: 200, body });
      const result = await apis.run(checkBuildScript([ROW]), { REQUESTED_BUILD: BUILD.id });
      expect(result.stderr).toMatch(/^check-build: projects\/.*\/builds\/.* was answered with what is no JSON/);
      expect([result.exitCode, result.output.includes("Traceback"), apis.read("images")]).toEqual([1, false, ""]);
    }
  });

  test("an API that refuses ends the build", async () => {
    apis.answer = () => ({ status: 403, body: { error: { message: "no" } } });
    const result = await apis.run(checkBuildScript([ROW]), { REQUESTED_BUILD: BUILD.id });
    expect(result.stderr).toContain("was answered with 403");
    expect(result.exitCode).toBe(1);
  });

  test("a module in the working directory does not pose as one of Python's", async () => {
    apis.write("json.py", "raise SystemExit(0)\n");
    const result = await check({ ...BUILD, status: "FAILURE" });
    expect(result.stderr).toContain("did not succeed");
    expect(result.exitCode).toBe(1);
  });
});

describeUnless(pythonMissing(), "provenance", () => {
  const FACTS = {
    row: ROW,
    build: BUILD.id,
    place: PLACE,
    trigger: BUILD.buildTriggerId,
    kind: "branch",
    ref: "main",
    name: BUILD.name,
    commit: BUILD.substitutions.COMMIT_SHA,
  };

  function provenance(answer: Json = recorded("provenance"), facts: Json = FACTS): Promise<CommandResult> {
    apis.write("images", `${IMAGE}\n`);
    apis.write("build.json", JSON.stringify(facts));
    apis.answer = (url) =>
      url.pathname === "/containeranalysis/v1/projects/argo-local-khalk/occurrences" &&
      url.searchParams.get("filter") === `kind="BUILD" AND resourceUrl="https://${IMAGE}"`
        ? answer
        : undefined;
    return apis.run(PROVENANCE_SCRIPT, { PROVENANCE_TIMEOUT: "0" });
  }

  const altered = (edit: (statement: Json, occurrence: Json) => void) =>
    edited(recorded("provenance"), (copy) => {
      edit(copy.occurrences[0].build.inTotoSlsaProvenanceV1, copy.occurrences[0]);
    });

  test("takes what Cloud Build stored for a real image", async () => {
    const result = await provenance();
    expect(result.output).toBe(`provenance: ${IMAGE} is from https://github.com/khalkie/gcb-prod-prov main\n`);
    expect(result.exitCode).toBe(0);
  });

  test("takes that of a build whose steps are in its trigger: the source is then among the dependencies alone", async () => {
    const inline = altered((statement) => {
      statement.predicate.buildDefinition.externalParameters = { buildConfig: "steps: []", substitutions: {} };
      statement.predicate.buildDefinition.resolvedDependencies[0].uri =
        "git+https://github.com/khalkie/gcb-prod-prov.git";
    });
    expect((await provenance(inline)).exitCode).toBe(0);
  });

  test("takes that of a tag", async () => {
    const tag = altered((statement) => {
      const { buildDefinition } = statement.predicate;
      buildDefinition.externalParameters.buildConfigSource.ref = "refs/tags/v1";
      buildDefinition.resolvedDependencies[0].uri = "git+https://github.com/khalkie/gcb-prod-prov@refs/tags/v1";
      delete buildDefinition.internalParameters.systemSubstitutions.BRANCH_NAME;
      buildDefinition.internalParameters.systemSubstitutions.TAG_NAME = "v1";
    });
    const facts = { ...FACTS, kind: "tag", ref: "v1" };
    expect((await provenance(tag, facts)).exitCode).toBe(0);
    expect((await provenance(tag)).exitCode).toBe(1);
  });

  test("reads every page", async () => {
    apis.write("images", `${IMAGE}\n`);
    apis.write("build.json", JSON.stringify(FACTS));
    apis.answer = (url) =>
      url.searchParams.get("pageToken") === "next"
        ? recorded("provenance")
        : { occurrences: [], nextPageToken: "next" };
    expect((await apis.run(PROVENANCE_SCRIPT, { PROVENANCE_TIMEOUT: "0" })).exitCode).toBe(0);
  });

  const definition = (statement: Json) => statement.predicate.buildDefinition;

  const FORGED: [name: string, answer: () => Json, says: RegExp][] = [
    ["none at all", () => ({}), /there is none by Cloud Build/],
    [
      "one that somebody else attached",
      () =>
        altered((_, one) => {
          one.noteName = "projects/argo-local-khalk/notes/intoto_slsa_v1_x";
        }),
      /there is none by Cloud Build/,
    ],
    [
      "one of a project that is called alike",
      () =>
        altered((_, one) => {
          one.noteName = "projects/verified-builder-evil/notes/x";
        }),
      /there is none by Cloud Build/,
    ],
    [
      "one of another image",
      () =>
        altered((_, one) => {
          one.resourceUri = one.resourceUri.replace("@", "-evil@");
        }),
      /there is none by Cloud Build/,
    ],
    [
      "one about another digest",
      () =>
        altered((one) => {
          one.subject = [{ name: "x", digest: { sha256: "a".repeat(64) } }];
        }),
      /about another digest/,
    ],
    [
      "one of another kind",
      () =>
        altered((one) => {
          one.predicateType = "https://slsa.dev/provenance/v0.1";
        }),
      /of the type https:\/\/slsa\.dev\/provenance\/v0\.1/,
    ],
    [
      "one by another builder",
      () =>
        altered((one) => {
          one.predicate.runDetails.builder.id = "https://github.com/actions";
        }),
      /its builder is https:\/\/github/,
    ],
    [
      "one of another build",
      () =>
        altered((one) => {
          one.predicate.runDetails.metadata.invocationId = one.predicate.runDetails.metadata.invocationId.replace(
            BUILD.id,
            OTHER_ID,
          );
        }),
      /of the build .*11111111/,
    ],
    [
      "one of another trigger",
      () =>
        altered((one) => {
          definition(one).internalParameters.triggerUri = `projects/0/triggers/${OTHER_ID}`;
        }),
      /of the trigger .*11111111/,
    ],
    [
      "one of another repository",
      () =>
        altered((one) => {
          definition(one).resolvedDependencies[0].uri = "git+https://github.com/evil/gcb-prod-prov@refs/heads/main";
        }),
      /its source is https:\/\/github\.com\/evil\/gcb-prod-prov/,
    ],
    [
      "one whose steps are of another repository",
      () =>
        altered((one) => {
          definition(one).externalParameters.buildConfigSource.repository = "git+https://github.com/evil/steps";
        }),
      /its source is https:\/\/github\.com\/evil\/steps/,
    ],
    [
      "one of another branch",
      () =>
        altered((one) => {
          definition(one).resolvedDependencies[0].uri = "git+https://github.com/khalkie/gcb-prod-prov@refs/heads/evil";
        }),
      /it is from refs\/heads\/evil, refs\/heads\/main/,
    ],
    [
      "one of another commit",
      () =>
        altered((one) => {
          definition(one).resolvedDependencies[0].digest.gitCommit = "0".repeat(40);
        }),
      /its commits differ/,
    ],
    [
      "one without a commit",
      () =>
        altered((one) => {
          definition(one).resolvedDependencies = [];
        }),
      /it names no commit/,
    ],
    [
      "a region that cannot be reached",
      () => ({ occurrences: [], unreachable: ["us-west2"] }),
      /cannot reach us-west2/,
    ],
    ["an answer that is not understood", () => ({ occurrences: "none" }), /could not be understood/],
    ["an answer that is no JSON", () => "<html>", /is no JSON/],
  ];

  test.each(FORGED)("never signed: %s", async (_, answer, says) => {
    const result = await provenance(answer());
    expect(result.stderr).toMatch(says);
    expect(result.exitCode).toBe(1);
    expect(result.output).not.toContain("Traceback");
  });
});

describeUnless(pythonMissing(), "the gate on vulnerabilities", () => {
  const ANALYSIS = "projects/goog-analysis/notes/PACKAGE_VULNERABILITY";

  const discovery = (analysisStatus?: string, noteName = ANALYSIS): Json => ({
    kind: "DISCOVERY",
    noteName,
    resourceUri: `https://${IMAGE}`,
    discovery: { continuousAnalysis: "ACTIVE", analysisStatus },
  });

  const vulnerability = (name: string, effectiveSeverity: string | undefined, fixAvailable = false): Json => ({
    kind: "VULNERABILITY",
    noteName: `projects/goog-vulnz/notes/${name}`,
    resourceUri: `https://${IMAGE}`,
    vulnerability: { effectiveSeverity, fixAvailable },
  });

  interface Scan {
    readonly scans?: Json[];
    readonly found?: Json[];
    readonly severity?: string;
    readonly fixableOnly?: boolean;
    readonly exceptions?: ExceptionRow[];
  }

  function gate(scan: Scan = {}): Promise<CommandResult> {
    const { scans = [discovery("FINISHED_SUCCESS")], found = [], severity = "HIGH", fixableOnly = false } = scan;
    apis.write("images", `${IMAGE}\n`);
    apis.answer = (url) => {
      switch (url.searchParams.get("filter")) {
        case `kind="DISCOVERY" AND resourceUrl="https://${IMAGE}"`:
          return { occurrences: scans };
        case `kind="VULNERABILITY" AND resourceUrl="https://${IMAGE}"`:
          return { occurrences: found };
        default:
          return undefined;
      }
    };
    return apis.run(vulnerabilityScript(scan.exceptions ?? []), {
      SEVERITY: severity,
      FIXABLE_ONLY: `${fixableOnly}`,
      SCAN_TIMEOUT: "0",
    });
  }

  const exception = (until: string): ExceptionRow => ({ id: "CVE-2026-1", until, reason: "not reachable: see #12" });

  const PASSED: [string, Scan][] = [
    ["nothing found", {}],
    ["a scan of a region", { scans: [discovery("COMPLETE", ANALYSIS.replace("/notes", "/locations/us-west1/notes"))] }],
    ["only what is below the threshold", { found: [vulnerability("CVE-2026-1", "MEDIUM", true)] }],
    [
      "what has no fix, where only fixable ones count",
      { found: [vulnerability("CVE-2026-1", "CRITICAL")], fixableOnly: true },
    ],
    [
      "what is let through for a while",
      { found: [vulnerability("CVE-2026-1", "CRITICAL", true)], exceptions: [exception("2999-12-31")] },
    ],
  ];

  test.each(PASSED)("lets through: %s", async (_, scan) => {
    const result = await gate(scan);
    expect(result.stderr).toBe("");
    expect(result.exitCode).toBe(0);
  });

  test("a token that ends while the step waits is renewed, once for an answer", async () => {
    const scan = PASSED[0][1];
    await gate(scan);
    const answer = apis.answer;
    const renewals: string[] = [];
    apis.answer = (url) => {
      // From now on, only a later token is taken.
      renewals.push(url.pathname);
      apis.write("token", `token-${renewals.length}`);
      return answer(url);
    };
    try {
      const result = await apis.run(vulnerabilityScript([]), {
        SEVERITY: "HIGH",
        FIXABLE_ONLY: "false",
        SCAN_TIMEOUT: "0",
      });
      expect([result.exitCode, result.stderr]).toEqual([0, ""]);
      expect(renewals.length).toBeGreaterThan(1);
    } finally {
      apis.write("token", "recorded");
    }
  });

  test("says what it lets through, until when and why", async () => {
    const result = await gate({
      found: [vulnerability("CVE-2026-1", "CRITICAL")],
      exceptions: [exception("2999-12-31")],
    });
    expect(result.stdout).toContain("CVE-2026-1 is let through until 2999-12-31: not reachable: see #12");
  });

  const STOPPED: [string, Scan, RegExp][] = [
    ["no scan", { scans: [] }, /was not scanned in time: Artifact Analysis says nothing; is scanning enabled\?/],
    ["a scan that waits", { scans: [discovery("PENDING")] }, /not scanned in time: Artifact Analysis says PENDING/],
    ["a scan that runs", { scans: [discovery("SCANNING")] }, /says SCANNING/],
    ["a scan that failed", { scans: [discovery("FINISHED_FAILED")] }, /could not be scanned: FINISHED_FAILED/],
    ["an image that nobody can scan", { scans: [discovery("FINISHED_UNSUPPORTED")] }, /FINISHED_UNSUPPORTED/],
    ["a scan without a status", { scans: [discovery()] }, /not scanned in time/],
    [
      "one scan of two that runs",
      { scans: [discovery("FINISHED_SUCCESS"), discovery("SCANNING")] },
      /not scanned in time/,
    ],
    [
      "a scan that somebody else says is through",
      { scans: [discovery("FINISHED_SUCCESS", "projects/evil/notes/PACKAGE_VULNERABILITY")] },
      /not scanned in time: Artifact Analysis says nothing/,
    ],
    ["what is at the threshold", { found: [vulnerability("CVE-2026-1", "HIGH")] }, /has CVE-2026-1 \(HIGH\)/],
    ["what is above it", { found: [vulnerability("CVE-2026-1", "CRITICAL", true)] }, /\(CRITICAL, fixable\)/],
    ["what nobody has judged yet", { found: [vulnerability("CVE-2026-1", undefined)] }, /\(SEVERITY_UNSPECIFIED\)/],
    [
      "what nobody has judged yet, where only fixable ones count",
      { found: [vulnerability("CVE-2026-1", undefined)], fixableOnly: true },
      /\(SEVERITY_UNSPECIFIED\)/,
    ],
    ["a severity that is new", { found: [vulnerability("CVE-2026-1", "APOCALYPTIC")] }, /\(APOCALYPTIC\)/],
    [
      "an exception that has ended",
      { found: [vulnerability("CVE-2026-1", "HIGH")], exceptions: [exception("2020-01-01")] },
      /CVE-2026-1 \(HIGH\); its exception ended on 2020-01-01/,
    ],
    [
      "an exception for another one",
      { found: [vulnerability("CVE-2026-12", "HIGH")], exceptions: [exception("2999-12-31")] },
      /has CVE-2026-12 \(HIGH\)/,
    ],
    [
      "one that is let through and one that is not",
      {
        found: [vulnerability("CVE-2026-1", "HIGH"), vulnerability("CVE-2026-2", "HIGH")],
        exceptions: [exception("2999-12-31")],
      },
      /has CVE-2026-2 \(HIGH\)\n$/,
    ],
    [
      "a finding that is not understood",
      { found: [{ ...vulnerability("x", "LOW"), vulnerability: null }] },
      /understood/,
    ],
  ];

  test.each(STOPPED)("never signed: %s", async (_, scan, says) => {
    const result = await gate(scan);
    expect(result.stderr).toMatch(says);
    expect(result.exitCode).toBe(1);
  });

  test.each(["", "nginx:latest\n", `${PATH}:latest\n`, `${IMAGE}\n\n`, `${IMAGE};x\n`])(
    "refuses the list %j",
    async (images) => {
      apis.write("images", images);
      const env = { SEVERITY: "HIGH", FIXABLE_ONLY: "false", SCAN_TIMEOUT: "0" };
      const result = await apis.run(vulnerabilityScript([]), env);
      expect(result.stderr).toMatch(/no image with a digest|the list of images is empty/);
      expect(result.exitCode).toBe(1);
    },
  );
});

describeUnless(pythonMissing(), "the scan before the push", () => {
  const SCAN = "projects/my-project/locations/us/scans/fff66882-0255-4333-9619-91900df6040c";

  const vulnerability = (name: string, effectiveSeverity: string | undefined, fixAvailable = false): Json => ({
    kind: "VULNERABILITY",
    noteName: `projects/goog-vulnz/notes/${name}`,
    resourceUri: "app:1",
    vulnerability: { effectiveSeverity, fixAvailable },
  });

  interface Scan {
    /** What gcloud does; it prints the name of the scan, where there is one. */
    readonly gcloud?: string;
    readonly answer?: Json;
    readonly severity?: string;
    readonly fixableOnly?: boolean;
    readonly exceptions?: ExceptionRow[];
  }

  function scan(options: Scan = {}): Promise<CommandResult> {
    const { gcloud = `echo ${SCAN}`, answer = {}, severity = "HIGH", fixableOnly = false } = options;
    apis.write("scan.sh", gcloud);
    apis.write("gcloud.log", "");
    apis.answer = (url) => (url.pathname === `/ondemandscanning/v1/${SCAN}/vulnerabilities` ? answer : undefined);
    return apis.run(onDemandScanScript(options.exceptions ?? []), {
      IMAGE: "us-docker.pkg.dev/p/r/app",
      TAG: "1",
      PROJECT: "my-project",
      LOCATION: "us",
      SEVERITY: severity,
      FIXABLE_ONLY: `${fixableOnly}`,
    });
  }

  const occurrences = (...found: Json[]) => ({ answer: { occurrences: found } });
  const exception = (until: string): ExceptionRow => ({ id: "CVE-2026-1", until, reason: "not reachable: see #12" });

  test("scans the image that was built, by its tag, and reads what was found", async () => {
    const result = await scan();
    expect(result.output).toBe("scan: us-docker.pkg.dev/p/r/app:1 was scanned, with 0 findings\n");
    expect(result.exitCode).toBe(0);
    expect(apis.read("gcloud.log")).toBe(
      "artifacts docker images scan us-docker.pkg.dev/p/r/app:1 --project=my-project --location=us --format=value(response.scan)\n",
    );
    expect(apis.requests).toEqual([`GET /ondemandscanning/v1/${SCAN}/vulnerabilities`]);
  });

  test.each<[string, Scan]>([
    ["only what is below the threshold", occurrences(vulnerability("CVE-2026-1", "MEDIUM", true))],
    [
      "what has no fix, where only fixable ones count",
      { ...occurrences(vulnerability("CVE-2026-1", "CRITICAL")), fixableOnly: true },
    ],
    [
      "what is let through for a while",
      { ...occurrences(vulnerability("CVE-2026-1", "CRITICAL", true)), exceptions: [exception("2999-12-31")] },
    ],
  ])("lets through: %s", async (_, options) => {
    const result = await scan(options);
    expect(result.stderr).toBe("");
    expect(result.exitCode).toBe(0);
  });

  test("says what it lets through, until when and why", async () => {
    const found = occurrences(vulnerability("CVE-2026-1", "CRITICAL"));
    const result = await scan({ ...found, exceptions: [exception("2999-12-31")] });
    expect(result.stdout).toContain("CVE-2026-1 is let through until 2999-12-31: not reachable: see #12");
  });

  test.each<[string, Scan, RegExp]>([
    ["a scan that gcloud could not make", { gcloud: "echo 'Extraction failed' >&2; exit 1" }, /could not be scanned/],
    // gcloud ends with 0 after some failures, and prints nothing.
    ["no scan, and gcloud content", { gcloud: "true" }, /was not scanned: gcloud named no scan, got ''/],
    ["an operation that still runs", { gcloud: "echo projects/p/locations/us/operations/x" }, /named no scan/],
    ["two scans", { gcloud: `echo ${SCAN}; echo ${SCAN}` }, /named no scan/],
    ["a scan that leads elsewhere", { gcloud: `echo ${SCAN}/../x` }, /named no scan/],
    ["a scan that is not there", { answer: { status: 404 } }, /was answered with 404/],
    ["a scan that may not be read", { answer: { status: 403, body: {} } }, /was answered with 403/],
    ["an answer that is no JSON", { answer: "<html>" }, /is no JSON/],
    ["an answer that is not understood", { answer: { occurrences: "none" } }, /could not be understood/],
    ["what is at the threshold", occurrences(vulnerability("CVE-2026-1", "HIGH")), /has CVE-2026-1 \(HIGH\)/],
    ["what nobody has judged yet", occurrences(vulnerability("CVE-2026-1", undefined)), /\(SEVERITY_UNSPECIFIED\)/],
    ["a severity that is new", occurrences(vulnerability("CVE-2026-1", "APOCALYPTIC")), /\(APOCALYPTIC\)/],
    [
      "an exception that has ended",
      { ...occurrences(vulnerability("CVE-2026-1", "HIGH")), exceptions: [exception("2020-01-01")] },
      /CVE-2026-1 \(HIGH\); its exception ended on 2020-01-01/,
    ],
    ["a finding that is not understood", occurrences({ noteName: "x", vulnerability: null }), /understood/],
  ])("never pushed: %s", async (_, options, says) => {
    const result = await scan(options);
    expect(result.stderr).toMatch(says);
    expect(result.exitCode).toBe(1);
    expect(result.output).not.toContain("Traceback");
  });

  test("what is on the second page stops it as well", async () => {
    apis.write("scan.sh", `echo ${SCAN}`);
    apis.answer = (url) =>
      url.searchParams.get("pageToken") === "next"
        ? { occurrences: [vulnerability("CVE-2026-2", "CRITICAL")] }
        : { occurrences: [vulnerability("CVE-2026-1", "LOW")], nextPageToken: "next" };
    const env = { IMAGE: "i", TAG: "t", PROJECT: "p", LOCATION: "us", SEVERITY: "HIGH", FIXABLE_ONLY: "false" };
    const result = await apis.run(onDemandScanScript([]), env);
    expect(result.stderr).toContain("i:t has CVE-2026-2 (CRITICAL)");
    expect(result.exitCode).toBe(1);
  });
});

test("the report is the images and nothing else", async () => {
  apis.write("images", `${IMAGE}\n`);
  expect((await apis.run(REPORT_SCRIPT)).stdout).toBe(`${IMAGE}\n`);
});
