import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KNOWN_MESSAGES } from "../../lib/admission/explanations/table";
import { root } from "../support/build";
import { describeUnless, findProgram, run } from "../support/terraform";

// The commands of gcloud in the guides, looked at by gcloud itself: whether the command exists in this release track, and
// takes these options. Nothing is asked of Google.

interface Command {
  readonly page: string;
  readonly text: string;
}

/** What stands for a variable or a quoted text: also a project id. */
const ANY = "any-value";

/** The simple commands of a script that call gcloud, on one line each, with what is quoted or a variable replaced. */
function commandsOf(script: string): string[] {
  const plain = script
    .replace(/^\s*#.*$/gm, "")
    .replace(/\\\n\s*/g, " ")
    // Text in quotes may span lines; its content is Google's or the reader's to judge.
    .replace(/'[^']*'/g, ANY)
    .replace(/"(?:\\.|\$\((?:[^()])*\)|[^"\\])*"/g, (quoted) =>
      /\$\(gcloud ([^()]*)\)/.test(quoted) ? `${ANY}\n${/\$\((gcloud [^()]*)\)/.exec(quoted)?.[1]}\n` : ANY,
    )
    .replace(/\$\{?\w+\}?/g, ANY);
  return [...plain.matchAll(/(?<![\w-])gcloud [^\n|;&<>()]*/g)].map(([text]) => text.trim().replace(/\s+/g, " "));
}

function scriptsOf(folder: string, name: string): string[] {
  const read = () => readFileSync(join(root, folder, name), "utf8");
  if (name.endsWith(".md")) {
    return [...read().matchAll(/^( *)```(?:sh|bash)\n([\s\S]*?)^\1```$/gm)].map(([, , script]) => script);
  }
  return name.endsWith(".sh") ? [read()] : [];
}

const GUIDES: readonly Command[] = ["docs", "docs/recipes"].flatMap((folder) =>
  readdirSync(join(root, folder)).flatMap((name) =>
    scriptsOf(folder, name)
      .flatMap(commandsOf)
      .map((text) => ({ page: name, text })),
  ),
);

/** What `binauthz explain` advises, with something in the place of names. */
const ADVISED: readonly Command[] = KNOWN_MESSAGES.flatMap(({ id, look }) =>
  look
    .flatMap(({ command }) => commandsOf(command.replace(/\{\w+\}/g, ANY)))
    .map((text) => ({ page: `explain: ${id}`, text })),
);

const COMMANDS = [...GUIDES, ...ADVISED];

test("the commands are found", () => {
  expect(GUIDES.length).toBeGreaterThan(60);
  expect(ADVISED.length).toBeGreaterThan(30);
  expect(commandsOf('a="$(gcloud auth print-access-token)"\ngcloud x y "$A b" \\\n  --c=\'d|e\' | jq .')).toEqual([
    "gcloud auth print-access-token",
    `gcloud x y ${ANY} --c=${ANY}`,
  ]);
});

describeUnless(findProgram("gcloud") === undefined ? "gcloud was not found" : undefined, "gcloud itself", () => {
  test("knows every command of the guides and of explain, with its options", async () => {
    const folder = mkdtempSync(join(tmpdir(), "guide-gcloud-"));
    try {
      // One that is wrong has to be found.
      const wrong = { page: "none", text: "gcloud kms keys list --no-such-option" };
      const commands = [...COMMANDS, wrong];
      const file = join(folder, "commands.json");
      writeFileSync(file, JSON.stringify(commands.map(({ text }) => ({ command_string: text }))));
      const { stdout } = await run("gcloud", ["meta", "lint-gcloud-commands", `--commands-file=${file}`], {
        cwd: folder,
        env: {
          CLOUDSDK_CONFIG: folder,
          CLOUDSDK_CORE_DISABLE_PROMPTS: "1",
          CLOUDSDK_CORE_DISABLE_USAGE_REPORTING: "true",
        },
      });
      // The same command on two pages is answered once.
      const results = JSON.parse(stdout) as readonly {
        readonly command_string: string;
        readonly success: boolean;
        readonly error_message: string | null;
      }[];
      const refused = commands.flatMap((command) => {
        const result = results.find(({ command_string: text }) => text === command.text);
        return result?.success ? [] : [{ ...command, why: result?.error_message?.trim().split("\n")[0] }];
      });
      expect(refused).toEqual([{ ...wrong, why: expect.any(String) }]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }, 120_000);
});
