import { createSign, generateKeyPairSync } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Occurrence, parseArtifact, payloadBytes, writeOccurrence } from "../../lib/admission";
import { run } from "../../lib/cli/program";

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Terminal {
  readonly stdin?: string | Uint8Array;
  readonly color?: boolean;
  readonly columns?: number;
}

/** Runs the command in this process. */
export async function binauthz(
  argv: readonly string[],
  { stdin, color = false, columns }: Terminal = {},
): Promise<Ran> {
  let out = "";
  let err = "";
  const code = await run(argv, {
    stdin: () => {
      if (stdin === undefined) {
        throw Object.assign(new Error("closed"), { code: "EBADF" });
      }
      return stdin;
    },
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    color,
    columns,
  });
  return { code, out, err };
}

/** A folder of the test file that is gone after it. */
export function scratch(): { readonly path: string; readonly write: (name: string, content: unknown) => string } {
  const path = mkdtempSync(join(tmpdir(), "binauthz-admit-"));
  afterAll(() => rmSync(path, { recursive: true }));
  return {
    path,
    write: (name, content) => {
      const file = join(path, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
      return file;
    },
  };
}

export const PROJECT = "my-project";
export const KEY_VERSION = `projects/${PROJECT}/locations/global/keyRings/ring/cryptoKeys/key/cryptoKeyVersions/1`;
export const SIGNED = `eu.gcr.io/${PROJECT}/app@sha256:${"1".repeat(64)}`;
export const UNSIGNED = `eu.gcr.io/${PROJECT}/app@sha256:${"2".repeat(64)}`;

const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
export const PUBLIC_KEY = pair.publicKey.export({ type: "spki", format: "pem" }).toString();

/** A policy as gcloud exports it: attested images on prod, a dry run on staging, nothing elsewhere. */
export const POLICY = `admissionWhitelistPatterns:
- namePattern: quay.io/exempt/*
clusterAdmissionRules:
  us-central1-a.prod:
    enforcementMode: ENFORCED_BLOCK_AND_AUDIT_LOG
    evaluationMode: REQUIRE_ATTESTATION
    requireAttestationsBy:
    - projects/${PROJECT}/attestors/build
  us-central1-a.staging:
    enforcementMode: DRYRUN_AUDIT_LOG_ONLY
    evaluationMode: REQUIRE_ATTESTATION
    requireAttestationsBy:
    - projects/${PROJECT}/attestors/build
defaultAdmissionRule:
  enforcementMode: ENFORCED_BLOCK_AND_AUDIT_LOG
  evaluationMode: ALWAYS_DENY
name: projects/${PROJECT}/policy
`;

export const ATTESTORS = [
  {
    name: `projects/${PROJECT}/attestors/build`,
    userOwnedGrafeasNote: {
      noteReference: `projects/${PROJECT}/notes/build`,
      publicKeys: [
        {
          id: `//cloudkms.googleapis.com/v1/${KEY_VERSION}`,
          pkixPublicKey: { publicKeyPem: PUBLIC_KEY, signatureAlgorithm: "ECDSA_P256_SHA256" },
        },
      ],
    },
  },
];

/** An attestation of an image, really signed with the attestor's key. */
export function attest(image: string): Occurrence {
  const parsed = parseArtifact(image);
  if ("error" in parsed) {
    throw new Error(parsed.error);
  }
  const signature = createSign("sha256").update(payloadBytes(parsed.artifact)).sign(pair.privateKey);
  return writeOccurrence({
    artifact: parsed.artifact,
    noteName: `projects/${PROJECT}/notes/build`,
    signatures: [{ publicKeyId: `//cloudkms.googleapis.com/v1/${KEY_VERSION}`, signature }],
  });
}

/** A Deployment with one container. */
export function deployment(name: string, image: string, namespace = "shop"): Record<string, unknown> {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace },
    spec: { template: { spec: { containers: [{ name: "main", image }] } } },
  };
}

/** A pod of a Deployment as kubectl lists it. */
export function runningPod(owner: string, suffix: string, image: string, imageID?: string): Record<string, unknown> {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: `${owner}-5d4b9c7f6-${suffix}`,
      namespace: "shop",
      labels: { "pod-template-hash": "5d4b9c7f6" },
      ownerReferences: [{ apiVersion: "apps/v1", kind: "ReplicaSet", name: `${owner}-5d4b9c7f6`, controller: true }],
    },
    spec: { containers: [{ name: "main", image }] },
    status: { containerStatuses: [{ name: "main", ...(imageID !== undefined && { imageID }) }] },
  };
}

export function list(...items: readonly unknown[]): Record<string, unknown> {
  return { apiVersion: "v1", kind: "List", items };
}
