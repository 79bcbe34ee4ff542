import fc from "fast-check";
import { parseAcceptance } from "../../../lib/review/acceptance";
import { markdownOf, markerOf, mermaidOf } from "../../../lib/review/report";
import { check } from "../../support/property";
import { finding, HOSTILE, outcome, report, UNDECIDED } from "./support";

const OPENED = report([finding(), UNDECIDED], "02-trust-chain-opened");

test("a change that opens is read from the top: result, findings, what each target will do, who can sign", () => {
  const shown = markdownOf(outcome(OPENED));
  const [marker, heading] = shown.split("\n");
  expect(marker).toBe("<!-- binauthz-review:default -->");
  expect(heading).toBe("## Binary Authorization review: 🔴 1 critical · ❔ 1 not decided");
  expect(shown).toContain("**⛔ fail**: 1 finding is high or worse");
  expect(shown).toMatch(
    /\| 🔴 critical \| opens \| \*\*Default rule opened\*\* \(P007\)\..*<code>deny<\/code> → <code>allow all<\/code> \|/,
  );
  expect(shown).toMatch(
    /\| <code>gke&#58;sec-proj\/us-central1\.prod<\/code> \| <code>attested by .*<\/code> \| \*\*<code>allow all<\/code>\*\* \|/,
  );
  expect(shown).toContain("Who can sign, by the grants in these files (2 changed)");
  expect(shown).toMatch(/attacker&#64;.* \| cannot sign \| \*\*may sign\*\* \|/);
  expect(shown).toContain("### Not decided\n");
  expect(shown.indexOf("Default rule opened")).toBeLessThan(shown.indexOf("### Not decided"));
  expect(shown.indexOf("### Not decided")).toBeLessThan(shown.indexOf("### What each target will do"));
  expect(shown).toContain("```mermaid\nflowchart LR\n");
});

test("the hash that accepts a finding is printed for those that gate, and is one that --accept takes", () => {
  const low = finding({ id: "K005", severity: "low", target: "other" });
  const shown = markdownOf(outcome(report([finding(), low])));
  const hashes = [...shown.matchAll(/--accept ([0-9a-f]{64})=REASON/g)].map(([, hash]) => hash);
  expect(hashes).toHaveLength(1);
  expect(parseAcceptance(`${hashes[0]}=INC-1`)).toEqual({ hash: hashes[0], reason: "INC-1" });
});

test("with every grant known, who can sign is said without reserve", () => {
  const shown = markdownOf(outcome({ ...OPENED, allGrants: true }));
  expect(shown).toContain("<summary>Who can sign (2 changed)</summary>");
  expect(shown).not.toContain("by the grants in these files");
});

test("quiet where nothing changes", () => {
  const shown = markdownOf(outcome(report([], "01-no-trust-change")));
  expect(shown).toMatch(
    /^<!-- binauthz-review:default -->\n## Binary Authorization review: nothing changes\n\n\*\*✅ pass\*\*: nothing changes in the chain of trust\.\n/,
  );
  expect(shown.trim().split("\n")).toHaveLength(6);
});

test("where it passes, the word for the other result is nowhere, also in no name and no picture", () => {
  const name = "serviceAccount:failover@Failing.iam.gserviceaccount.com";
  const low = finding({
    id: "K005",
    severity: "low",
    address: "x.failover",
    message: "FAILED to fail",
    target: "failure",
  });
  const of = report([low], "02-trust-chain-opened", {
    signers: [{ principal: name, attestor: "projects/failing/attestors/fail", before: "none", after: "full" }],
  });
  const passed = outcome(of, { name: "failover" });
  expect(passed.verdict).toBe("pass");
  const shown = markdownOf(passed);
  expect(shown).toContain("```mermaid");
  expect(shown).not.toMatch(/fail/i);
  // It reads the same, and the comment is found again whatever the result is.
  expect(shown.replace(/&?#(\d+);/g, (_, code) => String.fromCharCode(code))).toContain("FAILED to fail");
  expect(markerOf(passed)).toBe(markerOf(outcome(report([finding()]), { name: "failover" })));
});

test("text of others stays text: no mention, tag, table cell, heading, fence or marker of its own", () => {
  const fields = {
    title: HOSTILE,
    message: HOSTILE,
    mend: HOSTILE,
    address: HOSTILE,
    target: HOSTILE,
    before: HOSTILE,
    after: HOSTILE,
    constructPath: HOSTILE,
  };
  const of = report(
    [
      finding(fields),
      {
        ...UNDECIDED,
        ...fields,
        fingerprint: "b",
        certainty: { state: "undecided", best: "none", worst: "critical", because: HOSTILE },
      },
    ],
    "02-trust-chain-opened",
    {
      targets: [{ target: HOSTILE, before: HOSTILE, after: HOSTILE, changed: true }],
      signers: [{ principal: HOSTILE, attestor: HOSTILE, before: "none", after: "full" }],
      plans: [{ source: HOSTILE, hash: "a", timestamp: HOSTILE }],
    },
  );
  const shown = markdownOf(outcome(of));
  expect(shown).not.toMatch(/@(?!<!-- -->)/);
  expect(shown).not.toMatch(/<(?!\/?(?:code|br|details|summary|sub)>|!-- )/);
  expect(shown.match(/<!-- binauthz-review/g)).toHaveLength(1);
  expect(shown.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}]/u);
  expect(shown).not.toContain("https://evil");
  const fences = shown.match(/^```.*$/gm);
  expect(fences).toEqual(["```mermaid", "```"]);
  // Every row of a table has as many cells as its head.
  let cells: number | undefined;
  for (const line of shown.split("\n")) {
    const count = line.startsWith("|") ? line.split("|").length : undefined;
    expect(cells === undefined || count === undefined || count === cells).toBe(true);
    cells = count;
  }
});

test("the picture quotes every label, and numbers its nodes", () => {
  const of = report([], "02-trust-chain-opened", {
    signers: [{ principal: HOSTILE, attestor: HOSTILE, before: "none", after: "full" }],
  });
  const picture = mermaidOf(outcome(of)) as string;
  for (const line of picture.split("\n").slice(1)) {
    expect(line).toMatch(
      /^ {2}(?:n\d+(?:\(\[|\[\/|\[\[|\(\(|\{\{|\[)"[^"`<>;]*(?:#\d+;[^"`<>;]*)*"(?:\]\)|\/\]|\]\]|\)\)|\}\}|\])|n\d+ (?:==>|-\.->|-->)(?:\|"[^"`<>;]*(?:#\d+;[^"`<>;]*)*"\|)? n\d+|linkStyle [\d,]+ stroke:[#\w:,. -]+)$/,
    );
  }
  expect(picture).toContain("new#58; can sign");
});

