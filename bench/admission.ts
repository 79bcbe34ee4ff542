import { constants, createHash, generateKeyPairSync, type KeyObject, sign, verify } from "node:crypto";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { admit } from "../lib/admission/admit";
import { nodeVerifier } from "../lib/admission/node-verifier";
import { parseArtifact, payloadBytes, writeOccurrence } from "../lib/admission/payload";
import type { AdmissionRequest, Evidence } from "../lib/admission/types";
import { EMPTY_MODEL, known, type Rule, type TrustModel } from "../lib/trust/model";
import { publicKeyDigestId } from "../lib/vocabulary/public-key";

// What a decision of the simulator costs beside the verification of a signature, which no simulator can do without: in one
// process, in turn, bare `crypto.verify` and `admit` over the same signatures. Prints one JSON object: by algorithm, the
// milliseconds of CPU time of every round: the clock on the wall would measure what else the machine does.

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 9);
const PER_ROUND = Number(process.env.BENCH_DECISIONS ?? 500);
const PIECE = 250;
const PROJECT = "my-secure-project";
const ATTESTOR = `projects/${PROJECT}/attestors/build-attestor`;
const NOTE = `projects/${PROJECT}/notes/build-provenance-note`;
const REPOSITORY = `us-central1-docker.pkg.dev/${PROJECT}/my-repo/my-app`;

const ALGORITHMS = {
  RSA_SIGN_PKCS1_4096_SHA512: { hash: "sha512", pair: () => generateKeyPairSync("rsa", { modulusLength: 4096 }) },
  ECDSA_P256_SHA256: { hash: "sha256", pair: () => generateKeyPairSync("ec", { namedCurve: "P-256" }) },
} as const;

/** What `admit` is asked. */
interface Question {
  readonly request: AdmissionRequest;
  readonly evidence: NonNullable<Evidence>;
}

/** One signature: what bare verification takes, and the question about it. */
interface Sample extends Question {
  readonly data: Uint8Array;
  readonly signature: Uint8Array;
}

function measure(algorithm: keyof typeof ALGORITHMS) {
  const { hash, pair } = ALGORITHMS[algorithm];
  const { publicKey, privateKey } = pair();
  const model = modelWith(publicKey, algorithm);
  const verifier = nodeVerifier();
  const keyId = publicKeyDigestId(publicKey);
  const samples = (round: number) =>
    Array.from({ length: PER_ROUND }, (_, index) => sample(round * PER_ROUND + index, hash, privateKey, keyId));
  const bare = ({ data, signature }: Sample) =>
    verify(hash, data, { key: publicKey, dsaEncoding: "der", padding: paddingOf(algorithm) }, signature);
  const decided = ({ request, evidence }: Question) => admit(request, model, evidence, verifier).verdict === "admitted";
  const times = { bare: [] as number[], cold: [] as number[], warm: [] as number[] };
  // At first the compiler is at work.
  const first = samples(0);
  for (let round = 0; round < 60; round++) {
    timed(reread(first), decided);
  }
  for (let round = -1; round < ROUNDS; round++) {
    const given = samples(round + 2);
    // Equal bytes, and other objects: as if the same files were read again.
    const again = reread(given);
    const [onlyVerified, cold] = inTurn(over(given, bare), over(given, decided), round % 2 === 0);
    const [, warm] = inTurn(over(given, bare), over(again, decided), round % 2 === 0);
    if (round >= 0) {
      times.bare.push(onlyVerified);
      times.cold.push(cold);
      times.warm.push(warm);
    }
  }
  return times;
}

/** The same questions, as if their files were read again; what bare verification takes is not in those. */
function reread(samples: readonly Sample[]): Question[] {
  return JSON.parse(JSON.stringify(samples.map(({ request, evidence }) => ({ request, evidence }))));
}

/** One side: a run over a piece of its samples, from one index to another. */
type Side = (from: number, to: number) => number;

/** A side that goes over these samples. */
function over<T>(samples: readonly T[], holds: (sample: T) => boolean): Side {
  return (from, to) => timed(samples.slice(from, to), holds);
}

