import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createKeyVersion, grant, type JsonObject, putOccurrence, type Sandbox, type State } from "../../lib/sandbox";
import { call } from "../support/sandbox";
import { type CommandResult, describeSelfCheck, describeUnless } from "../support/terraform";
import {
  ATTESTOR,
  admitted,
  applied,
  DIGEST,
  IMAGE,
  identityOf,
  inParallel,
  KEY,
  keyId,
  NOTE,
  PIPELINES,
  REPOSITORY,
  runAs,
  sign,
  signingChain,
  signingMissing,
  verifiedBy,
  versionName,
  withSandbox,
} from "./signer";
import { PROJECT } from "./support";

const PROJECT_NAME = `projects/${PROJECT}`;
const OTHER_KEY = KEY.replace(/key$/, "other");
const CUSTOM_ROLE = "the custom role of createOnly";

/** One binding of a pipeline's identity. */
interface Grant {
  readonly pipeline: string;
  readonly resource: string;
  readonly role: string;
}

/** What the identity misses first without a role, where the signing step is what needs it. */
const MISSED_BY_SIGNING: readonly [role: string, permission: string, resource: string][] = [
  ["roles/cloudkms.signer", "cloudkms.cryptoKeyVersions.useToSign", KEY],
  ["roles/cloudkms.publicKeyViewer", "cloudkms.cryptoKeyVersions.viewPublicKey", KEY],
  ["roles/binaryauthorization.attestorsVerifier", "binaryauthorization.attestors.get", ATTESTOR],
  ["roles/containeranalysis.notes.attacher", "containeranalysis.notes.attachOccurrence", NOTE],
  ["roles/containeranalysis.notes.occurrences.viewer", "containeranalysis.notes.listOccurrences", NOTE],
  ["roles/containeranalysis.occurrences.editor", "containeranalysis.occurrences.create", PROJECT_NAME],
  [CUSTOM_ROLE, "containeranalysis.occurrences.create", PROJECT_NAME],
];

/** The same for the other steps, and for the build itself. What they call, the sandbox tests without doing it. */
const MISSED_BY_OTHERS: readonly [role: string, permission: string, resource: string, service: string][] = [
  ["roles/artifactregistry.writer", "artifactregistry.repositories.uploadArtifacts", REPOSITORY, "artifactregistry/v1"],
  ["roles/logging.logWriter", "logging.logEntries.create", PROJECT_NAME, "cloudresourcemanager/v1"],
];

/** The name of a role in the tables. */
const named = (role: string): string =>
  role.startsWith(`${PROJECT_NAME}/roles/attestationCreator_`) ? CUSTOM_ROLE : role;

/** Every binding of the pipelines' identities, as they are stored. */
function grantsIn(state: State): Grant[] {
  return Object.entries(state.iamPolicies).flatMap(([resource, policy]) =>
    bindingsOf(policy).flatMap(({ role, members }) =>
      Object.values(PIPELINES)
        .filter((pipeline) => members.includes(identityOf(pipeline)))
        .map((pipeline) => ({ pipeline, resource, role })),
    ),
  );
}

interface Binding {
  role: string;
  members: string[];
}

const bindingsOf = (policy: JsonObject): Binding[] => (policy.bindings ?? []) as unknown as Binding[];

/** A copy of a state in which an identity lacks one role. */
function without(state: State, { pipeline, resource, role }: Grant): State {
  const copy = structuredClone(state);
  for (const binding of bindingsOf(copy.iamPolicies[resource]).filter((other) => other.role === role)) {
    binding.members = binding.members.filter((member) => member !== identityOf(pipeline));
  }
  return copy;
}

/** Who was refused what on what, as the sandbox answered. */
const refusals = (google: Sandbox): string[] => [
  ...new Set(
    google.requests
      .filter(({ status }) => status === 403)
      .map(({ principal, error }) => `${principal}: ${error?.replace(/ \(or it may not exist\)/, "")}`),
  ),
];

