import {
  AdmissionPolicy,
  Attestor,
  ExistingPolicy,
  KeyVersion,
  PipelineSource,
  SignerPipeline,
  SigningAlgorithm,
  TrustRoot,
} from "../../lib";
import { type JsonObject, projectNumber, type Sandbox, type State, startSandbox } from "../../lib/sandbox";
import { describeUnless } from "../support/terraform";
import { admitted, inParallel, sign, signingMissing, withSandbox } from "./signer";
import { Deployment, googleStack, type StackJson, synthesize } from "./support";

const KEY = "projects/key-project/locations/global/keyRings/ring/cryptoKeys/key";
const ATTESTOR = "projects/attestor-project/attestors/build";
const NOTE = "projects/note-project/notes/build";
const IMAGE = "us-central1-docker.pkg.dev/attestor-project/apps/web";
const DIGEST = `sha256:${"cd".repeat(32)}`;
const PIPELINE = "web-signed";
const APIS = { enableApis: false };

/** Keys, attestors and clusters in projects of their own; the note in one more. */
function stacks(numberOf: (project: string) => string): Record<string, StackJson> {
  return synthesize((app) => {
    const keys = googleStack(app, "keys", "key-project");
    const notes = googleStack(app, "notes", "note-project");
    const attestors = googleStack(app, "attestors", "attestor-project");
    const clusters = googleStack(app, "clusters", "prod-project");
    const trustRoot = new TrustRoot(keys, "TrustRoot", {
      keyRingName: "ring",
      keyName: "key",
      location: "global",
      versions: [KeyVersion.signing("first", { number: 1, algorithm: SigningAlgorithm.EC_SIGN_P256_SHA256 })],
      ...APIS,
    });
    // Another team's attestor, whose note both use.
    const theirs = new Attestor(notes, "Theirs", {
      attestorName: "theirs",
      noteName: "build",
      keys: [trustRoot],
      ...APIS,
    });
    const attestor = new Attestor(attestors, "Attestor", {
      attestorName: "build",
      noteId: theirs.noteId,
      keys: [trustRoot],
      ...APIS,
    });
    for (const project of ["prod-project", "attestor-project"]) {
      attestor.grants.verify({ project, projectNumber: numberOf(project) });
    }
    new SignerPipeline(attestors, "Pipeline", {
      pipelineName: PIPELINE,
      attestors: [attestor],
      image: IMAGE,
      serviceAccountEmail: "builder@attestor-project.iam.gserviceaccount.com",
      source: PipelineSource.manual({
        repository: "projects/attestor-project/locations/us-central1/connections/github/repositories/web",
        ref: "refs/heads/main",
      }),
      ...APIS,
    });
    const policy = new AdmissionPolicy(clusters, "Policy", { existing: ExistingPolicy.ADOPT, ...APIS });
    policy.addClusterRule({ location: "us-central1", clusterName: "prod", requiredAttestors: [attestor] });
  });
}

/** What the real terraform leaves, applied stack by stack in the order of their dependencies. */
async function applied(): Promise<State> {
  const cluster = { project: "prod-project", location: "us-central1", name: "prod" };
  const account = { project: "attestor-project", accountId: "builder" };
  const google = await startSandbox({ seed: { clusters: [cluster], serviceAccounts: [account] } });
  const deployments: Deployment[] = [];
  try {
    const synthesized = stacks((project) => projectNumber(google.state, project));
    for (const name of ["keys", "notes", "attestors", "clusters"]) {
      const deployment = Deployment.against(google);
      deployments.push(deployment);
      await deployment.apply(synthesized[name]);
    }
    expect(google.unknownRoutes).toEqual([]);
    return structuredClone(google.state);
  } finally {
    for (const deployment of deployments) {
      deployment.remove();
    }
    await google.close();
  }
}

/** One role of one member on a resource of another project than the member's. */
interface Grant {
  readonly resource: string;
  readonly role: string;
  readonly member: string;
}

interface Binding {
  role: string;
  members: string[];
}

const bindingsOf = (policy: JsonObject): Binding[] => (policy.bindings ?? []) as unknown as Binding[];

const SIGNER = "serviceAccount:builder@attestor-project.iam.gserviceaccount.com";

/** Every grant across projects, as it is stored. */
function crossProjectGrants(state: State): Grant[] {
  const projectOf = (member: string) => {
    const number = /service-(\d+)@gcp-sa-/.exec(member)?.[1];
    const agents = ["attestor-project", "prod-project"].find((id) => projectNumber(state, id) === number);
    return agents ?? /@([^.]+)\.iam\.gserviceaccount\.com$/.exec(member)?.[1];
  };
  return Object.entries(state.iamPolicies).flatMap(([resource, policy]) =>
    bindingsOf(policy).flatMap(({ role, members }) =>
      members
        .filter((member) => projectOf(member) !== resource.split("/")[1])
        .map((member) => ({ resource, role, member })),
    ),
  );
}