/** In small pieces, one side after the other, so that whatever else the machine does meets both. */
function inTurn(one: Side, other: Side, forth: boolean): [number, number] {
  const sums: [number, number] = [0, 0];
  // What the preparation left behind is not to be cleared away on somebody's account.
  collectGarbage();
  for (let from = 0; from < PER_ROUND; from += PIECE) {
    for (const index of forth ? [0, 1] : [1, 0]) {
      sums[index] += (index === 0 ? one : other)(from, from + PIECE);
    }
  }
  return sums;
}

function paddingOf(algorithm: keyof typeof ALGORITHMS): number | undefined {
  return algorithm.startsWith("RSA") ? constants.RSA_PKCS1_PADDING : undefined;
}

function sample(index: number, hash: string, key: KeyObject, keyId: string): Sample {
  const image = `${REPOSITORY}@sha256:${createHash("sha256").update(String(index)).digest("hex")}`;
  const parsed = parseArtifact(image);
  if ("error" in parsed) {
    throw new Error(parsed.error);
  }
  const data = payloadBytes(parsed.artifact);
  const signature = sign(hash, data, { key, dsaEncoding: "der" });
  const signatures = [{ publicKeyId: keyId, signature }];
  const occurrence = writeOccurrence({ artifact: parsed.artifact, noteName: NOTE, signatures });
  return {
    data,
    signature,
    request: {
      target: { kind: "gke", project: PROJECT, location: "us-central1-a", name: "prod" },
      pod: { images: [{ image, container: "app", kind: "container" }] },
    },
    // As it comes out of a file.
    evidence: JSON.parse(JSON.stringify({ occurrences: [occurrence] })),
  };
}

function timed<T>(samples: readonly T[], holds: (sample: T) => boolean): number {
  const before = process.cpuUsage();
  let count = 0;
  for (const one of samples) {
    count += holds(one) ? 1 : 0;
  }
  const { user, system } = process.cpuUsage(before);
  if (count !== samples.length) {
    throw new Error(`${count} of ${samples.length} were admitted`);
  }
  return (user + system) / 1000;
}

/** The policy, the attestor and a cluster of the reference deployment. */
function modelWith(publicKey: KeyObject, algorithm: string): TrustModel {
  const origin = { source: "bench" };
  const rule = (evaluationMode: string, attestors: string[]): Rule => ({
    evaluationMode: known(evaluationMode),
    enforcementMode: known("ENFORCED_BLOCK_AND_AUDIT_LOG"),
    requireAttestationsBy: known(attestors.map((name) => known(name))),
  });
  const exempt = ["quay.io/example-monitor/*", "gcr.io/google_containers/*", "k8s.gcr.io/*", "gke.gcr.io/*"];
  const pem = publicKey.export({ type: "spki", format: "pem" }) as string;
  const fingerprint = publicKeyDigestId(publicKey);
  return {
    ...EMPTY_MODEL,
    attestors: [
      {
        name: ATTESTOR,
        noteName: known(NOTE),
        publicKeys: known([
          {
            id: known(fingerprint),
            type: "pkix",
            material: known({ format: "pem", pem, fingerprint }),
            algorithm: known(algorithm),
          },
        ]),
        origin,
      },
    ],
    policies: [
      {
        project: PROJECT,
        globalPolicyEvaluationMode: known("ENABLE"),
        exemptImages: known(exempt.map((pattern) => known(pattern))),
        defaultRule: known(rule("ALWAYS_DENY", [])),
        specificRules: known({
          kind: "cluster",
          rules: [{ key: known("us-central1-a.prod"), rule: rule("REQUIRE_ATTESTATION", [ATTESTOR]) }],
        }),
        origin,
      },
    ],
    clusters: [
      {
        project: PROJECT,
        location: "us-central1-a",
        name: "prod",
        evaluationMode: known("PROJECT_SINGLETON_POLICY_ENFORCE"),
        origin,
      },
    ],
  };
}

const algorithms = Object.keys(ALGORITHMS) as (keyof typeof ALGORITHMS)[];
process.stdout.write(
  JSON.stringify({
    decisions: PER_ROUND,
    times: Object.fromEntries(algorithms.map((algorithm) => [algorithm, measure(algorithm)])),
  }),
);
