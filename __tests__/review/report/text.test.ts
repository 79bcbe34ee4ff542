import { createColors } from "picocolors";
import { textOf } from "../../../lib/review/report";
import { finding, HOSTILE, outcome, report, UNDECIDED } from "./support";

const OPENED = outcome(report([UNDECIDED, finding()], "02-trust-chain-opened"));

test("the result is the last line, and what is worst comes first", () => {
  const lines = textOf(OPENED).trimEnd().split("\n");
  expect(lines[0]).toBe("Critical");
  expect(lines.at(-1)).toBe("FAIL  1 finding is high or worse (opens, blocks, blind), and 1 more may be");
  expect(lines.indexOf("Critical")).toBeLessThan(lines.indexOf("Not decided"));
  expect(lines).toContain("      deny → allow all");
  expect(lines.join("\n")).toContain(
    "not decided: at best medium, at worst high; nothing says who may attach to the note",
  );
  expect(lines).toContain("Who can sign, by the grants in these files");
});

test("lines are broken at the width of the terminal, but no address and no hash is", () => {
  const text = textOf(OPENED, { columns: 80 });
  const long = text.split("\n").filter((line) => line.length > 80);
  expect(long.every((line) => !line.trim().includes(" ") || line.includes("accept: "))).toBe(true);
  expect(text).toContain("google_kms_crypto_key_iam_member.sign");
  expect(textOf(OPENED).split("\n").length).toBeLessThan(text.split("\n").length);
});

test("colours only where they are wanted", () => {
  const start = String.fromCharCode(27);
  expect(textOf(OPENED)).not.toContain(start);
  expect(textOf(OPENED, { colors: createColors(true) })).toContain(`${start}[31m`);
});

test("text of others moves no cursor and starts no line", () => {
  const fields = {
    title: HOSTILE,
    message: HOSTILE,
    mend: HOSTILE,
    address: HOSTILE,
    target: HOSTILE,
    before: HOSTILE,
    after: HOSTILE,
  };
  const shown = textOf(
    outcome(report([finding(fields)], undefined, { targets: [{ target: HOSTILE, after: HOSTILE, changed: true }] })),
  );
  expect(shown.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
  expect(shown).not.toMatch(/^## heading/m);
});

test("where it passes, the word for the other result is nowhere", () => {
  const low = finding({ id: "K005", severity: "low", address: "x.failover", message: "it may fail" });
  expect(textOf(outcome(report([low])))).not.toMatch(/fail/i);
  expect(textOf(outcome(report([low])))).toContain("\\u{66}ailover");
  expect(textOf(OPENED)).toContain("FAIL");
});

test("quiet where nothing changes", () => {
  expect(textOf(outcome(report([], "01-no-trust-change")))).toBe("PASS  nothing changes in the chain of trust\n");
});

test("what is not decided and does not stop the change is a warning, or nothing at all", () => {
  const of = report([UNDECIDED]);
  const gate = { failOn: "high", failOnEffects: ["opens"], undecided: "warn" } as const;
  expect(textOf(outcome(of, { gate }))).toContain(
    "warning: 1 finding could not be decided, and may be high or worse\n",
  );
  expect(textOf(outcome(of, { gate: { ...gate, undecided: "ignore" } }))).not.toContain("warning:");
  expect(textOf(outcome(of))).toContain("UNDECIDED  1 finding may be high or worse");
});
