import type { TerraformStack } from "cdktf";
import { Attestor, type Grant, type IAttestor, SigningAlgorithm, TrustRoot } from "../../lib";
import {
  ATTESTOR,
  attestorIn,
  KEY,
  MEMBER,
  NOTE,
  PROJECT,
  pipelineIn,
  REPOSITORY,
  testStack,
  trustRootIn,
} from "../support/synth";
import { type Template, template } from "../support/template";

const NUMBER = "123456789012";
const AGENT = `serviceAccount:service-${NUMBER}@gcp-sa-binaryauthorization.iam.gserviceaccount.com`;

function granted(grant: (stack: TerraformStack) => Grant): { grant: Grant; t: Template } {
  const stack = testStack();
  const made = grant(stack);
  return { grant: made, t: template(stack) };
}

describe("trustRoot.grants", () => {
  test("sign: the key's signer, and its public key, which gcloud reads first", () => {
    const { grant, t } = granted((stack) => trustRootIn(stack).grants.sign(MEMBER));
    expect(t.bindings()).toEqual([
      `roles/cloudkms.publicKeyViewer on ${KEY} to ${MEMBER}`,
      `roles/cloudkms.signer on ${KEY} to ${MEMBER}`,
    ]);
    expect(grant.member).toBe(MEMBER);
    expect(grant.resources).toHaveLength(2);
    expect(t.resources("google_kms_crypto_key_iam_member")).toMatchSnapshot();
  });

  test("viewPublicKey: for whoever plans", () => {
    expect(granted((stack) => trustRootIn(stack).grants.viewPublicKey(MEMBER)).t.bindings()).toEqual([
      `roles/cloudkms.publicKeyViewer on ${KEY} to ${MEMBER}`,
    ]);
  });

  test("wait for the key, and for what they are told to", () => {
    const stack = testStack();
    const other = attestorIn(stack);
    trustRootIn(stack, { keyName: "other-key" }).grants.viewPublicKey(MEMBER, { dependsOn: [other.resource] });
    expect(template(stack).resource("google_kms_crypto_key_iam_member").depends_on).toEqual([
      `google_kms_crypto_key.${PROJECT}_global_binauthz-ring_other-key`,
      `google_binary_authorization_attestor.${PROJECT}_build-attestor`,
    ]);
  });

  test("on a key that is managed elsewhere, wait for nothing", () => {
    const { t } = granted((stack) =>
      TrustRoot.fromKeyVersions(stack, "Imported", {
        signing: { name: `${KEY}/cryptoKeyVersions/1`, algorithm: SigningAlgorithm.EC_SIGN_P256_SHA256 },
      }).grants.sign(MEMBER),
    );
    expect(t.bindings()).toHaveLength(2);
    expect(t.allResources.filter(([, resource]) => "depends_on" in resource)).toEqual([]);
  });
});

describe("attestor.grants.attest", () => {
  test("is what a signer needs, each on the narrowest resource that carries it", () => {
    const { grant, t } = granted((stack) => attestorIn(stack).grants.attest(MEMBER));
    expect(t.bindings()).toEqual([
      `roles/binaryauthorization.attestorsVerifier on ${ATTESTOR} to ${MEMBER}`,
      `roles/containeranalysis.notes.attacher on ${NOTE} to ${MEMBER}`,
      `roles/containeranalysis.notes.occurrences.viewer on ${NOTE} to ${MEMBER}`,
      `roles/containeranalysis.occurrences.editor on projects/${PROJECT} to ${MEMBER}`,
    ]);
    expect(grant.resources).toHaveLength(4);
    expect(t.allResources.filter(([address]) => address.includes("_iam_"))).toMatchSnapshot();
  });

  test("on a note of another project, grants it there", () => {
    const { t } = granted((stack) =>
      attestorIn(stack, { noteId: "projects/note-project/notes/theirs" }).grants.attest(MEMBER),
    );
    expect(t.bindings()).toContain(
      `roles/containeranalysis.notes.attacher on projects/note-project/notes/theirs to ${MEMBER}`,
    );
  });

  test("createOnly: a custom role of one permission takes the place of the editor", () => {
    const { t } = granted((stack) => attestorIn(stack).grants.attest(MEMBER, { createOnly: true }));
    const role = t.resource("google_project_iam_custom_role");
    expect(role).toMatchObject({ project: PROJECT, permissions: ["containeranalysis.occurrences.create"] });
    expect(role.role_id).toMatch(/^[a-zA-Z0-9_.]{3,64}$/);
    const member = t.resource("google_project_iam_member");
    expect(member.role).toBe(`projects/${PROJECT}/roles/${role.role_id}`);
    expect(member.depends_on).toContain(
      t.addresses().find((address) => address.startsWith("google_project_iam_custom_role.")),
    );
    expect(t.bindings().join("\n")).not.toContain("occurrences.editor");
    expect({ role, member }).toMatchSnapshot();
  });

  test("createOnly: one role for all members of an attestor, one for each attestor", () => {
    const stack = testStack();
    const one = attestorIn(stack);
    const two = attestorIn(stack, { attestorName: "build_attestor" }, "Two");
    one.grants.attest(MEMBER, { createOnly: true });
    one.grants.attest("group:signers@example.com", { createOnly: true });
    two.grants.attest(MEMBER, { createOnly: true });
    const roles = Object.values(template(stack).resources("google_project_iam_custom_role"));
    expect(new Set(roles.map(({ role_id }) => role_id)).size).toBe(2);
    expect(roles).toHaveLength(2);
  });

  test("of two attestors of one project to one member: what they share is one binding", () => {
    const stack = testStack();
    attestorIn(stack).grants.attest(MEMBER);
    attestorIn(stack, { attestorName: "second" }, "Second").grants.attest(MEMBER);
    // template() refuses two constructs of one address, which CDKTF would merge silently.
    expect(
      template(stack)
        .bindings()
        .filter((binding) => binding.includes("occurrences.editor")),
    ).toHaveLength(1);
  });

  test("on an attestor that is managed elsewhere", () => {
    const { t } = granted((stack) =>
      Attestor.fromAttestorAttributes(stack, "Imported", {
        attestorId: ATTESTOR,
        noteId: NOTE,
        signingTrustRoot: trustRootIn(stack),
      }).grants.attest(MEMBER),
    );
    expect(t.bindings()).toEqual(granted((stack) => attestorIn(stack).grants.attest(MEMBER)).t.bindings());
  });
});

