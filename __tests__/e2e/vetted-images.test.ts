import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { TerraformStack } from "cdktf";
import { parse } from "yaml";
import {
  Attestor,
  BuildPipeline,
  CleanupPolicy,
  ImagePlatform,
  PipelineSource,
  SignedBuild,
  SigningTrigger,
  TrustRoot,
  VettedImages,
} from "../../lib";
import { putAttestor, putOccurrence, type Sandbox, startSandbox } from "../../lib/sandbox";
import { pythonMissing } from "../support/recorded-apis";
import { call, requested } from "../support/sandbox";
import { type CommandResult, describeIfTerraform, describeUnless, findProgram, run } from "../support/terraform";
import { Deployment, PROJECT, synthesizeStack } from "./support";

// A reviewed list of images, from the file to the attestations: the steps one after the other, with the real gcloud.

const CONNECTED = `projects/${PROJECT}/locations/us-central1/connections/c/repositories/platform`;
const KEY = `projects/${PROJECT}/locations/global/keyRings/ring/cryptoKeys/vetted`;
const MIRROR = `us-central1-docker.pkg.dev/${PROJECT}/vetted`;
const sha256 = (text: string): string => `sha256:${createHash("sha256").update(text).digest("hex")}`;

function vettedIn(stack: TerraformStack): VettedImages {
  const keys = [new TrustRoot(stack, "TrustRoot", { keyRingName: "ring", keyName: "vetted", location: "global" })];
  return new VettedImages(stack, "Vetted", {
    triggerName: "vetted-images",
    attestors: [new Attestor(stack, "Attestor", { attestorName: "vetted", keys })],
    source: PipelineSource.push({ repository: CONNECTED }),
    repository: MIRROR,
    cleanupPolicies: [
      CleanupPolicy.deleteOlder("delete-old", { olderThan: "31536000s" }),
      CleanupPolicy.keepMostRecent("keep-recent", { keepCount: 5 }),
    ],
  });
}

interface Step {
  readonly id: string;
  readonly script: string;
  readonly env: string[];
}

describeIfTerraform("with the real provider", () => {
  test("vetted images, and a build of several platforms, are applied, and the second plan is empty", async () => {
    const google = await startSandbox();
    const deployment = Deployment.against(google);
    try {
      await deployment.apply(
        synthesizeStack((stack) => {
          const vetted = vettedIn(stack);
          const build = new BuildPipeline(stack, "Build", {
            image: `us-central1-docker.pkg.dev/${PROJECT}/apps/app`,
            source: PipelineSource.push({ repository: CONNECTED }),
            platforms: [ImagePlatform.LINUX_AMD64, ImagePlatform.LINUX_ARM64],
            immutableTags: true,
          });
          new SigningTrigger(stack, "Sign", {
            triggerName: "sign-app",
            location: "us-central1",
            attestors: vetted.attestors,
            builds: [SignedBuild.ofPipeline(build, { repositoryUrl: "https://github.com/my-org/app" })],
          });
        }),
      );
      const repositories = google.state.repositories;
      expect(repositories[`projects/${PROJECT}/locations/us-central1/repositories/vetted`]).toMatchObject({
        cleanupPolicyDryRun: true,
        vulnerabilityScanningConfig: { enablementConfig: "INHERITED" },
      });
      const trigger = Object.values(google.state.triggers).find(({ name }) => name === "vetted-images");
      expect(trigger).toMatchObject({ includedFiles: ["vetted-images.txt"] });
      expect(google.unknownRoutes).toEqual([]);
    } finally {
      deployment.remove();
      await google.close();
    }
  }, 300_000);
});

function missing(): string | undefined {
  const program = ["gcloud", "curl"].find((name) => findProgram(name) === undefined);
  return program === undefined ? pythonMissing() : `${program} was not found`;
}

