import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type JsonObject, putAttestor, putOccurrence, type Sandbox, type State } from "../../lib/sandbox";
import { describeUnless } from "../support/terraform";
import {
  ATTESTOR,
  applied,
  DIGEST,
  IMAGE,
  inParallel,
  keyId,
  NOTE,
  observed,
  PIPELINES,
  type Run,
  runAs,
  sign,
  signed,
  signingChain,
  signingMissing,
  signStep,
  versionName,
  withSandbox,
} from "./signer";
import { PROJECT } from "./support";

const ARTIFACT = `${IMAGE}@${DIGEST}`;
const OTHER_DIGEST = `sha256:${"cd".repeat(32)}`;

/** Replaces the keys of the attestor: by id, the version whose public key stands there, and under which algorithm. */
async function trust(
  google: Sandbox,
  keys: readonly { readonly id: number; readonly publicKeyOf?: number; readonly algorithm?: string }[],
): Promise<void> {
  const publicKeys = await Promise.all(
    keys.map(async ({ id, publicKeyOf, algorithm }) => ({
      id: keyId(id),
      pkixPublicKey: {
        publicKeyPem: await google.publicKeyPem(versionName(publicKeyOf ?? id)),
        signatureAlgorithm: algorithm ?? "ECDSA_P256_SHA256",
      },
    })),
  );
  putAttestor(google.state, ATTESTOR, { userOwnedGrafeasNote: { noteReference: NOTE, publicKeys } });
}

/** Makes the first version one of another algorithm, with another key. */
function remake(google: Sandbox, algorithm: string): void {
  google.state.cryptoKeyVersions[versionName(1)].algorithm = algorithm;
  delete google.state.privateKeys[versionName(1)];
}

/** An attestation by the first version that does not verify. */
function invalidAttestation(given: JsonObject = {}): JsonObject {
  const serializedPayload = Buffer.from("{}\n").toString("base64");
  return {
    noteName: NOTE,
    resourceUri: ARTIFACT,
    attestation: { serializedPayload, signatures: [{ publicKeyId: keyId(1), signature: serializedPayload }] },
    ...given,
  };
}

/** Ids and resources that whoever may attach to the note can store; the step's own reading of them must not go wrong. */
const HOSTILE_TEXTS = ['"},"occurrenceNote":"x', "$(touch hostile)", "a b c", "a\nb", "", "*", "--flag", ";exit 0"];

/** A situation, what is done in it, and what has to come of it. */
interface Scenario {
  readonly name: string;
  readonly arrange?: (google: Sandbox) => unknown;
  readonly act?: (google: Sandbox) => Promise<Run>;
  readonly exitCode: 0 | 1;
  /** The versions that verify, for every attestation that is stored afterwards; `[]` for one that does not. */
  readonly left: readonly (readonly number[])[];
  readonly says?: string;
  readonly signatures: number;
}

