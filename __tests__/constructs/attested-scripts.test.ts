import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import {
  ATTESTED_SCRIPT,
  RESIGN_SCRIPT,
  SIGN_LIST_SCRIPT,
  standaloneSignScript,
} from "../../lib/constructs/private/signer-scripts";
import { type CommandResult, run } from "../support/terraform";

// What the scripts take for an attestation, where the list is not what was asked for; gcloud and curl are stand-ins.

const PATH = "us-central1-docker.pkg.dev/my-secure-project/apps/web";
const DIGEST = `sha256:${"a".repeat(64)}`;
const OTHER = `sha256:${"b".repeat(64)}`;
const KEY = "projects/p/locations/global/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1";

describe("a list of attestations", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "attested-"));
    mkdirSync(join(folder, "bin"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs a script where the list has these resources, and Binary Authorization calls valid whatever it is asked. */
  function attested(script: string, resources: readonly string[], env: Record<string, string> = {}, version = KEY) {
    const lines = resources.map((resource) => `//cloudkms.googleapis.com/v1/${version} cGF5bG9hZA== c2ln ${resource}`);
    writeFileSync(join(folder, "list"), lines.map((line) => `${line}\n`).join(""));
    program(
      "gcloud",
      `case "$*" in
  "config get-value "*) echo "(unset)" ;;
  "auth print-access-token"*) echo secret-token ;;
  *"attestations list"*) cat "$FOLDER/list" ;;
  *"sign-and-create"*)
    [[ "\${SIGNS:-}" == yes ]] || exit 1
    echo "$*" >> "$FOLDER/signed"
    echo "//cloudkms.googleapis.com/v1/$KEY_VERSION cGF5bG9hZA== c2ln ${PATH}@${DIGEST}" >> "$FOLDER/list" ;;
  *) echo "ERROR: no" >&2; exit 1 ;;
esac`,
    );
    program("curl", `echo "$*" >> "$FOLDER/arguments"; cat >> "$FOLDER/input"; echo '{"result": "VERIFIED"}'`);
    writeFileSync(join(folder, "images"), `${PATH}@${DIGEST}\n`);
    writeFileSync(join(folder, "step.sh"), script);
    return run("bash", [join(folder, "step.sh")], {
      cwd: folder,
      env: {
        FOLDER: folder,
        PATH: [join(folder, "bin"), process.env.PATH].join(delimiter),
        IMAGES_FILE: join(folder, "images"),
        ATTESTATION_PROJECT: "p",
        ATTESTOR: "projects/p/attestors/a",
        NOTE: "projects/p/notes/a",
        KEY_VERSION: KEY,
        ...env,
      },
    });
  }

  function program(name: string, text: string): void {
    writeFileSync(join(folder, "bin", name), `#!/usr/bin/env bash\n${text}\n`);
    chmodSync(join(folder, "bin", name), 0o755);
  }

  const steps: [string, string][] = [
    ["the gate", ATTESTED_SCRIPT],
    ["the signature", SIGN_LIST_SCRIPT],
  ];

  test.each(steps)("%s takes a valid one of the image, also by another name of it", async (_, script) => {
    for (const resource of [`${PATH}@${DIGEST}`, `https://${PATH}@${DIGEST}`, `mirror.example.com/x:v1@${DIGEST}`]) {
      expect(await attested(script, [resource])).toMatchObject({ exitCode: 0, stderr: "" });
    }
  });

  // gcloud asks for resources that end with the digest; what comes before it is the choice of who stored the attestation.
  test.each(steps)("%s takes none of another image, though the list has it", async (_, script) => {
    for (const resource of [`${PATH}@${OTHER}`, `${PATH}@${OTHER}/x@${DIGEST}`, `${PATH}@${OTHER}:${DIGEST}`, DIGEST]) {
      const result = await attested(script, [resource]);
      expect([resource, result.exitCode]).toEqual([resource, 1]);
      expect(result.stderr).toMatch(/has no valid attestation/);
    }
  });

  test("a signer outside of Cloud Build that is given no image says so", async () => {
    const script = standaloneSignScript([{ project: "p", attestor: "a", note: "n", keyVersion: KEY }]);
    expect(await attested(script, [])).toMatchObject({
      exitCode: 1,
      output: "sign: no image was given: IMAGES is empty\n",
    });
  });

  describe("signing again", () => {
    const outcome = async (version: string | undefined) => {
      const env = { REMAINING_FILE: join(folder, "remaining"), KEY_VERSION: KEY.replace(/1$/, "2"), SIGNS: "yes" };
      const result = await attested(RESIGN_SCRIPT, version === undefined ? [] : [`${PATH}@${DIGEST}`], env, version);
      expect(result.exitCode).toBe(0);
      return {
        said: result.output,
        signed: existsSync(env.REMAINING_FILE.replace("remaining", "signed")),
        remains: existsSync(env.REMAINING_FILE),
      };
    };

    test("signs what another version of the key has signed", async () => {
      for (const version of [KEY, KEY.replace(/1$/, "12")]) {
        expect(await outcome(version)).toMatchObject({ signed: true, remains: false });
        rmSync(join(folder, "signed"));
      }
    });

    // Else it would outlive that key: what a list let in could not be withdrawn with the key of the list any more.
    test("does not sign what another key of the attestor vouches for, which the rotation does not touch", async () => {
      for (const version of [
        KEY.replace("cryptoKeys/k/", "cryptoKeys/vetted/"),
        KEY.replace("keyRings/r/", "keyRings/r2/"),
      ]) {
        expect(await outcome(version)).toEqual({
          said: `resign: ${PATH}@${DIGEST} has a valid attestation by another key, and needs none by projects/p/locations/global/keyRings/r/cryptoKeys/k\n`,
          signed: false,
          remains: false,
        });
      }
    });

    test("does not sign what nobody has signed", async () => {
      expect(await outcome(undefined)).toMatchObject({ signed: false, remains: true });
    });
  });

  test("the token is no argument of a command: others on the machine could read it", async () => {
    await attested(ATTESTED_SCRIPT, [`${PATH}@${DIGEST}`]);
    expect(readFileSync(join(folder, "arguments"), "utf8")).toContain("validateAttestationOccurrence");
    expect(readFileSync(join(folder, "arguments"), "utf8")).not.toContain("secret-token");
    expect(readFileSync(join(folder, "input"), "utf8")).toBe("Authorization: Bearer secret-token\n");
  });

  test("values with quotes stay values in the script of a signer outside of Cloud Build", async () => {
    const attestor = "it's; touch hostile; '";
    const script = standaloneSignScript([{ project: "p", attestor, note: "n", keyVersion: KEY }]);
    const result: CommandResult = await attested(script, [`${PATH}@${DIGEST}`], { IMAGES: `${PATH}@${DIGEST}` });
    expect(result).toMatchObject({ exitCode: 0, stderr: "" });
    expect(readFileSync(join(folder, "arguments"), "utf8")).toContain(`/v1/${attestor}:validateAttestationOccurrence`);
  });
});
