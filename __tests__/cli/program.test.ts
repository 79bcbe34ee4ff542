import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { Command } from "commander";
import fc from "fast-check";
import { admitCommand } from "../../lib/cli/admit";
import { markdown, markdownCode, printable, safeJson } from "../../lib/cli/escape";
import { version } from "../../package.json";
import { check } from "../support/property";
import { binauthz } from "./support";

jest.mock("../../lib/cli/admit", () => {
  const actual = jest.requireActual("../../lib/cli/admit");
  return { admitCommand: jest.fn(actual.admitCommand) };
});

test("the version is that of the package", async () => {
  expect(await binauthz(["--version"])).toEqual({ code: 0, out: `${version}\n`, err: "" });
});

test("help lists the commands; without a command it is an error", async () => {
  const help = await binauthz(["--help"]);
  expect(help).toMatchObject({ code: 0, err: "" });
  expect(help.out).toMatch(/^ {2}admit +would these images run there, and why\?$/m);
  expect(help.out).toMatch(/^ {2}explain /m);
  expect(help.out).not.toMatch(/findings;$/m);
  expect(await binauthz([])).toEqual({ code: 1, out: "", err: help.out });
  expect(await binauthz(["help"])).toEqual(help);
});

test.each([
  [["admti"], "error: unknown command 'admti'\n(Did you mean admit?)\n\n(add --help to see what is allowed)\n"],
  [
    ["admit", "--tagret", "x"],
    "error: unknown option '--tagret'\n(Did you mean --target?)\n\n(add --help to see what is allowed)\n",
  ],
  [
    ["admit", "--target"],
    "error: option '--target <target>' argument missing\n\n(add --help to see what is allowed)\n",
  ],
  [["help", "chek"], "error: unknown command 'chek'\n(Did you mean check?)\n\n(add --help to see what is allowed)\n"],
  [["--nothing"], "error: unknown option '--nothing'\n\n(add --help to see what is allowed)\n"],
])("%j", async (argv, err) => {
  const ran = await binauthz(argv);
  expect({ ...ran, err: ran.err.replace(/\n+/g, "\n") }).toEqual({ code: 1, out: "", err: err.replace(/\n+/g, "\n") });
});

const COMMANDS = ["admit", "review", "check", "map", "audit", "explain", "sandbox", "init", "demo"];

describe.each([60, 80, 100])("on a terminal of %i columns", (columns) => {
  test.each(COMMANDS)("the help of %s is broken between words", async (command) => {
    const { code, out } = await binauthz([command, "--help"], { columns });
    expect(code).toBe(0);
    // Commands of examples stay whole, and so does a word.
    const isWhole = (line: string) => /^\s+\S+$|^ {2}(?!-).*\b(binauthz|gcloud|kubectl|terraform|npx) /.test(line);
    expect(out.split("\n").filter((line) => line.length > columns && !isWhole(line))).toEqual([]);
    expect(out.match(/^Usage: /gm)).toHaveLength(1);
  });
});

test("the help of a command ends in its paragraphs and examples, whatever the width", async () => {
  const { out } = await binauthz(["explain", "--help"], { columns: 60 });
  expect(out).toContain("\n\n  kubectl apply -f pod.yaml 2>&1 | binauthz explain -\n\nExit codes: 0 every");
  expect(out.replace(/\s+/g, " ")).toContain(
    "3 something in the text is not known to this version. What is not known is never guessed.",
  );
});

test("a usage error shows nothing that moves a cursor", async () => {
  expect((await binauthz(["\u001b[2J"])).err).toContain("\\u{1b}[2J");
});

describe("a mistake of the command itself", () => {
  const failing = (error: unknown) =>
    jest.mocked(admitCommand).mockImplementation(() => new Command("admit").action(() => Promise.reject(error)));
  const actual = jest.requireActual<typeof import("../../lib/cli/admit")>("../../lib/cli/admit");
  afterEach(() => {
    jest.mocked(admitCommand).mockImplementation(actual.admitCommand);
    delete process.env.BINAUTHZ_DEBUG;
  });

  test("is one sentence, and never a stack", async () => {
    failing(new TypeError("x is not a function\n    at y"));
    expect(await binauthz(["admit"])).toEqual({
      code: 1,
      out: "",
      err: "internal error: x is not a function; this is a mistake of binauthz, please report it\n",
    });
    failing("text");
    expect((await binauthz(["admit"])).err).toMatch(/^internal error: text; /);
  });

  test("has the stack for who asks", async () => {
    process.env.BINAUTHZ_DEBUG = "1";
    failing(new TypeError("x"));
    expect((await binauthz(["admit"])).err).toMatch(/\n {4}at /);
  });

  test("a command that says nothing has not passed", async () => {
    jest.mocked(admitCommand).mockImplementation(() => new Command("admit").action(() => {}));
    expect((await binauthz(["admit"])).code).toBe(1);
  });
});

describe("escaping", () => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  const unseen = /[\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;
  const text = fc.string({
    unit: fc.oneof(
      fc.constantFrom("\u001b", "\u202e", "\ud800", "|", "`", "<", "@", "&", "\n", "\u009b"),
      fc.string({ unit: "binary", maxLength: 1 }),
    ),
  });

  test("a terminal and a page see only what can be seen, on one line", () => {
    check(text, (value) => {
      for (const escaped of [printable(value), markdown(value), markdownCode(value)]) {
        expect(escaped).not.toMatch(unseen);
      }
      expect(markdown(value).replace(/<!-- -->/g, "")).not.toMatch(/[<>|`*_[\]\\]/);
    });
  });

  test("JSON reads back as the same value", () => {
    check(text, (value) => {
      const json = safeJson({ value: [value] });
      expect(json.replace(/\n/g, "")).not.toMatch(unseen);
      expect(JSON.parse(json)).toEqual({ value: [value] });
    });
  });

  test("no name, link or list is made", () => {
    expect(markdown("@team see www.example.com")).toBe("@<!-- -->team see www<!-- -->.example.com");
    expect(markdown("- a")).toBe("<!-- -->- a");
    expect(markdownCode("<img>")).toBe("<code>&#60;img&#62;</code>");
  });
});

test("a reader that has read enough does not change how it ends", () => {
  const script = `${resolve("node_modules/.bin/tsx")} ${resolve("lib/cli/binauthz.ts")} --help | true; echo "\${PIPESTATUS[0]}"`;
  const { stdout, stderr } = spawnSync("bash", ["-c", script], { encoding: "utf8" });
  expect([stdout, stderr]).toEqual(["0\n", ""]);
}, 60_000);