const SCENARIOS: readonly Scenario[] = [
  { name: "a digest that nobody signed", exitCode: 0, left: [[1]], signatures: 1 },
  {
    name: "a repeated run: signed already",
    act: async (google) => {
      await sign(google);
      return signed(google);
    },
    exitCode: 0,
    left: [[1]],
    signatures: 0,
  },
  {
    name: "a key that is not on the attestor",
    arrange: (google) => trust(google, [{ id: 2 }]),
    exitCode: 1,
    left: [],
    signatures: 1,
    says: "No attestations found that were valid",
  },
  {
    name: "a key that is not on the attestor, and gcloud's questions switched off by the build",
    arrange: (google) => trust(google, [{ id: 2 }]),
    act: (google) => signed(google, { env: { CLOUDSDK_CORE_DISABLE_PROMPTS: "1" } }),
    exitCode: 1,
    left: [],
    signatures: 1,
  },
  {
    name: "an attestor without any key",
    arrange: (google) => trust(google, []),
    exitCode: 1,
    left: [],
    signatures: 1,
  },
  {
    name: "NOT_VERIFIABLE: another public key under the id",
    arrange: (google) => trust(google, [{ id: 1, publicKeyOf: 2 }]),
    exitCode: 1,
    left: [],
    signatures: 1,
    says: "Attestation could not be validated",
  },
  {
    name: "the wrong algorithm: the attestor says PSS, the key signs PKCS #1",
    arrange: (google) => {
      remake(google, "RSA_SIGN_PKCS1_2048_SHA256");
      return trust(google, [{ id: 1, algorithm: "RSA_PSS_2048_SHA256" }]);
    },
    exitCode: 1,
    left: [],
    signatures: 1,
    says: "Attestation could not be validated",
  },
  {
    name: "the wrong algorithm: the key became RSA, the attestor has ECDSA",
    arrange: (google) => remake(google, "RSA_SIGN_PSS_2048_SHA256"),
    exitCode: 1,
    left: [],
    signatures: 1,
    says: "Attestation could not be validated",
  },
  ...["DISABLED", "DESTROY_SCHEDULED"].map(
    (state): Scenario => ({
      name: `a version that is ${state}`,
      arrange: (google) => {
        google.state.cryptoKeyVersions[versionName(1)].state = state;
      },
      exitCode: 1,
      left: [],
      signatures: 0,
      says: "is not enabled",
    }),
  ),
  ...["", "latest", "sha256:abab", DIGEST.toUpperCase(), `${DIGEST}\nx`, ` ${DIGEST}`, `$(echo ${DIGEST})`].map(
    (digest): Scenario => ({
      name: `no digest, but ${JSON.stringify(digest)}`,
      act: (google) => signed(google, { digest }),
      exitCode: 1,
      left: [],
      signatures: 0,
      says: "no digest of a pushed image",
    }),
  ),
  {
    name: "no file with a digest",
    act: (google) => signed(google, { env: { DIGEST_FILE: "/nonexistent/digest" } }),
    exitCode: 1,
    left: [],
    signatures: 0,
  },
  {
    name: "an old invalid attestation, where Container Analysis refuses a second one",
    arrange: (google) => putOccurrence(google.state, PROJECT, invalidAttestation()),
    exitCode: 1,
    left: [[]],
    signatures: 1,
    says: "an attestation by another key is in the way",
  },
  {
    name: "an old invalid attestation, where Container Analysis stores a second one",
    arrange: (google) => {
      google.behaviour.duplicateAttestation = "allow";
      putOccurrence(google.state, PROJECT, invalidAttestation());
    },
    exitCode: 0,
    left: [[], [1]],
    signatures: 1,
  },
  {
    name: "a valid attestation of another image, stored for this one",
    arrange: async (google) => {
      await sign(google, { digest: OTHER_DIGEST });
      const [other] = Object.values(google.state.occurrences);
      google.behaviour.duplicateAttestation = "allow";
      putOccurrence(google.state, PROJECT, { ...other, resourceUri: ARTIFACT });
    },
    exitCode: 0,
    left: [[], [], [1]],
    signatures: 1,
  },
  {
    name: "a valid attestation on another note",
    arrange: async (google) => {
      await sign(google);
      const [[name, attestation]] = Object.entries(google.state.occurrences);
      google.state.occurrences[name] = { ...attestation, noteName: `projects/${PROJECT}/notes/other` };
    },
    exitCode: 0,
    left: [[], [1]],
    signatures: 1,
  },
  {
    name: "key ids and resources with characters of a shell, of JSON and of gcloud",
    arrange: (google) => {
      google.behaviour.duplicateAttestation = "allow";
      for (const text of HOSTILE_TEXTS) {
        const signatures = [text, `${keyId(1)} ${text}`].map((publicKeyId) => ({ publicKeyId, signature: "AAAA" }));
        const attestation = { serializedPayload: "e30=", signatures };
        putOccurrence(google.state, PROJECT, invalidAttestation({ attestation }));
        putOccurrence(google.state, PROJECT, invalidAttestation({ resourceUri: `${text}@${DIGEST}` }));
      }
    },
    exitCode: 0,
    left: [...HOSTILE_TEXTS.flatMap(() => [[], []]), [1]],
    signatures: 1,
  },
  {
    name: "an attestation by the version before, still trusted, is none of the version that signs now",
    arrange: async (google) => {
      google.behaviour.duplicateAttestation = "same-image-and-key";
      await sign(google);
    },
    act: (google) => signed(google, { version: 2 }),
    exitCode: 0,
    left: [[1], [2]],
    signatures: 1,
  },
  {
    name: "an attestation by a retired version",
    arrange: async (google) => {
      google.behaviour.duplicateAttestation = "same-image-and-key";
      await sign(google);
      await trust(google, [{ id: 2 }]);
    },
    act: (google) => signed(google, { version: 2 }),
    exitCode: 0,
    left: [[], [2]],
    signatures: 1,
  },
  {
    name: "an attestation by a retired version, where Container Analysis refuses a second one",
    arrange: async (google) => {
      await sign(google);
      await trust(google, [{ id: 2 }]);
    },
    act: (google) => signed(google, { version: 2 }),
    exitCode: 1,
    left: [[]],
    signatures: 1,
    says: "an attestation by another key is in the way",
  },
  {
    name: "an answer that is lost after the attestation was stored",
    act: (google) => {
      return losingTheAnswer(google, /^POST .*\/occurrences/, (url) =>
        signed(google, { env: { CLOUDSDK_API_ENDPOINT_OVERRIDES_CONTAINERANALYSIS: `${url}/containeranalysis/` } }),
      );
    },
    exitCode: 0,
    left: [[1]],
    signatures: 1,
  },
];