test("what is new, gone and unchanged is told apart", () => {
  const picture = mermaidOf(outcome(report([], "02-trust-chain-opened"))) as string;
  const node = (label: string) => new RegExp(`(n\\d+)\\S\\S?"${label}`).exec(picture)?.[1];
  const [anything, prod] = [node("every image"), node("gke#58;sec-proj/us-central1.prod")];
  expect(picture).toContain(`${anything} ==>|"new#58; runs"| ${prod}`);
  expect(picture).toContain(`${node("projects/sec-proj/attestors/build")} -.->|"gone#58; is required"| ${prod}`);
  // The key that stays has been given the id of the one that goes: both are there, told apart by their material.
  expect(picture.match(/"key signer, version 1 #40;material /g)).toHaveLength(2);
});

test("no picture where nothing changes, or where there are more lines than anybody reads", () => {
  expect(mermaidOf(outcome(report([], "01-no-trust-change")))).toBeUndefined();
  const signers = Array.from({ length: 100 }, (_, index) => ({
    principal: `user:${index}@example.com`,
    attestor: "projects/p/attestors/a",
    before: "none" as const,
    after: "full" as const,
  }));
  expect(mermaidOf(outcome(report([], undefined, { signers })))).toBeUndefined();
});

test("never longer than a comment may be, whatever is found; what is left out is counted", () => {
  const text = fc.string({ minLength: 0, maxLength: 50 }).map((part) => part.repeat(10) + HOSTILE.slice(0, 200));
  const sizes = fc.constantFrom(1, 3, 40, 300);
  check(fc.record({ text, count: sizes }), ({ text, count }) => {
    const findings = Array.from({ length: count }, (_, index) =>
      finding({ message: text, address: `${text}[${index}]`, target: text, fingerprint: String(index) }),
    );
    const of = report([...findings, { ...UNDECIDED, message: text }], undefined, {
      targets: findings.map((_, index) => ({ target: `${text}${index}`, before: text, after: text, changed: true })),
      signers: findings.map((_, index) => ({
        principal: `${text}${index}`,
        attestor: text,
        before: "none",
        after: "full",
      })),
    });
    const shown = markdownOf(outcome(of, { name: "n".repeat(64) }));
    expect(shown.length).toBeLessThanOrEqual(65_536);
    expect(shown).toContain("**⛔ fail**");
    if (count === 300) {
      expect(shown).toContain("Shortened to what a comment may hold");
      expect(shown).toMatch(/\*\*Truncated:\*\* \d+ rows more/);
    }
  });
}, 60_000);

test("suppressed and accepted findings are named with who answers for them", () => {
  const settings = {
    gate: {},
    review: { prodTargets: [], expectedSigners: [] },
    acknowledgements: [],
    suppressions: [
      {
        id: "P007",
        address: "google_binary_authorization_policy.p",
        match: { after: "allow all" },
        reason: "INC-1 <b>",
        owner: "security@example.com",
        expires: "2026-12-31",
        place: ".binauthz.yaml, line 2",
      },
    ],
  };
  const shown = markdownOf(outcome(report([finding()]), { settings }));
  expect(shown).toContain("**✅ pass**");
  expect(shown).toContain("<summary>Suppressed or accepted (1)</summary>");
  expect(shown).toMatch(
    /🔴 P007 Default rule opened .* · suppression: INC-1 &#60;b&#62; \(security@<!-- -->example.com, until 2026-12-31\)/,
  );
});
