import { spawnSync } from "node:child_process";
import * as platformScripts from "../../lib/constructs/private/platform-scripts";
import * as signerScripts from "../../lib/constructs/private/signer-scripts";
import * as signingScripts from "../../lib/constructs/private/signing-scripts";
import * as vettedScripts from "../../lib/constructs/private/vetted-scripts";
import { describeUnless, findProgram } from "../support/terraform";

// Every script that the library writes, with data where it takes some.
const TARGET = { project: "p", attestor: "projects/p/attestors/a", note: "projects/p/notes/a", keyVersion: "k/1" };
const ROW: signingScripts.BuildRow = {
  trigger: "projects/p/locations/l/triggers/t",
  serviceAccount: "b@p.iam.gserviceaccount.com",
  repository: "https://github.com/o/r",
  branch: "^main$",
  image: "us-docker.pkg.dev/p/r/i",
  images: 1,
};
const GENERATED: [string, string][] = [
  ["checkBuildScript", signingScripts.checkBuildScript([ROW, ROW])],
  [
    "checkBuildScript with platforms",
    signingScripts.checkBuildScript([{ ...ROW, images: 2, platforms: ["linux/amd64", "linux/arm64"] }]),
  ],
  ["pythonStep", signingScripts.pythonStep("step", "print(STEP)\n")],
  [
    "vulnerabilityScript",
    signingScripts.vulnerabilityScript([{ id: "CVE-1", until: "2026-12-31", reason: "it's $x" }]),
  ],
  ["onDemandScanScript", signingScripts.onDemandScanScript([{ id: "CVE-1", until: "2026-12-31", reason: "it's $x" }])],
  ["standaloneSignScript", signerScripts.standaloneSignScript([TARGET, TARGET], "us-docker.pkg.dev/p/r")],
  ["standaloneSignScript without prefix", signerScripts.standaloneSignScript([TARGET])],
];
const MODULES = { ...signerScripts, ...signingScripts, ...platformScripts, ...vettedScripts };
const CONSTANT = Object.entries(MODULES).filter(
  // Parts of scripts are in the scripts.
  (entry): entry is [string, string] => typeof entry[1] === "string" && entry[1].startsWith("#!"),
);
const SCRIPTS = [...CONSTANT, ...GENERATED];

test("the list holds every script, and every function that makes one", () => {
  expect(CONSTANT.length).toBeGreaterThanOrEqual(10);
  const functions = Object.entries(MODULES)
    .filter(([, value]) => typeof value === "function")
    .map(([name]) => name);
  expect(functions.filter((name) => !GENERATED.some(([generated]) => generated.startsWith(name)))).toEqual([]);
});

const missing = findProgram("shellcheck") ? undefined : "shellcheck was not found";

describeUnless(missing, "shellcheck finds nothing in", () => {
  test.each(SCRIPTS)("%s", (_, script) => {
    const { status, stdout } = spawnSync("shellcheck", ["--shell=bash", "-"], { input: script, encoding: "utf8" });
    expect({ status, stdout }).toEqual({ status: 0, stdout: "" });
  });
});

const python = findProgram("python3") ? undefined : "python3 was not found";

describeUnless(python, "the Python inside compiles:", () => {
  const inside = SCRIPTS.flatMap(([name, script]): [string, string][] => {
    const code = /<<'PYTHON'\n([\s\S]*?)\nPYTHON\n/.exec(script)?.[1];
    return code === undefined ? [] : [[name, code]];
  });

  test("there is some", () => {
    expect(inside.map(([name]) => name)).toEqual(
      expect.arrayContaining([
        "checkBuildScript",
        "vulnerabilityScript",
        "onDemandScanScript",
        "PROVENANCE_SCRIPT",
        "READ_LIST_SCRIPT",
      ]),
    );
  });

  test.each(inside)("%s", (_, code) => {
    const compile = "import sys; compile(sys.stdin.read(), 'step', 'exec')";
    const { status, stderr } = spawnSync("python3", ["-W", "error", "-I", "-c", compile], {
      input: code,
      encoding: "utf8",
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });
});