describe("attestor.grants.verify", () => {
  test("opens attestor and note to the agent of another project", () => {
    const { grant, t } = granted((stack) =>
      attestorIn(stack).grants.verify({ project: "cluster-project", projectNumber: NUMBER }),
    );
    expect(grant.member).toBe(AGENT);
    expect(t.bindings()).toEqual([
      `roles/binaryauthorization.attestorsVerifier on ${ATTESTOR} to ${AGENT}`,
      `roles/containeranalysis.notes.occurrences.viewer on ${NOTE} to ${AGENT}`,
    ]);
    expect(t.allResources.filter(([address]) => address.includes("_iam_"))).toMatchSnapshot();
  });

  test("writes nothing for the own project, whose agent has the permissions already", () => {
    const { grant, t } = granted((stack) =>
      attestorIn(stack).grants.verify({ project: PROJECT, projectNumber: NUMBER }),
    );
    expect(grant.resources).toEqual([]);
    expect(t.bindings()).toEqual([]);
  });

  test("opens the note alone where only that is of another project", () => {
    const { t } = granted((stack) =>
      attestorIn(stack, { noteId: "projects/note-project/notes/theirs" }).grants.verify({
        project: PROJECT,
        projectNumber: NUMBER,
      }),
    );
    expect(t.bindings()).toEqual([
      `roles/containeranalysis.notes.occurrences.viewer on projects/note-project/notes/theirs to ${AGENT}`,
    ]);
  });
});

describe("every grant", () => {
  const everything = () => {
    const stack = testStack();
    const attestor = attestorIn(stack, { attestorName: "second" }, "Second");
    attestor.grants.attest(MEMBER, { createOnly: true });
    attestor.grants.verify({ project: "cluster-project", projectNumber: NUMBER });
    attestor.signingTrustRoot.grants.viewPublicKey("group:planners@example.com");
    pipelineIn(stack);
    return template(stack);
  };

  test("is a _member resource, never a _binding or _policy that would undo those of others", () => {
    const types = Object.keys(everything().json.resource).filter((type) => type.includes("_iam_"));
    expect(types.filter((type) => !/_iam_(?:member|custom_role)$/.test(type))).toEqual([]);
  });

  test("has a literal role, member and resource", () => {
    const members = everything().allResources.filter(([address]) => address.includes("_iam_member."));
    expect(members.length).toBeGreaterThan(10);
    for (const [, { depends_on: _, ...resource }] of members) {
      expect(JSON.stringify(resource)).not.toContain("${");
    }
  });

  test("asked for twice is one resource", () => {
    const stack = testStack();
    const attestor = attestorIn(stack);
    const first = attestor.grants.attest(MEMBER);
    expect(attestor.grants.attest(MEMBER).resources).toEqual(first.resources);
    expect(template(stack).bindings()).toHaveLength(4);
  });

  test("keeps two members apart whose names differ in one character only", () => {
    const stack = testStack();
    const { grants } = trustRootIn(stack);
    grants.viewPublicKey("user:a.b@example.com");
    grants.viewPublicKey("user:a-b@example.com");
    grants.viewPublicKey("group:a-b@example.com");
    expect(template(stack).bindings()).toHaveLength(3);
  });
});

test("the identity of a pipeline is granted exactly this, and nothing else in the whole stack is", () => {
  const stack = testStack();
  pipelineIn(stack);
  const t = template(stack);
  const member = `serviceAccount:my-app-signed@${PROJECT}.iam.gserviceaccount.com`;
  expect(t.bindings()).toEqual(
    [
      `roles/artifactregistry.writer on ${REPOSITORY}`,
      `roles/binaryauthorization.attestorsVerifier on ${ATTESTOR}`,
      `roles/cloudkms.publicKeyViewer on ${KEY}`,
      `roles/cloudkms.signer on ${KEY}`,
      `roles/containeranalysis.notes.attacher on ${NOTE}`,
      `roles/containeranalysis.notes.occurrences.viewer on ${NOTE}`,
      `roles/containeranalysis.occurrences.editor on projects/${PROJECT}`,
      `roles/logging.logWriter on projects/${PROJECT}`,
    ].map((binding) => `${binding} to ${member}`),
  );
  expect(t.allResources.filter(([address]) => address.includes("_iam_"))).toMatchSnapshot();
});

describe("where grants live", () => {
  test("an attestor's name alone opens nothing: there are no grants on it", () => {
    const attestor: IAttestor = Attestor.fromAttestorName(testStack(), "Imported", ATTESTOR);
    expect(attestor).not.toHaveProperty("grants");
  });
});
