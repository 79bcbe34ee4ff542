import fc from "fast-check";
import { type LogFile, readEntries } from "../../lib/audit/entries";
import { EVENT_KINDS, type EventKind, LOG_KINDS } from "../../lib/audit/kinds";
import { type AuditOptions, auditReport } from "../../lib/audit/report";
import ENTRIES from "../fixtures/audit-log-entries.json";
import { check } from "../support/property";

type Name = keyof typeof ENTRIES;

const NAMES = Object.keys(ENTRIES) as Name[];
const file = (entries: readonly unknown[]): LogFile => ({ source: "logs.json", text: JSON.stringify(entries) });
const report = (names: readonly Name[], options: Partial<AuditOptions> = {}) =>
  auditReport(readEntries([file(names.map((name) => ENTRIES[name]))]), { covered: [], ...options });
const kinds = (names: readonly Name[], options: Partial<AuditOptions> = {}) =>
  report(names, options).findings.map(({ kind, gates }) => [kind, gates]);

const SIGNER = "serviceAccount:signer@my-secure-project.iam.gserviceaccount.com";
const FEDERATED =
  "principal://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/ci/subject/repo:org/app:ref:refs/heads/main";
const KEY = "projects/my-secure-project/locations/global/keyRings/binauthz-ring/cryptoKeys/build-signer-key";

test("the order of the entries, and how they are spread over files, do not matter", () => {
  const timed = NAMES.map((name, index) => ({
    ...ENTRIES[name],
    insertId: `${index}`,
    timestamp: `2026-11-02T09:00:0${index % 7}${index % 2 ? ".5" : ""}Z`,
  }));
  const options = { covered: [], signers: [SIGNER], operators: ["user:bob@example.com"] } as const;
  const expected = auditReport(readEntries([file(timed)]), options);
  const orders = fc.shuffledSubarray(timed, { minLength: timed.length, maxLength: timed.length });
  check(fc.tuple(orders, fc.nat(timed.length)), ([shuffled, at]) => {
    const files = [file(shuffled.slice(0, at)), file(shuffled.slice(at)), file(shuffled.slice(0, at))];
    expect(auditReport(readEntries(files), options)).toEqual({ ...expected, duplicates: at });
  });
});

test("leaving entries out never adds a finding, and never makes a fail of a pass", () => {
  const all = new Set(report(NAMES).findings.map(({ id }) => id));
  check(fc.subarray(NAMES), (some) => {
    const { findings, result } = report(some);
    expect(findings.every(({ id }) => all.has(id))).toBe(true);
    expect(result === "fail").toBe(findings.some(({ gates }) => gates));
  });
});