describeUnless(signingMissing(), "the identity of a pipeline, as the real terraform granted it", () => {
  let chain: State;

  beforeAll(async () => {
    chain = await applied(signingChain());
  }, 300_000);

  test("every grant is in the tables of this file, and no other is there", () => {
    const roles = (pipeline: string) => grantsIn(chain).filter((found) => found.pipeline === pipeline);
    const known = [...MISSED_BY_SIGNING, ...MISSED_BY_OTHERS];
    expect(roles(PIPELINES.web)).toHaveLength(8);
    expect(roles(PIPELINES.createOnly)).toHaveLength(8);
    for (const { role, resource } of grantsIn(chain)) {
      expect(known.filter(([name, , on]) => name === named(role) && on === resource)).toHaveLength(1);
    }
  });

  test.each(Object.values(PIPELINES))(
    "%s signs, and is refused nothing on the way",
    async (pipeline) => {
      await withSandbox(chain, async (google) => {
        expect(await admitted(google)).toBe(false);
        const result = await sign(google, { pipeline, env: { IMAGE } });
        expect(result.output).toContain("has a valid attestation by");
        expect(result.exitCode).toBe(0);
        expect(refusals(google)).toEqual([]);
        expect(Object.values(google.state.occurrences).map((found) => verifiedBy(google, found))).toEqual([[keyId(1)]]);
        expect(await admitted(google)).toBe(true);
        // Whatever was asked, the identity asked it: nothing went past IAM as the owner.
        const askers = google.requests.filter(({ path }) => path !== "/admission").map(({ principal }) => principal);
        expect([...new Set(askers)]).toEqual([identityOf(pipeline)]);
      });
    },
    60_000,
  );

  describe("with one grant less", () => {
    interface Run {
      readonly grant: Grant;
      readonly result: CommandResult;
      readonly refused: readonly string[];
      readonly attestations: number;
    }
    let runs: Run[];

    beforeAll(async () => {
      const grants = grantsIn(chain)
        .filter(({ role }) => MISSED_BY_SIGNING.some(([name]) => name === named(role)))
        // The other grants of the second pipeline are those of the first.
        .filter(({ pipeline, role }) => pipeline === PIPELINES.web || named(role) === CUSTOM_ROLE);
      runs = await inParallel(grants, (taken) =>
        withSandbox(without(chain, taken), async (google) => {
          const result = await sign(google, { pipeline: taken.pipeline });
          const attestations = Object.keys(google.state.occurrences).length;
          return { grant: taken, result, refused: refusals(google), attestations };
        }),
      );
    }, 300_000);

    test.each(MISSED_BY_SIGNING)("%s: signing fails, and names %s", (role, permission, resource) => {
      const [run, ...others] = runs.filter(({ grant: taken }) => role === named(taken.role));
      expect(others).toEqual([]);
      expect(run.grant.resource).toBe(resource);
      expect(run.result.exitCode).toBe(1);
      expect(run.result.output).toContain(permission);
      expect(run.refused).toEqual([expect.stringContaining(permission)]);
      expect(run.refused[0]).toContain(identityOf(run.grant.pipeline));
      expect(run.attestations).toBe(0);
    });

    describeSelfCheck("what other steps call", () => {
      test.each(MISSED_BY_OTHERS)(
        "%s: %s is gone, and nothing else gives it",
        async (role, permission, on, service) => {
          const taken = grantsIn(chain).find(
            (found) => found.pipeline === PIPELINES.web && found.role === role,
          ) as Grant;
          const holds = async (state: State): Promise<unknown> =>
            withSandbox(state, async (google) => {
              const asked = `POST ${service}/${on}:testIamPermissions`;
              const answer = await call(google, asked, { permissions: [permission] }, identityOf(PIPELINES.web));
              expect(answer.status).toBe(200);
              return answer.json.permissions;
            });
          expect(await holds(chain)).toEqual([permission]);
          expect((await holds(without(chain, taken))) ?? []).toEqual([]);
        },
      );
    });
  });

  test("reading the attestor is not enough: validating needs verifyImageAttested", async () => {
    const role = "roles/binaryauthorization.attestorsVerifier";
    const viewer = without(chain, { pipeline: PIPELINES.web, resource: ATTESTOR, role });
    grant(viewer, ATTESTOR, "roles/binaryauthorization.attestorsViewer", identityOf(PIPELINES.web));
    await withSandbox(viewer, async (google) => {
      const result = await sign(google);
      expect(result.exitCode).toBe(1);
      expect(result.output).toContain("binaryauthorization.attestors.verifyImageAttested");
      expect(google.state.occurrences).toEqual({});
    });
  }, 120_000);

  describe("tries what it must not", () => {
    /** What it tries: the request, and the permission that it lacks. */
    type Attempt = readonly [what: string, request: string, body: object | undefined, permission: string];

    const binauthz = "binaryauthorization/v1";
    const allowAll = {
      name: `${PROJECT_NAME}/policy`,
      globalPolicyEvaluationMode: "ENABLE",
      defaultAdmissionRule: { evaluationMode: "ALWAYS_ALLOW", enforcementMode: "ENFORCED_BLOCK_AND_AUDIT_LOG" },
    };
    const noKeys = { name: ATTESTOR, userOwnedGrafeasNote: { noteReference: NOTE, publicKeys: [] } };
    const itself = identityOf(PIPELINES.web);
    const account = `${PROJECT_NAME}/serviceAccounts/${itself.split(":")[1]}`;
    const owner = { policy: { bindings: [{ role: "roles/owner", members: [itself] }] } };
    const digest = { digest: { sha256: Buffer.alloc(32, 1).toString("base64") } };
    const ATTEMPTS: readonly Attempt[] = [
      ["open the policy", `PUT ${binauthz}/${PROJECT_NAME}/policy`, allowAll, "binaryauthorization.policy.update"],
      ["change the attestor", `PUT ${binauthz}/${ATTESTOR}`, noKeys, "binaryauthorization.attestors.update"],
      ["delete the attestor", `DELETE ${binauthz}/${ATTESTOR}`, undefined, "binaryauthorization.attestors.delete"],
      [
        "make an attestor of its own",
        `POST ${binauthz}/${PROJECT_NAME}/attestors?attestorId=mine`,
        { userOwnedGrafeasNote: { noteReference: NOTE } },
        "binaryauthorization.attestors.create",
      ],
      [
        "change the note",
        `PATCH containeranalysis/v1/${NOTE}?updateMask=shortDescription`,
        { shortDescription: "mine" },
        "containeranalysis.notes.update",
      ],
      ["delete the note", `DELETE containeranalysis/v1/${NOTE}`, undefined, "containeranalysis.notes.delete"],
      [
        "destroy the key version",
        `POST cloudkms/v1/${versionName(1)}:destroy`,
        {},
        "cloudkms.cryptoKeyVersions.destroy",
      ],
      [
        "disable the key version",
        `PATCH cloudkms/v1/${versionName(1)}?updateMask=state`,
        { state: "DISABLED" },
        "cloudkms.cryptoKeyVersions.update",
      ],
      ["make a key version", `POST cloudkms/v1/${KEY}/cryptoKeyVersions`, {}, "cloudkms.cryptoKeyVersions.create"],
      [
        "sign with another key",
        `POST cloudkms/v1/${OTHER_KEY}/cryptoKeyVersions/1:asymmetricSign`,
        digest,
        "cloudkms.cryptoKeyVersions.useToSign",
      ],
      [
        "change its own trigger",
        `PATCH cloudbuild/v1/${PROJECT_NAME}/locations/us-central1/triggers/${PIPELINES.web}`,
        { name: PIPELINES.web },
        "cloudbuild.builds.update",
      ],
      [
        "make a token of itself",
        `POST iamcredentials/v1/${account}:generateAccessToken`,
        { scope: ["https://www.googleapis.com/auth/cloud-platform"] },
        "iam.serviceAccounts.getAccessToken",
      ],
      ...(
        [
          [`cloudkms/v1/${KEY}`, "cloudkms.cryptoKeys"],
          [`cloudkms/v1/${KEY.replace(/\/cryptoKeys.*$/, "")}`, "cloudkms.keyRings"],
          [`containeranalysis/v1/${NOTE}`, "containeranalysis.notes"],
          [`${binauthz}/${ATTESTOR}`, "binaryauthorization.attestors"],
          [`${binauthz}/${PROJECT_NAME}/policy`, "binaryauthorization.policy"],
          [`artifactregistry/v1/${REPOSITORY}`, "artifactregistry.repositories"],
          [`cloudresourcemanager/v1/${PROJECT_NAME}`, "resourcemanager.projects"],
          [`iam/v1/${account}`, "iam.serviceAccounts"],
        ] as const
      ).map(
        ([path, kind]): Attempt => [
          `give itself a role on ${path}`,
          `POST ${path}:setIamPolicy`,
          owner,
          `${kind}.setIamPolicy`,
        ],
      ),
    ];

    /** What nobody may have changed. */
    const guarded = ({ state }: Sandbox) => {
      const { policies, attestors, notes, cryptoKeyVersions, iamPolicies, triggers, accessTokens } = state;
      return structuredClone({ policies, attestors, notes, cryptoKeyVersions, iamPolicies, triggers, accessTokens });
    };

    /** The chain, and another key in the same ring. */
    async function withOtherKey<T>(use: (google: Sandbox) => Promise<T>): Promise<T> {
      return withSandbox(chain, async (google) => {
        google.state.cryptoKeys[OTHER_KEY] = { ...google.state.cryptoKeys[KEY], name: OTHER_KEY };
        createKeyVersion(google.state, OTHER_KEY);
        // An owner may not act as an account: the one permission that the controls would lack.
        grant(google.state, account, "roles/iam.serviceAccountTokenCreator", google.state.owner);
        return use(google);
      });
    }

    describeSelfCheck("by requests of our own", () => {
      describe.each(Object.values(PIPELINES))("%s", (pipeline) => {
        test.each(ATTEMPTS)("to %s: refused", async (_, request, body, permission) => {
          await withOtherKey(async (google) => {
            const before = guarded(google);
            const refused = await call(google, request, body, identityOf(pipeline));
            expect(refused.status).toBe(403);
            expect(JSON.stringify(refused.json)).toContain(permission);
            expect(guarded(google)).toEqual(before);
            // The control: it was the permission, and nothing else about the request.
            expect((await call(google, request, body)).status).toBe(200);
          });
        });
      });

      test.each([
        ["DELETE", "containeranalysis.occurrences.delete"],
        ["PATCH", "containeranalysis.occurrences.update"],
      ])("to %s an attestation: only the one that may edit occurrences can", async (verb, permission) => {
        await withSandbox(chain, async (google) => {
          const attestation = { serializedPayload: "e30=", signatures: [] };
          const stored = { noteName: NOTE, resourceUri: `${IMAGE}@${DIGEST}`, attestation };
          const request = `${verb} containeranalysis/v1/${putOccurrence(google.state, PROJECT, stored)}`;
          const body = verb === "PATCH" ? stored : undefined;
          const refused = await call(google, request, body, identityOf(PIPELINES.createOnly));
          expect(refused.status).toBe(403);
          expect(JSON.stringify(refused.json)).toContain(permission);
          expect((await call(google, request, body, identityOf(PIPELINES.web))).status).toBe(200);
        });
      });
    });

    test("with the real gcloud: refused, in gcloud's words", async () => {
      const folder = mkdtempSync(join(tmpdir(), "iam-"));
      try {
        writeFileSync(join(folder, "policy.yaml"), JSON.stringify(allowAll));
        const inRing = ["--location=global", "--keyring=ring", "--key=key"];
        const commands: [command: string[], permission: string][] = [
          [["container", "binauthz", "policy", "import", join(folder, "policy.yaml")], "policy.update"],
          [
            ["container", "binauthz", "attestors", "public-keys", "remove", keyId(1), "--attestor=build"],
            "attestors.update",
          ],
          [["kms", "keys", "versions", "destroy", "1", ...inRing], "cryptoKeyVersions.destroy"],
          [
            [
              ...["kms", "keys", "add-iam-policy-binding", "key", "--location=global", "--keyring=ring"],
              ...[`--member=${itself}`, "--role=roles/cloudkms.admin"],
            ],
            "cryptoKeys.getIamPolicy",
          ],
        ];
        await withSandbox(chain, async (google) => {
          const before = guarded(google);
          const results = await inParallel(commands, ([command]) =>
            runAs(google, itself, "gcloud", ...command, `--project=${PROJECT}`, "--quiet"),
          );
          for (const [index, { exitCode, output }] of results.entries()) {
            expect(exitCode).toBe(1);
            expect(output).toContain("PERMISSION_DENIED");
            expect(output).toContain(commands[index][1]);
          }
          expect(guarded(google)).toEqual(before);
        });
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    }, 120_000);

    test("with the step itself and the name of another key: refused, and nothing is stored", async () => {
      await withOtherKey(async (google) => {
        const result = await sign(google, { env: { KEY_VERSION: `${OTHER_KEY}/cryptoKeyVersions/1` } });
        expect(result.exitCode).toBe(1);
        expect(refusals(google)).toEqual([expect.stringContaining("cloudkms.cryptoKeyVersions.viewPublicKey")]);
        expect(google.state.occurrences).toEqual({});
      });
    }, 120_000);
  });
});