/** Passes requests on, and drops the connection instead of the first answer to a request that matches. */
async function losingTheAnswer<T>(google: Sandbox, match: RegExp, use: (url: string) => Promise<T>): Promise<T> {
  let lost = 0;
  const proxy = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) {
      chunks.push(chunk);
    }
    const body = chunks.length === 0 ? undefined : Buffer.concat(chunks);
    const headers = { authorization: request.headers.authorization ?? "", "content-type": "application/json" };
    const answer = await fetch(`${google.url}${request.url}`, { method: request.method, headers, body });
    if (lost === 0 && match.test(`${request.method} ${request.url?.split("?")[0]}`)) {
      lost += 1;
      request.socket.destroy();
      return;
    }
    response.writeHead(answer.status, { "content-type": "application/json" }).end(await answer.text());
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  try {
    const result = await use(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
    expect(lost).toBe(1);
    return result;
  } finally {
    proxy.close();
    proxy.closeAllConnections();
  }
}

describeUnless(signingMissing(), "the signing step as generated, run with bash and the real gcloud", () => {
  let chain: State;

  beforeAll(async () => {
    chain = await applied(signingChain());
  }, 300_000);

  describe("in each situation", () => {
    let runs: ReadonlyMap<Scenario, Run>;

    beforeAll(async () => {
      const results = await inParallel(SCENARIOS, (scenario) =>
        withSandbox(chain, async (google) => {
          await scenario.arrange?.(google);
          const run = await (scenario.act ?? signed)(google);
          expect(google.unknownRoutes).toEqual([]);
          return run;
        }),
      );
      runs = new Map(SCENARIOS.map((scenario, index) => [scenario, results[index]]));
    }, 900_000);

    test.each(SCENARIOS)("$name: ends with $exitCode", (scenario) => {
      const run = runs.get(scenario) as Run;
      expect(run.violations).toEqual([]);
      expect(run.output).toContain(scenario.exitCode === 0 ? "has a valid attestation by" : (scenario.says ?? ""));
      expect(run.exitCode).toBe(scenario.exitCode);
      expect(run.attestations).toEqual(scenario.left.map((versions) => versions.map(keyId)));
      expect(run.signatures).toBe(scenario.signatures);
      expect(run.admitted).toBe(scenario.left.flat().length > 0);
    });
  });

  // gcloud as its documentation shows it: what the generated step is there to prevent, and what these tests can see.
  test("the control: gcloud alone ends with 0 and uploads what does not verify", async () => {
    await withSandbox(chain, async (google) => {
      await trust(google, [{ id: 1, publicKeyOf: 2 }]);
      const { identity } = signStep(google, PIPELINES.web);
      const run = await observed(google, 1, () =>
        runAs(
          google,
          identity,
          "gcloud",
          ...["beta", "container", "binauthz", "attestations", "sign-and-create", `--project=${PROJECT}`],
          ...[`--artifact-url=${ARTIFACT}`, `--attestor=${ATTESTOR}`, "--validate"],
          ...[`--keyversion=${versionName(1)}`, `--public-key-id-override=${keyId(1)}`],
        ),
      );
      expect(run.exitCode).toBe(0);
      expect(run.attestations).toEqual([[]]);
      expect(run.violations).toEqual([
        "ended with 0, and no attestation by version 1 verifies",
        expect.stringMatching(/^uploaded .*, which does not verify$/),
      ]);
    });
  }, 120_000);
});
