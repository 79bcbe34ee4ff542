import { type ChildProcess, spawn } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import fc from "fast-check";
import { openStateFile, type Sandbox, type SandboxOptions, type State, startSandbox } from "../../lib/sandbox";
import { ReadError } from "../../lib/trust";
import { binauthz } from "../cli/support";
import { check, samples } from "../support/property";
import { call } from "../support/sandbox";

const PROJECT = "demo-project";
const COMMAND = [resolve("node_modules/tsx/dist/cli.mjs"), resolve("lib/cli/binauthz.ts"), "sandbox"];
const LOCATION = `projects/${PROJECT}/locations/global`;
const folder = mkdtempSync(join(tmpdir(), "binauthz-state-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;
function newFile(): string {
  count += 1;
  return join(folder, `state-${count}`);
}

function open(file: string, options: SandboxOptions = {}): Promise<Sandbox> {
  return startSandbox({ ...options, stateFile: openStateFile(file) });
}

/** As JSON has it, the order of names included. */
const shown = (state: State): string => JSON.stringify(state);

/** What a copy of the file holds, as after a killed process. */
function stateIn(file: string): { readonly state: string; readonly cutOff: number } {
  const copy = newFile();
  copyFileSync(file, copy);
  const opened = openStateFile(copy);
  try {
    return { state: shown(opened.state), cutOff: opened.cutOff };
  } finally {
    opened.close();
  }
}

const id = fc.constantFrom("one", "two", "three");
const role = fc.constantFrom("roles/viewer", "roles/owner");
const POLICY = {
  defaultAdmissionRule: { evaluationMode: "ALWAYS_DENY", enforcementMode: "ENFORCED_BLOCK_AND_AUDIT_LOG" },
};
const POD = {
  apiVersion: "imagepolicy.k8s.io/v1alpha1",
  kind: "ImageReview",
  spec: { containers: [{ image: "nginx" }] },
};

/** A request of any kind: some of them are refused, some change what is there, some change nothing. */
const request: fc.Arbitrary<readonly [string, object?]> = fc.oneof(
  id.map((ring) => [`POST cloudkms/v1/${LOCATION}/keyRings?keyRingId=${ring}`, {}] as const),
  fc.tuple(id, id).map(([ring, key]) => {
    const versionTemplate = { algorithm: "EC_SIGN_P256_SHA256", protectionLevel: "SOFTWARE" };
    const path = `POST cloudkms/v1/${LOCATION}/keyRings/${ring}/cryptoKeys?cryptoKeyId=${key}`;
    return [path, { purpose: "ASYMMETRIC_SIGN", versionTemplate }] as const;
  }),
  ...["publicKey", "", ":destroy", ":restore"].map((what) =>
    fc.tuple(id, id, fc.integer({ min: 1, max: 2 })).map(([ring, key, version]) => {
      const name = `cloudkms/v1/${LOCATION}/keyRings/${ring}/cryptoKeys/${key}/cryptoKeyVersions/${version}`;
      return what.startsWith(":")
        ? ([`POST ${name}${what}`, {}] as const)
        : ([`GET ${name}${what && `/${what}`}`] as const);
    }),
  ),
  fc.tuple(id, fc.string()).map(([note, text]) => {
    const attestation = { hint: { humanReadableName: text } };
    return [`POST containeranalysis/v1/projects/${PROJECT}/notes?noteId=${note}`, { attestation }] as const;
  }),
  id.map((note) => [`DELETE containeranalysis/v1/projects/${PROJECT}/notes/${note}`] as const),
  id.map((note) => {
    const userOwnedGrafeasNote = { noteReference: `projects/${PROJECT}/notes/${note}` };
    const name = `projects/${PROJECT}/attestors/${note}`;
    return [
      `POST binaryauthorization/v1/projects/${PROJECT}/attestors?attestorId=${note}`,
      { name, userOwnedGrafeasNote },
    ] as const;
  }),
  fc.constant([
    `PUT binaryauthorization/v1/projects/${PROJECT}/policy`,
    { name: `projects/${PROJECT}/policy`, ...POLICY },
  ] as const),
  fc.tuple(id, role).map(([name, given]) => {
    const member = `user:${name}@example.com`;
    return [
      `POST cloudresourcemanager/v1/projects/${PROJECT}:setIamPolicy`,
      { policy: { bindings: [{ role: given, members: [member] }] } },
    ] as const;
  }),
  id.map(
    (account) => [`POST iam/v1/projects/${PROJECT}/serviceAccounts`, { accountId: `account-${account}` }] as const,
  ),
  id.map(
    (account) =>
      [
        `DELETE iam/v1/projects/${PROJECT}/serviceAccounts/account-${account}@${PROJECT}.iam.gserviceaccount.com`,
      ] as const,
  ),
  id.map((name) => [`POST container/v1/${LOCATION}/clusters`, { cluster: { name } }] as const),
  id.map((name) => [`DELETE container/v1/${LOCATION}/clusters/${name}`] as const),
  id.map((name) => [`POST admission/${LOCATION}/clusters/${name}`, POD] as const),
);

describe("every acknowledged write is in the file when its answer is there", () => {
  test.each(
    samples(fc.array(request, { minLength: 20, maxLength: 40, size: "max" }), 12).map(
      (requests, index) => [index + 1, requests] as const,
    ),
  )(
    "sequence %i of requests",
    async (_, requests) => {
      const file = newFile();
      const sandbox = await open(file);
      let changes = 0;
      let before = shown(sandbox.state);
      for (const [what, body] of requests) {
        await call(sandbox, what, body);
        const now = shown(sandbox.state);
        expect(stateIn(file)).toEqual({ state: now, cutOff: 0 });
        changes += now === before ? 0 : 1;
        before = now;
      }
      expect(changes).toBeGreaterThan(0);
      await sandbox.close();
      const again = await open(file);
      expect(shown(again.state)).toBe(before);
      await again.close();
    },
    60_000,
  );

  test("what is made after a restart goes on where it was: numbers, etags, and keys of its own", async () => {
    const file = newFile();
    const key = `${LOCATION}/keyRings/one/cryptoKeys/one`;
    const make = async (sandbox: Sandbox, number: number) => {
      if (number === 1) {
        await call(sandbox, `POST cloudkms/v1/${LOCATION}/keyRings?keyRingId=one`, {});
        const versionTemplate = { algorithm: "EC_SIGN_P256_SHA256", protectionLevel: "SOFTWARE" };
        const body = { purpose: "ASYMMETRIC_SIGN", versionTemplate };
        await call(sandbox, `POST cloudkms/v1/${LOCATION}/keyRings/one/cryptoKeys?cryptoKeyId=one`, body);
      } else {
        await call(sandbox, `POST cloudkms/v1/${key}/cryptoKeyVersions`, {});
      }
      const { json } = await call(sandbox, `GET cloudkms/v1/${key}/cryptoKeyVersions/${number}/publicKey`);
      return json.pem;
    };
    const first = await open(file);
    const one = await make(first, 1);
    await first.close();
    const second = await open(file);
    const two = await make(second, 2);
    expect(Object.keys(second.state.cryptoKeyVersions)).toEqual([1, 2].map((n) => `${key}/cryptoKeyVersions/${n}`));
    expect((await call(second, `GET cloudkms/v1/${key}/cryptoKeyVersions/1/publicKey`)).json.pem).toBe(one);
    expect(two).not.toBe(one);
    await second.close();
  }, 60_000);
});

describe("a file that is not whole", () => {
  /** A journal of some writes, and what it held after each. */
  let journal: Buffer;
  const states = new Map<number, string>();

  beforeAll(async () => {
    const file = newFile();
    const sandbox = await open(file);
    states.set(statSync(file).size, shown(sandbox.state));
    for (const note of ["one", "two", "three", "four"]) {
      const attestation = { hint: { humanReadableName: `Ünïcode ${note}` } };
      await call(sandbox, `POST containeranalysis/v1/projects/${PROJECT}/notes?noteId=${note}`, { attestation });
      states.set(statSync(file).size, shown(sandbox.state));
    }
    journal = readFileSync(file);
    await sandbox.close();
    expect(states.size).toBe(5);
  }, 60_000);

  function opened(content: Buffer) {
    const file = newFile();
    writeFileSync(file, content);
    const state = openStateFile(file);
    state.close();
    return { state: shown(state.state), cutOff: state.cutOff, length: statSync(file).size };
  }

  test("cut off anywhere behind the first write, it holds the writes before, and is mended", () => {
    const sizes = [...states.keys()];
    check(fc.integer({ min: sizes[0], max: journal.length }), (length) => {
      const whole = Math.max(...sizes.filter((size) => size <= length));
      expect(opened(journal.subarray(0, length))).toEqual({
        state: states.get(whole),
        cutOff: length - whole,
        length: whole,
      });
    });
  });

  test("with any byte changed, it is refused, and left as it is", () => {
    check(fc.tuple(fc.nat(journal.length - 2), fc.integer({ min: 1, max: 255 })), ([offset, by]) => {
      const content = Buffer.from(journal);
      content[offset] ^= by;
      // The note for people in the header may say anything.
      const header = content.indexOf("\n");
      if (offset < header && isHeader(content.subarray(0, header))) {
        return;
      }
      const file = newFile();
      writeFileSync(file, content);
      expect(() => openStateFile(file)).toThrow(ReadError);
      expect(readFileSync(file).equals(content)).toBe(true);
    });
  });

  function isHeader(line: Buffer): boolean {
    try {
      const { file, fileVersion, stateVersion } = JSON.parse(line.toString());
      return file === "state of binauthz sandbox" && fileVersion === 1 && stateVersion === 1;
    } catch {
      return false;
    }
  }

  test.each([
    ["text", "hello\n", "is no state of a sandbox"],
    ["a line without an end", "hello", "is no state of a sandbox"],
    ["other JSON", '{"version": 4}\n', "is no state of a sandbox"],
    [
      "a version to come",
      '{"file":"state of binauthz sandbox","fileVersion":2,"stateVersion":1}\n',
      "is of version 2.1, ",
    ],
    [
      "a line without a checksum",
      '{"file":"state of binauthz sandbox","fileVersion":1,"stateVersion":1}\n[]\n',
      "is damaged in line 2",
    ],
  ])("%s: one sentence, from the command too", async (_, content, sentence) => {
    const file = newFile();
    writeFileSync(file, content);
    const { code, out, err } = await binauthz(["sandbox", "--state", file, "--", process.execPath, "-e", ""]);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err.trimEnd().split("\n")).toHaveLength(1);
    expect(err.replace("; allowed", ", ; allowed")).toContain(`error: ${file}: ${sentence}`);
    expect(readFileSync(file, "utf8")).toBe(content);
    expect(existsSync(`${file}.lock`)).toBe(false);
  });

  test.each([
    [folder, "cannot be read and written (EISDIR)"],
    [join(folder, "none", "state"), "cannot be read and written (ENOENT)"],
  ])("%s: one sentence", async (file, sentence) => {
    const { code, err } = await binauthz(["sandbox", "--state", file, "--", process.execPath, "-e", ""]);
    expect(code).toBe(1);
    expect(err).toContain(`error: ${file}: ${sentence}`);
    expect(err.trimEnd().split("\n")).toHaveLength(1);
  });

  test("the command says that a write was cut off, and that a seed is for a new file", async () => {
    const file = newFile();
    writeFileSync(file, journal);
    appendFileSync(file, "123 [[");
    const ran = await binauthz(["sandbox", "--state", file, "--project", "p-123456", "--", process.execPath, "-e", ""]);
    expect(ran.code).toBe(0);
    expect(ran.err).toBe(
      [
        `warning: ${file} ended in a write that was cut off and that nobody was told of; its 6 bytes were taken away`,
        `warning: ${file} has a state already; --seed, --project and --cluster are for a new one, and change nothing`,
        "",
      ].join("\n"),
    );
    expect(readFileSync(file).equals(journal)).toBe(true);
  });
});

describe("the file", () => {
  test("is for its owner alone, also one that was there for all to read", async () => {
    const [fresh, empty] = [newFile(), newFile()];
    writeFileSync(empty, "");
    chmodSync(empty, 0o644);
    for (const file of [fresh, empty]) {
      const sandbox = await open(file);
      expect(statSync(file).mode & 0o777).toBe(0o600);
      await sandbox.close();
      chmodSync(file, 0o644);
      openStateFile(file).close();
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect(readFileSync(file, "utf8")).toContain("Throw-away: the private keys in here");
    }
  });

  test("takes a seed when it is new, and keeps what became of it", async () => {
    const file = newFile();
    const seed = { clusters: [{ project: PROJECT, location: "global", name: "one" }] };
    const first = await open(file, { seed });
    expect((await call(first, `DELETE container/v1/${LOCATION}/clusters/one`)).status).toBe(200);
    await first.close();
    const second = await open(file, { seed });
    expect(second.state.clusters).toEqual({});
    await second.close();
  });

  test("is written anew when it gets long, and holds the same", async () => {
    const file = newFile();
    const sandbox = await open(file);
    const note = `containeranalysis/v1/projects/${PROJECT}/notes`;
    await call(sandbox, `POST ${note}?noteId=one`, { attestation: { hint: { humanReadableName: "one" } } });
    let largest = 0;
    for (let written = 0; written < 12; written += 1) {
      const shortDescription = `${written}`.repeat(500_000);
      expect((await call(sandbox, `PATCH ${note}/one?updateMask=shortDescription`, { shortDescription })).status).toBe(
        200,
      );
      largest = Math.max(largest, statSync(file).size);
    }
    expect(largest).toBeLessThan(7_000_000);
    expect(stateIn(file)).toEqual({ state: shown(sandbox.state), cutOff: 0 });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await sandbox.close();
  }, 60_000);

  test.each([
    ["longer", (file: string) => appendFileSync(file, "x")],
    ["gone", (file: string) => rmSync(file)],
    [
      "another one",
      (file: string) => {
        const content = readFileSync(file);
        rmSync(file);
        writeFileSync(file, content);
      },
    ],
  ])("is %s behind the sandbox's back: nothing is acknowledged any more", async (_, change) => {
    const file = newFile();
    const sandbox = await open(file);
    change(file);
    const { status, json } = await call(sandbox, `POST cloudkms/v1/${LOCATION}/keyRings?keyRingId=one`, {});
    expect(status).toBe(500);
    expect(JSON.stringify(json)).toContain("was changed or removed by somebody else");
    await expect(sandbox.close()).rejects.toThrow("was changed or removed by somebody else");
  });
});

describe("two sandboxes", () => {
  test("on one file: the second is refused, in one program and by another name", async () => {
    const file = newFile();
    const sandbox = await open(file);
    expect(() => openStateFile(file)).toThrow(
      "is in use by another sandbox of this program; allowed: one sandbox for each file",
    );
    expect(() =>
      openStateFile(join(folder, "..", folder.split("/").at(-1) ?? "", file.split("/").at(-1) ?? "")),
    ).toThrow("is in use");
    await sandbox.close();
    openStateFile(file).close();
  });

  test("at once, each on its own file or in memory, know nothing of each other", async () => {
    const files = [newFile(), newFile(), undefined, undefined];
    const sandboxes = await Promise.all(files.map((file) => (file === undefined ? startSandbox() : open(file))));
    expect(new Set(sandboxes.map(({ url }) => url)).size).toBe(4);
    const note = (index: number) => `containeranalysis/v1/projects/${PROJECT}/notes?noteId=of-${index}`;
    const attestation = { hint: { humanReadableName: "one" } };
    await Promise.all(
      Array.from({ length: 40 }, (_, round) =>
        call(sandboxes[round % 4], `POST ${note(round % 4)}-${round}`, { attestation }),
      ),
    );
    for (const [index, sandbox] of sandboxes.entries()) {
      const names = Object.keys(sandbox.state.notes).map((name) => name.split("/").at(-1));
      expect(names).toHaveLength(10);
      expect(names.every((name) => name?.startsWith(`of-${index}-`))).toBe(true);
    }
    await Promise.all(sandboxes.map((sandbox) => sandbox.close()));
  }, 60_000);
});

describe("the command, killed", () => {
  interface Serving {
    readonly child: ChildProcess;
    readonly url: string;
    readonly text: string;
  }

  async function serving(file: string): Promise<Serving> {
    const child = spawn(process.execPath, ["--import", "tsx", COMMAND[1], "sandbox", "--state", file]);
    let text = "";
    child.stderr.on("data", (chunk) => {
      text += chunk;
    });
    await new Promise<void>((done, failed) => {
      child.stdout.on("data", (chunk) => {
        text += chunk;
        if (text.includes("METADATA_SERVER_DETECTION")) {
          done();
        }
      });
      child.once("exit", (code) => failed(new Error(`ended with ${code}: ${text}`)));
    });
    return { child, url: /export BINAUTHZ_SANDBOX='(.*)'/.exec(text)?.[1] ?? "", text };
  }

  const headers = { Authorization: "Bearer principal:user:owner@example.com" };

  test("keeps every write that it acknowledged, time after time; its lock stops nobody once it is gone", async () => {
    const file = newFile();
    const acknowledged: string[] = [];
    for (let round = 0; round < 3; round += 1) {
      const { child, url, text } = await serving(file);
      expect(text).toContain(`keeps its state in ${file}, private keys included`);
      const second = await binauthz(["sandbox", "--state", file, "--", process.execPath, "-e", ""]);
      expect(second).toEqual({
        code: 1,
        out: "",
        err: `error: ${file}: is in use by the sandbox with process id ${child.pid}; allowed: one sandbox for each file\n`,
      });
      const wanted = acknowledged.length + 60 + round * 7;
      let running = true;
      const clients = Array.from({ length: 4 }, async (_, client) => {
        for (let n = 0; running; n += 1) {
          const name = `note-${round}-${client}-${n}`;
          const body = JSON.stringify({ attestation: { hint: { humanReadableName: name } } });
          const path = `${url}/containeranalysis/v1/projects/${PROJECT}/notes?noteId=${name}`;
          const status = await fetch(path, { method: "POST", headers, body }).then(
            (answer) => answer.status,
            () => 0,
          );
          if (status === 200) {
            acknowledged.push(name);
          } else {
            running = false;
          }
          if (acknowledged.length >= wanted) {
            child.kill("SIGKILL");
          }
        }
      });
      await Promise.all(clients);
      expect(acknowledged.length).toBeGreaterThanOrEqual(wanted);
    }
    const { state } = JSON.parse(JSON.stringify({ state: JSON.parse(stateIn(file).state) })) as { state: State };
    const stored = Object.keys(state.notes).map((name) => name.split("/").at(-1));
    expect(stored).toEqual(expect.arrayContaining(acknowledged));
    // At most what each client had sent last was stored and not acknowledged.
    expect(stored.length - acknowledged.length).toBeLessThanOrEqual(12);
  }, 120_000);
});
