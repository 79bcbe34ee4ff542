import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Ajv2020 from "ajv/dist/2020";
import { MAX_EXPLAINED_CHARACTERS } from "../../lib/admission/explain";
import { KNOWN_MESSAGES } from "../../lib/admission/explanations/table";
import { REASON_NO_ATTESTATION, REASON_NO_DIGEST } from "../../lib/admission/messages";
import { explainCommand } from "../../lib/cli/explain";
import type { Io } from "../../lib/cli/io";
import { run } from "../../lib/cli/program";

const ATTESTOR = "projects/my-secure-project/attestors/built-by-ci";
const OTHER = "projects/my-secure-project/attestors/scanned";
const denied = (image: string, attestor = ATTESTOR, reason = REASON_NO_DIGEST) =>
  `Image ${image} denied by attestor ${attestor}: ${reason}`;
const UNKNOWN = denied("a", ATTESTOR, "Key version is too old");

const validate = new Ajv2020({ strict: true }).compile(
  JSON.parse(readFileSync(join(__dirname, "..", "..", "schemas", "explain.json"), "utf8")),
);

/** Runs `binauthz explain` as the command does. */
async function binauthz(args: readonly string[], options: Partial<Io> = {}) {
  let out = "";
  let err = "";
  const io: Io = {
    stdin: () => "",
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    color: false,
    columns: undefined,
    ...options,
  };
  const code = await run(["explain", ...args], io);
  return { code, out, err };
}

describe("how it ends", () => {
  test.each<[what: string, args: string[], stdin: string, code: number]>([
    ["explained", [denied("a")], "", 0],
    ["explained, from the standard input", ["-"], `\n${denied("a")}\n`, 0],
    ["explained, without quotes", denied("a").split(" "), "", 0],
    ["not known", ["hello"], "", 3],
    ["a new reason", [UNKNOWN], "", 3],
    ["one known, one not", [`${denied("a", OTHER)}. ${UNKNOWN}`], "", 3],
    ["nothing", [], "", 1],
    ["an empty message", [""], "", 1],
    ["an empty standard input", ["-"], " \n", 1],
    ["an unknown option", ["--what", denied("a")], "", 1],
    ["an unknown format", ["--format", "yaml", denied("a")], "", 1],
    ["help", ["--help"], "", 0],
  ])("%s", async (_, args, stdin, code) => {
    const result = await binauthz(args, { stdin: () => stdin });
    expect(result.code).toBe(code);
    expect(result[code === 1 ? "err" : "out"]).not.toBe("");
    expect(result[code === 1 ? "out" : "err"]).toBe("");
    expect(result.out + result.err).not.toMatch(/^\s+at /m);
  });

  test("a text that is too long is refused, not cut", async () => {
    const result = await binauthz(["-"], { stdin: () => "a".repeat(MAX_EXPLAINED_CHARACTERS + 1) });
    expect(result).toMatchObject({ code: 1, out: "" });
    expect(result.err).toContain("allowed: at most 4000000");
  });

  test("the command alone says its code once", () => {
    const codes: number[] = [];
    const io: Io = { stdin: () => "", out: () => {}, err: () => {}, color: false, columns: undefined };
    explainCommand(io, (code) => codes.push(code)).parse([denied("a")], { from: "user" });
    expect(codes).toEqual([0]);
  });
});

describe("text", () => {
  test("has names, steps, commands, and how the wording is known", async () => {
    const { out } = await binauthz([denied("gcr.io/p/a:v1")]);
    expect(out).toMatch(
      /^The image is named without a digest \[denied-no-digest\]\n {2}> Image gcr\.io\/p\/a:v1 denied/,
    );
    expect(out).toContain(`  ${ATTESTOR} has to vouch for gcr.io/p/a:v1,`);
    expect(out).toContain("  What to do\n  1. Name the image by its digest");
    expect(out).toContain(
      "\n  gcloud artifacts docker images describe gcr.io/p/a:v1 --format='value(image_summary.digest)'\n",
    );
    expect(out).toContain("\n  Wording: seen in logs (messages that users pasted)\n");
    expect(out).not.toContain("`");
  });

  test("says what to do once for two of a kind", async () => {
    const { out } = await binauthz([`${denied("a")}. ${denied("a", OTHER)}`]);
    expect(out.match(/1\. Name the image by its digest/g)).toHaveLength(1);
    expect(out).toContain("What to do: the same as for [denied-no-digest] above.");
    expect(out).toContain(`${OTHER} has to vouch for a,`);
    expect(out.match(/images describe/g)).toHaveLength(1);
  });

  test("keeps to the width of the terminal, commands aside", async () => {
    const { out } = await binauthz([denied("a")], { columns: 60 });
    const prose = out.split("\n").filter((line) => !line.startsWith("  gcloud "));
    expect(Math.max(...prose.map((line) => line.length))).toBeLessThanOrEqual(60);
  });

  test("has colours where they are wanted only", async () => {
    expect((await binauthz([denied("a")])).out).not.toContain("\u001b");
    expect((await binauthz([denied("a")], { color: true })).out).toContain("\u001b[1m");
  });

  test("says that an inferred wording is one", async () => {
    const inferred =
      "projects/k/locations/l/keyRings/r/cryptoKeys/c/cryptoKeyVersions/1 is not enabled, current state is: DESTROY_SCHEDULED";
    expect((await binauthz([inferred])).out).toContain(
      "Wording: inferred, seen nowhere (the same text about other states)",
    );
  });

  test("an unknown message is told, with what to do about it, and near ones are called such", async () => {
    expect((await binauthz(["hello"], { columns: 1000 })).out).toBe(
      "This message is not known to this version of binauthz, so it is not explained. Where it was cut, hand over all that was printed. What is known is listed in docs/explain.md.\n",
    );
    const { out } = await binauthz([UNKNOWN], { columns: 1000 });
    expect(out).toContain(`One denial or error in the text is not known: Image a denied by attestor ${ATTESTOR}:\n`);
    expect(out).toContain("and may be about something else: denied-no-digest (");
    expect(out).not.toContain("What to do");
  });

  test("of many unknown ones the first are named", async () => {
    const { out } = await binauthz([Array.from({ length: 7 }, (_, n) => denied(`a${n}`, ATTESTOR, "new")).join(". ")]);
    expect(out).toContain("7 denials or errors in the text are not known:");
    expect(out).toContain("Image a4 denied");
    expect(out).not.toContain("Image a5 denied");
    expect(out).toContain(", …");
  });

  test("too many known ones are counted", async () => {
    const { out, code } = await binauthz([Array.from({ length: 203 }, (_, n) => denied(`a${n}`)).join(". ")]);
    expect(out).toContain("The text has 3 more known messages, which are left out; give a part of it.");
    expect(code).toBe(0);
  });
});