function without(state: State, { resource, role, member }: Grant): State {
  const copy = structuredClone(state);
  for (const binding of bindingsOf(copy.iamPolicies[resource]).filter((other) => other.role === role)) {
    binding.members = binding.members.filter((other) => other !== member);
  }
  return copy;
}

/** Signs with the generated step, as the pipeline's identity, and asks for a pod; what was refused, and whether it runs. */
async function signedAndAdmitted(google: Sandbox): Promise<{ signed: boolean; runs: boolean; remarks: string }> {
  const { exitCode } = await sign(google, { pipeline: PIPELINE, digest: DIGEST });
  const runs = await admitted(google, `${IMAGE}@${DIGEST}`);
  const refused = google.requests.filter(({ status }) => status === 403).map(({ error }) => error);
  return { signed: exitCode === 0, runs, remarks: JSON.stringify([refused, google.state.logEntries]) };
}

describeUnless(signingMissing(), "keys, note, attestor and clusters in four projects", () => {
  let chain: State;
  let agent: (project: string) => string;

  beforeAll(async () => {
    chain = await applied();
    agent = (project) =>
      `serviceAccount:service-${projectNumber(chain, project)}@gcp-sa-binaryauthorization.iam.gserviceaccount.com`;
  }, 240_000);

  /** Each grant, the permission that is missed without it and where, and whether signing fails already. */
  const grants = (): (Grant & { readonly permission: string; readonly signs: boolean })[] => [
    {
      resource: KEY,
      role: "roles/cloudkms.signer",
      member: SIGNER,
      permission: "cloudkms.cryptoKeyVersions.useToSign",
      signs: false,
    },
    {
      resource: KEY,
      role: "roles/cloudkms.publicKeyViewer",
      member: SIGNER,
      permission: "cloudkms.cryptoKeyVersions.viewPublicKey",
      signs: false,
    },
    {
      resource: NOTE,
      role: "roles/containeranalysis.notes.attacher",
      member: SIGNER,
      permission: "containeranalysis.notes.attachOccurrence",
      signs: false,
    },
    {
      resource: NOTE,
      role: "roles/containeranalysis.notes.occurrences.viewer",
      member: SIGNER,
      permission: "containeranalysis.notes.listOccurrences",
      signs: false,
    },
    {
      resource: ATTESTOR,
      role: "roles/binaryauthorization.attestorsVerifier",
      member: agent("prod-project"),
      permission: "binaryauthorization.attestors.verifyImageAttested",
      signs: true,
    },
    {
      resource: NOTE,
      role: "roles/containeranalysis.notes.occurrences.viewer",
      member: agent("prod-project"),
      permission: "containeranalysis.notes.listOccurrences",
      signs: true,
    },
    {
      resource: NOTE,
      role: "roles/containeranalysis.notes.occurrences.viewer",
      member: agent("attestor-project"),
      permission: "containeranalysis.notes.listOccurrences",
      signs: true,
    },
  ];

  it("have just the grants across projects that are tried here", () => {
    const shown = (all: readonly Grant[]) =>
      all.map(({ resource, role, member }) => `${member} ${role} ${resource}`).sort();
    expect(shown(crossProjectGrants(chain))).toEqual(shown(grants()));
  });

  it("sign and admit with all of them; what is not signed is refused", async () => {
    await withSandbox(chain, async (google) => {
      expect(await admitted(google, `${IMAGE}@${DIGEST}`)).toBe(false);
      expect(await signedAndAdmitted(google)).toMatchObject({ signed: true, runs: true });
      expect(await admitted(google, `${IMAGE}@sha256:${"ef".repeat(32)}`)).toBe(false);
    });
  }, 120_000);

  it("admit nothing without any single one of them", async () => {
    await inParallel(grants(), async (grant) => {
      await withSandbox(without(chain, grant), async (google) => {
        const { remarks, ...result } = await signedAndAdmitted(google);
        expect({ grant, ...result }).toEqual({ grant, signed: grant.signs, runs: false });
        // Refused for the want of this one permission, and not for another reason.
        expect(remarks).toContain(grant.permission);
        if (grant.signs) {
          google.state.iamPolicies[grant.resource] = structuredClone(chain.iamPolicies[grant.resource]);
          expect({ grant, runs: await admitted(google, `${IMAGE}@${DIGEST}`) }).toEqual({ grant, runs: true });
        }
      });
    });
  }, 300_000);
});
