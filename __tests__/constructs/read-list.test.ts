import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { READ_LIST_SCRIPT } from "../../lib/constructs/private/signing-scripts";
import { READ_VETTED_SCRIPT } from "../../lib/constructs/private/vetted-scripts";
import { pythonMissing, RecordedApis } from "../support/recorded-apis";
import { type CommandResult, describeUnless } from "../support/terraform";

// The lists of the source: whoever can change the source chooses what stands under their name.

const SCRIPTS: [string, string][] = [
  ["that is signed again", READ_LIST_SCRIPT],
  ["of vetted images", READ_VETTED_SCRIPT],
];

describeUnless(pythonMissing(), "read-list", () => {
  let apis: RecordedApis;
  beforeEach(async () => {
    apis = await RecordedApis.start(() => undefined);
  });
  afterEach(() => apis.stop());

  const read = (script: string, name = "list.txt"): Promise<CommandResult> =>
    apis.run(script, {
      LIST_FILE: name,
      REPOSITORY: "us-central1-docker.pkg.dev/p/vetted",
      COPIES_FILE: join(apis.folder, "copies"),
      REMAINING_FILE: join(apis.folder, "remaining"),
    });

  test.each(SCRIPTS)("a list %s is one of the source: a link would tell what the step may read", async (_, script) => {
    mkdirSync(join(apis.folder, "home"));
    writeFileSync(join(apis.folder, "home/list.txt"), "the-secret-token\n");
    symlinkSync(join(apis.folder, "home/list.txt"), join(apis.folder, "list.txt"));
    symlinkSync(join(apis.folder, "home"), join(apis.folder, "lists"));
    for (const name of ["list.txt", "lists/list.txt"]) {
      const result = await read(script, name);
      expect(result.output).toBe(
        `read-list: ${name} is a link, or in a folder that is one: only a file of the source itself is read\n`,
      );
      expect([result.exitCode, apis.read("copies"), apis.read("remaining")]).toEqual([1, undefined, undefined]);
    }
    expect((await read(script, "home/list.txt")).output).not.toContain("is a link");
  });

  test.each(SCRIPTS)("a list %s that is not there, or no text, is said in a sentence", async (_, script) => {
    expect((await read(script)).output).toBe("read-list: list.txt cannot be read: No such file or directory\n");
    writeFileSync(join(apis.folder, "list.txt"), Buffer.from([0xff, 0xfe]));
    expect((await read(script)).output).toBe("read-list: list.txt is no text in UTF-8\n");
    mkdirSync(join(apis.folder, "folder"));
    expect((await read(script, "folder")).output).toBe("read-list: folder cannot be read: Is a directory\n");
  });

  test("JSON that is too deep for a reader is said in a sentence as well", async () => {
    apis.write("list.txt", `{"a":${"[".repeat(100_000)}`);
    const { output, exitCode } = await read(READ_LIST_SCRIPT);
    expect(output).toMatch(/^read-list: the list cannot be read: .*\n$/);
    expect(exitCode).toBe(1);
  });
});