describe("JSON", () => {
  test.each([
    denied("a"),
    "hello",
    UNKNOWN,
    `${denied("a", OTHER)}. ${UNKNOWN}`,
    denied("a", ATTESTOR, REASON_NO_ATTESTATION),
  ])("fits its schema: %s", async (text) => {
    const { out, code } = await binauthz(["--format", "json", text]);
    const json = JSON.parse(out);
    expect({ errors: validate(json) ? [] : validate.errors }).toEqual({ errors: [] });
    expect(json.schemaVersion).toBe(1);
    expect(json.result).toBe(code === 0 ? "pass" : "undecided");
  });

  test("the schema knows every certainty, and takes nothing else", async () => {
    const { out } = await binauthz(["--format", "json", denied("a")]);
    const json = JSON.parse(out);
    for (const { certainty } of KNOWN_MESSAGES.flatMap(({ wordings }) => wordings)) {
      expect(validate({ ...json, explanations: [{ ...json.explanations[0], certainty }] })).toBe(true);
    }
    expect(validate({ ...json, result: "fail" })).toBe(false);
    expect(validate({ ...json, extra: 1 })).toBe(false);
    expect(validate({ ...json, explanations: [{ ...json.explanations[0], certainty: "guessed" }] })).toBe(false);
  });
});

describe("Markdown", () => {
  test("sets what came from the message as code, and nothing of it as markup", async () => {
    const { out } = await binauthz(["--format", "markdown", denied("@team/<img>|**x**[y](z)")]);
    expect(out).toMatch(/^### The image is named without a digest\n\n> <code>Image /);
    expect(out.replace(/```sh\n.*\n```/g, "")).not.toMatch(/@team|<img>|\*\*x|\[y\]/);
    expect(out).toContain(
      "\n1. Name the image by its digest where the pod or the service names it&#58; <code>REPOSITORY&#64;sha256&#58;…</code>",
    );
    expect(out).toContain("```sh\ngcloud artifacts docker images describe '@team/<img>|**x**[y](z)' --format=");
  });

  test("says what is not known", async () => {
    expect((await binauthz(["--format", "markdown", "hello"])).out).toMatch(/^This message is not known /);
  });

  test("goes to a file beside the text", async () => {
    const folder = mkdtempSync(join(tmpdir(), "binauthz-explain-"));
    const file = join(folder, "note.md");
    const { out, code } = await binauthz(["--format", "text", "--format", `markdown=${file}`, denied("a")]);
    expect(code).toBe(0);
    expect(out).toContain("What to do");
    expect(readFileSync(file, "utf8")).toMatch(/^### /);
    rmSync(folder, { recursive: true });
  });
});

describe("docs/explain.md", () => {
  const page = readFileSync(join(__dirname, "..", "..", "docs", "explain.md"), "utf8");

  test("has every entry and wording of the table, in its order, and no other", () => {
    const cell = (text: string) => text.replace(/\|/g, "\\|");
    const rows = KNOWN_MESSAGES.flatMap(({ id, title, wordings }) =>
      wordings.map(
        ({ text, certainty, source }) => `| \`${id}\` | ${title} | \`${cell(text)}\` | ${certainty} | ${source} |`,
      ),
    );
    expect(page.split("\n").filter((line) => /^\| `/.test(line))).toEqual(rows);
  });

  test("shows what the command prints", async () => {
    const [, text, shown] = /```console\n\$ binauthz explain "([^"]+)"\n([\s\S]*?)\n```/.exec(page) as RegExpExecArray;
    expect(`${shown}\n`).toBe((await binauthz([text], { columns: 100 })).out);
  });
});