describeUnless(missing(), "a list that is mirrored, scanned and signed", () => {
  const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
  const manifest = (name: string): string =>
    JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, config: { name }, layers: [] });
  const AMD64 = manifest("amd64");
  const ARM64 = manifest("arm64");
  const REDIS = manifest("redis");
  const entry = (text: string, architecture: string) => ({
    mediaType: MANIFEST,
    size: text.length,
    digest: sha256(text),
    platform: { os: "linux", architecture },
  });
  const NGINX = JSON.stringify({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.index.v1+json",
    manifests: [entry(AMD64, "amd64"), entry(ARM64, "arm64")],
  });
  const SOURCES: Record<string, string> = {};
  for (const text of [AMD64, ARM64, NGINX]) {
    SOURCES[`docker.io/library/nginx@${sha256(text)}`] = text;
  }
  SOURCES[`quay.io/sidecars/redis@${sha256(REDIS)}`] = REDIS;

  const LINE = `docker.io/library/nginx:1.27@${sha256(NGINX)}`;
  const mirrored = (path: string, text: string): string => `${MIRROR}/${path}@${sha256(text)}`;
  const nginx = (text: string): string => mirrored("docker.io/library/nginx", text);
  const redis = mirrored("quay.io/sidecars/redis", REDIS);

  let steps: readonly Step[] = [];
  let google: Sandbox;
  let registry: Server;
  let folder: string;

  beforeAll(async () => {
    synthesizeStack((stack) => {
      steps = (parse(vettedIn(stack).renderCloudBuildConfig()) as { steps: Step[] }).steps;
    });
    // The registry that gcrane writes to: a file for each manifest.
    registry = createServer((request, response) => {
      const digest = /\/manifests\/(sha256:[0-9a-f]{64})$/.exec(decodeURIComponent(request.url ?? ""))?.[1];
      try {
        response.end(readFileSync(join(folder, "mirror", digest ?? "none")));
      } catch {
        response.writeHead(404).end();
      }
    });
    await new Promise<void>((resolve) => {
      registry.listen(0, "127.0.0.1", resolve);
    });
  });
  afterAll(() => new Promise<void>((resolve) => registry.close(() => resolve())));

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "vetted-"));
    for (const name of ["binauthz", "bin", "sources", "mirror"]) {
      mkdirSync(join(folder, name));
    }
    for (const [name, text] of Object.entries(SOURCES)) {
      writeFileSync(join(folder, "sources", name.replace(/\//g, "%")), text);
    }
    // A gcrane for files: a manifest is copied as it is, and a tag is a file with its digest.
    writeFileSync(
      join(folder, "bin/gcrane"),
      `#!/usr/bin/env bash
set -euo pipefail
echo "$*" >> "${folder}/asked"
name() { printf '%s' "\${1//\\//%}"; }
case "$1 $2" in
  "digest --platform")
    source="${folder}/sources/$(name "$4")"
    python3 -c 'import json, sys
document = json.load(open(sys.argv[1]))
found = [one["digest"] for one in document.get("manifests", []) if "linux/" + one["platform"]["architecture"] == sys.argv[2]]
print(found[0] if "manifests" in document else sys.argv[3])' "$source" "$3" "\${4##*@}" ;;
  digest*) cat "${folder}/mirror/$(name "$2")" ;;
  cp*)
    cp "${folder}/sources/$(name "$2")" "${folder}/mirror/\${2##*@}"
    echo "\${2##*@}" > "${folder}/mirror/$(name "$3")" ;;
esac
`,
      { mode: 0o755 },
    );
    google = await startSandbox();
    const post = async (path: string, body: object) => {
      expect((await call(google, `POST ${path}`, body)).status).toBe(200);
    };
    const location = `cloudkms/v1/projects/${PROJECT}/locations/global`;
    await post(`${location}/keyRings?keyRingId=ring`, {});
    await post(`${location}/keyRings/ring/cryptoKeys?cryptoKeyId=vetted`, {
      purpose: "ASYMMETRIC_SIGN",
      versionTemplate: { algorithm: "EC_SIGN_P256_SHA256", protectionLevel: "HSM" },
    });
    await post(`containeranalysis/v1/projects/${PROJECT}/notes?noteId=vetted`, {
      attestation: { hint: { humanReadableName: "vetted" } },
    });
    putAttestor(google.state, `projects/${PROJECT}/attestors/vetted`, {
      userOwnedGrafeasNote: {
        noteReference: `projects/${PROJECT}/notes/vetted`,
        publicKeys: [
          {
            id: `//cloudkms.googleapis.com/v1/${KEY}/cryptoKeyVersions/1`,
            pkixPublicKey: {
              publicKeyPem: await google.publicKeyPem(`${KEY}/cryptoKeyVersions/1`),
              signatureAlgorithm: "ECDSA_P256_SHA256",
            },
          },
        ],
      },
    });
  });

  afterEach(async () => {
    rmSync(folder, { recursive: true, force: true });
    await google.close();
  });

  /** What Artifact Analysis says of an image it has scanned. */
  function scanned(image: string, ...vulnerabilities: string[]): void {
    const resourceUri = `https://${image}`;
    putOccurrence(google.state, PROJECT, {
      kind: "DISCOVERY",
      noteName: "projects/goog-analysis/notes/PACKAGE_VULNERABILITY",
      resourceUri,
      discovery: { analysisStatus: "FINISHED_SUCCESS" },
    });
    for (const name of vulnerabilities) {
      putOccurrence(google.state, PROJECT, {
        kind: "VULNERABILITY",
        noteName: `projects/goog-vulnz/notes/${name}`,
        resourceUri,
        vulnerability: { effectiveSeverity: "CRITICAL" },
      });
    }
  }

  /** Runs the steps until one fails, as Cloud Build does. */
  async function vet(list: string): Promise<CommandResult & { readonly failed?: string }> {
    writeFileSync(join(folder, "vetted-images.txt"), list);
    const shared = {
      ...google.environment(),
      CLOUDSDK_API_ENDPOINT_OVERRIDES_ARTIFACTREGISTRY: `http://127.0.0.1:${(registry.address() as AddressInfo).port}/`,
      PATH: [join(folder, "bin"), process.env.PATH].join(delimiter),
    };
    let output = "";
    let last: CommandResult = { exitCode: 0, stdout: "", stderr: "", output: "" };
    for (const step of steps) {
      const env = Object.fromEntries(
        step.env.map((one) => {
          const [name, value] = [one.slice(0, one.indexOf("=")), one.slice(one.indexOf("=") + 1)];
          // A scan that is not there is not there.
          return [name, name === "SCAN_TIMEOUT" ? "0" : value.replace(/^\/binauthz/, join(folder, "binauthz"))];
        }),
      );
      const file = join(folder, "step.sh");
      writeFileSync(file, step.script);
      last = await run(step.id === "mirror" ? "sh" : "bash", [file], { cwd: folder, env: { ...shared, ...env } });
      output += last.output;
      if (last.exitCode !== 0) {
        return { ...last, output, failed: step.id };
      }
    }
    return { ...last, output };
  }

  const signed = () =>
    Object.values(google.state.occurrences)
      .filter(({ kind }) => kind === "ATTESTATION")
      .map(({ resourceUri }) => resourceUri)
      .sort();
  const signatures = () => requested(google, /:asymmetricSign$/).length;
  const copies = () =>
    readFileSync(join(folder, "asked"), "utf8")
      .split("\n")
      .filter((line) => line.startsWith("cp ")).length;

  test("each with the digest of the list, and only once", async () => {
    scanned(nginx(AMD64));
    const first = await vet(`${LINE} # web server\n`);
    expect(first.output).toContain(`images: ${nginx(NGINX)} has images that are not scanned: linux/arm64\n`);
    expect(first.failed).toBeUndefined();
    expect(first.stdout).toBe(`${nginx(NGINX)}\n`);
    expect(signed()).toEqual([nginx(NGINX)]);
    expect([signatures(), copies()]).toEqual([1, 2]);

    // One more line: what is mirrored, scanned and signed is passed over, also when something was found in it since.
    scanned(nginx(AMD64), "CVE-2026-1");
    scanned(redis);
    const second = await vet(`${LINE}\nquay.io/sidecars/redis@${sha256(REDIS)}\n`);
    expect(second.output).toContain("select: 1 are not signed yet, 1 to be scanned\n");
    expect(second.output).toContain(`pending: ${nginx(NGINX)} has a valid attestation by ${KEY}/cryptoKeyVersions/1\n`);
    expect(second.failed).toBeUndefined();
    expect(second.stdout).toBe(`${nginx(NGINX)}\n${redis}\n`);
    expect(signed()).toEqual([nginx(NGINX), redis]);
    expect([signatures(), copies()]).toEqual([2, 3]);

    // Nothing is left to do, and that is no error.
    const third = await vet(`${LINE}\n`);
    expect(third.output).toContain("vulnerabilities: nothing is left to do\nsign: nothing is left to do\n");
    expect(third.failed).toBeUndefined();
    expect([signatures(), copies()]).toEqual([2, 3]);
  }, 240_000);

  const NEVER: [string, string, () => void, string, RegExp][] = [
    [
      "without a scan",
      LINE,
      () => undefined,
      "gate-1-vulnerabilities",
      /was not scanned in time: .* is scanning enabled\?/,
    ],
    [
      "with a scan of another platform's image alone",
      LINE,
      () => scanned(nginx(ARM64)),
      "gate-1-vulnerabilities",
      /was not scanned in time/,
    ],
    [
      "with a vulnerability",
      LINE,
      () => scanned(nginx(AMD64), "CVE-2026-1"),
      "gate-1-vulnerabilities",
      /has CVE-2026-1 \(CRITICAL\)/,
    ],
    ["by its tag", `${LINE}\nquay.io/sidecars/redis:7\n`, () => scanned(nginx(AMD64)), "read-list", /line 2: no image/],
    [
      "that is not there",
      `quay.io/sidecars/redis@sha256:${"0".repeat(64)}`,
      () => undefined,
      "mirror",
      /cannot be read/,
    ],
    [
      "that the source answers with other content",
      LINE,
      () => {
        scanned(nginx(AMD64));
        writeFileSync(
          join(folder, "sources", `docker.io%library%nginx@${sha256(NGINX)}`),
          NGINX.replace(sha256(ARM64), sha256(REDIS)),
        );
      },
      "images",
      /the registry answered for .* with what has another digest/,
    ],
  ];

  test.each(NEVER)(
    "never signed: an image %s",
    async (_, list, arrange, failed, says) => {
      arrange();
      const result = await vet(list);
      expect(result.failed).toBe(failed);
      expect(result.stderr).toMatch(says);
      expect([signed(), signatures()]).toEqual([[], 0]);
    },
    120_000,
  );
});