describe("what is foreign", () => {
  const signatures = NAMES.filter((name) => name.startsWith("signature "));

  test("nobody is, unless it is said who is not", () => {
    expect(new Set(kinds(signatures).map(([kind]) => kind))).toEqual(new Set(["signature"]));
    expect(kinds(["attestor updated"])).toEqual([["change", false]]);
  });

  test("signatures by anybody else, and by nobody in particular", () => {
    const { findings, result } = report(signatures, { signers: [SIGNER, FEDERATED], keys: [KEY] });
    expect(result).toBe("fail");
    expect(
      findings.map(({ kind, by, count }) => [kind, by[0].name?.replace(/.*\/subject\//, ""), count]).sort(),
    ).toEqual(
      [
        ["foreign-signature", undefined, 1],
        ["foreign-signature", "alice@example.com", 2],
        ["foreign-signature", "repo:org/other", 1],
        ["signature", "repo:org/app:ref:refs/heads/main", 1],
        ["signature", "signer@my-secure-project.iam.gserviceaccount.com", 1],
      ].sort(),
    );
  });

  test("changes by anybody else", () => {
    const changes: Name[] = ["attestor deleted", "key opened to others"];
    expect(kinds(changes, { operators: ["user:alice@example.com"] })).toEqual([
      ["change", false],
      ["change", false],
    ]);
    expect(kinds(changes, { operators: ["user:Bob@example.com"] })).toEqual([
      ["foreign-change", true],
      ["foreign-change", true],
    ]);
    expect(kinds(changes, { operators: ["user:ALICE@example.com"] })[0]).toEqual(["change", false]);
  });
});

test("of other keys nothing is told, but that something was left out", () => {
  const names: Name[] = ["signature with another key", "another key version destroyed", "signature by a person"];
  expect(report(names, { keys: [KEY] })).toMatchObject({
    findings: [{ subject: `${KEY}/cryptoKeyVersions/1` }],
    otherKeys: 2,
  });
  expect(report(names)).toMatchObject({ otherKeys: 0 });
  const ring = structuredClone(ENTRIES["key opened to others"]);
  ring.protoPayload.resourceName = KEY.replace(/\/cryptoKeys.*/, "");
  expect(auditReport(readEntries([file([ring])]), { covered: [], keys: [KEY] }).findings).toHaveLength(1);
});

describe("the result", () => {
  const ONE_OF_EACH: Readonly<Record<Exclude<EventKind, "foreign-signature" | "foreign-change">, Name>> = {
    "break-glass": "pod admitted by break-glass",
    "failed-open": "pod admitted, webhook failed",
    "enforcement-off": "cluster enforcement disabled",
    "policy-opened": "policy opened",
    denied: "pod denied",
    "dry-run": "pod admitted by dry run",
    attempt: "labelled deployment refused",
    change: "policy updated",
    "enforcement-on": "cluster enforcement enabled",
    signature: "signature by the signer",
  };

  test.each(Object.entries(ONE_OF_EACH) as [EventKind, Name][])(
    "%s fails when it is asked for, and only then",
    (kind, name) => {
      expect(report([name], { failOn: [kind] }).result).toBe("fail");
      const others = EVENT_KINDS.filter((other) => other !== kind);
      expect(report([name], { failOn: others, covered: LOG_KINDS }).result).toBe("pass");
      expect(report([name], { failOn: [] }).result).toBe("pass");
    },
  );

  test.each(["break-glass", "failed-open", "enforcement-off", "policy-opened"] as const)(
    "%s fails by itself",
    (kind) => {
      expect(report([ONE_OF_EACH[kind]], { covered: LOG_KINDS }).result).toBe("fail");
    },
  );

  test.each(["denied", "dry-run", "attempt", "change", "enforcement-on", "signature"] as const)(
    "%s does not",
    (kind) => {
      expect(report([ONE_OF_EACH[kind]], { covered: LOG_KINDS }).result).toBe("pass");
    },
  );

  test("a log that is not there is not known, unless it was asked for", () => {
    expect(report([])).toMatchObject({
      result: "undecided",
      missing: ["clusters", "cloud-run", "enforcement", "policy"],
    });
    expect(report([]).window).toBeUndefined();
    expect(report([], { covered: LOG_KINDS })).toMatchObject({ result: "pass", missing: [] });
    expect(report(["pod admitted"], { failOn: ["failed-open"] }).result).toBe("pass");
    expect(report(["policy updated"], { failOn: ["failed-open"] })).toMatchObject({
      result: "undecided",
      missing: ["clusters"],
    });
  });

  test("signatures are not known without the Data Access log", () => {
    const names = NAMES.filter((name) => !name.startsWith("signature "));
    const { coverage } = report(names);
    expect(coverage.find(({ log }) => log === "signatures")).toEqual({
      log: "signatures",
      entries: 0,
      known: false,
      projects: [],
    });
    expect(report(["public key read"], { failOn: ["signature"] }).result).toBe("undecided");
    expect(
      report(["public key read"], { signers: [SIGNER], covered: ["clusters", "cloud-run", "enforcement", "policy"] })
        .missing,
    ).toEqual(["signatures"]);
  });
});

test("what a workload did is one finding, with the person who deployed it and the time from first to last", () => {
  const pod = (second: number) => ({
    ...ENTRIES["pod admitted by break-glass"],
    timestamp: `2026-11-02T09:00:0${second}.25Z`,
    protoPayload: {
      ...ENTRIES["pod admitted by break-glass"].protoPayload,
      response: {
        metadata: {
          name: `web-5d4b9c7f6-${second}`,
          labels: { "pod-template-hash": "5d4b9c7f6" },
          ownerReferences: [{ kind: "ReplicaSet", name: "web-5d4b9c7f6", controller: true }],
        },
      },
    },
  });
  const all = [pod(5), ENTRIES["deployment created with the label"], pod(3)];
  const { findings, people, window } = auditReport(readEntries([file(all)]), { covered: [] });
  expect(findings).toMatchObject([
    {
      kind: "break-glass",
      subject: "Deployment web",
      count: 3,
      first: "2026-11-02T09:00:00Z",
      last: "2026-11-02T09:00:05.25Z",
      by: [
        { name: "alice@example.com", count: 1 },
        { name: "system:serviceaccount:kube-system:replicaset-controller", count: 2 },
      ],
    },
  ]);
  expect(people[0]).toEqual({
    name: "alice@example.com",
    impersonatedBy: [],
    counts: [{ kind: "break-glass", count: 1 }],
    first: "2026-11-02T09:00:00Z",
    last: "2026-11-02T09:00:00Z",
  });
  expect(window).toEqual({ first: "2026-11-02T09:00:00Z", last: "2026-11-02T09:00:05.25Z" });
});
