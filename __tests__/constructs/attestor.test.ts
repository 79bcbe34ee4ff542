import { Construct } from "constructs";
import { Attestor, AttestorKey, type AttestorProps, KeyVersion, SigningAlgorithm, TrustRoot } from "../../lib";
import {
  ATTESTOR,
  attestorIn,
  KEY,
  NOTE,
  P256_PEM,
  PROJECT,
  pinnedVersion,
  policyIn,
  refusalOf,
  testStack,
  trustRootIn,
} from "../support/synth";
import { type Template, template } from "../support/template";

function synth(props: Partial<AttestorProps> = {}): Template {
  const stack = testStack();
  attestorIn(stack, { ...props, keys: props.keys ?? [trustRootIn(stack, { versions: [pinnedVersion()] })] });
  return template(stack);
}

const PEM_KEY = AttestorKey.fromPem({
  publicKeyPem: P256_PEM,
  algorithm: SigningAlgorithm.EC_SIGN_P256_SHA256,
});

describe("an attestor with all defaults", () => {
  test("is a note, and an attestor that refers to it by its literal full name", () => {
    const t = synth();
    expect(t.resource("google_container_analysis_note")).toMatchObject({
      project: PROJECT,
      name: "build-attestor",
      attestation_authority: {
        hint: { human_readable_name: "build-attestor" },
      },
    });
    expect(t.resource("google_binary_authorization_attestor")).toMatchObject({
      project: PROJECT,
      name: "build-attestor",
      attestation_authority_note: { note_reference: NOTE },
    });
  });

  test("carries the key under its explicit id, as PKIX", () => {
    expect(synth().resource("google_binary_authorization_attestor").attestation_authority_note.public_keys).toEqual([
      {
        id: `//cloudkms.googleapis.com/v1/${KEY}/cryptoKeyVersions/1`,
        pkix_public_key: {
          public_key_pem: P256_PEM,
          signature_algorithm: "ECDSA_P256_SHA256",
        },
      },
    ]);
  });

  test("waits for the note and for its own API only", () => {
    const t = synth();
    expect(t.resource("google_binary_authorization_attestor").depends_on).toEqual([
      `google_container_analysis_note.${PROJECT}_build-attestor`,
      `google_project_service.${PROJECT}_binaryauthorization`,
    ]);
    expect(t.resource("google_container_analysis_note").depends_on).toEqual([
      `google_project_service.${PROJECT}_containeranalysis`,
    ]);
  });

  test("snapshot", () => {
    const { google_binary_authorization_attestor, google_container_analysis_note } = synth().json.resource;
    expect({
      google_binary_authorization_attestor,
      google_container_analysis_note,
    }).toMatchSnapshot();
  });
});

describe("addresses", () => {
  const addressesOf = (build: (stack: Construct) => void): string[] => {
    const stack = testStack();
    build(stack);
    return template(stack).addresses();
  };
  const keys = [PEM_KEY];
  const original = addressesOf((stack) => attestorIn(stack, { keys }));

  test("snapshot", () => {
    expect(original).toMatchInlineSnapshot(`
      [
        "google_binary_authorization_attestor.my-secure-project_build-attestor",
        "google_container_analysis_note.my-secure-project_build-attestor",
        "google_project_service.my-secure-project_binaryauthorization",
        "google_project_service.my-secure-project_containeranalysis",
      ]
    `);
  });

  test("stay when the construct is renamed", () => {
    expect(addressesOf((stack) => attestorIn(stack, { keys }, "Renamed"))).toEqual(original);
  });

  test("stay when the construct is moved under another one", () => {
    expect(addressesOf((stack) => attestorIn(new Construct(stack, "Security"), { keys }))).toEqual(original);
  });

  test("stay when another attestor comes first", () => {
    const both = (names: readonly string[]) =>
      addressesOf((stack) => {
        for (const attestorName of names) {
          attestorIn(stack, { keys, attestorName }, attestorName);
        }
      });
    expect(both(["b", "a"])).toEqual(both(["a", "b"]));
  });

  test("keep attestors apart whose names differ in an underscore only", () => {
    const ids = addressesOf((stack) => {
      attestorIn(stack, { keys, attestorName: "a-b" }, "One");
      attestorIn(stack, { keys, attestorName: "a_b" }, "Two");
    }).filter((address) => address.startsWith("google_binary_authorization_attestor."));
    expect(new Set(ids).size).toBe(2);
  });
});

describe("what protects attestor and note", () => {
  const types = ["google_binary_authorization_attestor", "google_container_analysis_note"];

  test.each(types)("prevent_destroy is on %s", (type) => {
    expect(synth().resource(type).lifecycle).toEqual({ prevent_destroy: true });
  });

  test.each(types)("deletionProtection: false takes it off %s", (type) => {
    expect(synth({ deletionProtection: false }).resource(type)).not.toHaveProperty("lifecycle");
  });
});

describe("the effect of each prop", () => {
  const attestor = (props: Partial<AttestorProps>) => synth(props).resource("google_binary_authorization_attestor");
  const note = (props: Partial<AttestorProps>) => synth(props).resource("google_container_analysis_note");

  test("attestorName", () => {
    expect(attestor({ attestorName: "other" }).name).toBe("other");
    expect(note({ attestorName: "other" }).name).toBe("other");
  });

  test("noteName", () => {
    expect(note({ noteName: "build-provenance-note" }).name).toBe("build-provenance-note");
    expect(attestor({ noteName: "build-provenance-note" }).attestation_authority_note.note_reference).toBe(
      `projects/${PROJECT}/notes/build-provenance-note`,
    );
  });

  test("noteId: no note is made, the other project's is named in full", () => {
    const t = synth({ noteId: "projects/note-project/notes/theirs" });
    expect(t.resources("google_container_analysis_note")).toEqual({});
    expect(t.resource("google_binary_authorization_attestor").attestation_authority_note.note_reference).toBe(
      "projects/note-project/notes/theirs",
    );
  });

  test("humanReadableName", () => {
    expect(note({ humanReadableName: "CI/CD Build Pipeline" }).attestation_authority.hint.human_readable_name).toBe(
      "CI/CD Build Pipeline",
    );
  });

  test("description", () => {
    expect(attestor({ description: "Built by CI" }).description).toBe("Built by CI");
    expect(attestor({})).not.toHaveProperty("description");
  });

  test("project", () => {
    const t = synth({ project: "attestor-project" });
    expect(t.resource("google_binary_authorization_attestor").project).toBe("attestor-project");
    expect(t.resource("google_container_analysis_note").project).toBe("attestor-project");
    expect(t.resource("google_binary_authorization_attestor").attestation_authority_note.note_reference).toBe(
      "projects/attestor-project/notes/build-attestor",
    );
  });

  test("enableApis", () => {
    const services = (props: Partial<AttestorProps>) =>
      Object.values(synth({ keys: [PEM_KEY], ...props }).resources("google_project_service")).map(
        ({ service }) => service,
      );
    expect(services({})).toEqual(["binaryauthorization.googleapis.com", "containeranalysis.googleapis.com"]);
    expect(services({ enableApis: false })).toEqual([]);
  });
});

describe("keys", () => {
  const publicKeys = (keys: AttestorProps["keys"]) =>
    synth({ keys }).resource("google_binary_authorization_attestor").attestation_authority_note.public_keys;

  test("have the algorithm's name that the Binary Authorization API answers with", () => {
    const stack = testStack();
    const trustRoot = trustRootIn(stack, {
      versions: [
        KeyVersion.signing("ec", {
          number: 1,
          algorithm: SigningAlgorithm.EC_SIGN_P384_SHA384,
        }),
        KeyVersion.trusted("pss", {
          number: 2,
          algorithm: SigningAlgorithm.RSA_SIGN_PSS_4096_SHA512,
        }),
        KeyVersion.trusted("pkcs1", {
          number: 3,
          algorithm: SigningAlgorithm.RSA_SIGN_PKCS1_2048_SHA256,
        }),
      ],
    });
    attestorIn(stack, { keys: [trustRoot] });
    const attestor = template(stack).resource("google_binary_authorization_attestor");
    expect(
      attestor.attestation_authority_note.public_keys.map(
        (key: { pkix_public_key: { signature_algorithm: string } }) => key.pkix_public_key.signature_algorithm,
      ),
    ).toEqual(["ECDSA_P384_SHA384", "RSA_PSS_4096_SHA512", "RSA_SIGN_PKCS1_2048_SHA256"]);
  });

  test("given as PEM get the id that Binary Authorization computes", () => {
    expect(publicKeys([PEM_KEY])[0].id).toBe("ni:///sha-256;EwVxs8fNUAHq9FI2AMfh8WNIXVBuuTMeGtPH72U-I70");
  });

  test("given as PEM take an id and a comment of their own", () => {
    const key = AttestorKey.fromPem({
      publicKeyPem: P256_PEM,
      algorithm: SigningAlgorithm.EC_SIGN_P256_SHA256,
      id: "https://example.com/keys/release",
      comment: "release key",
    });
    expect(publicKeys([key])[0]).toEqual({
      id: "https://example.com/keys/release",
      comment: "release key",
      pkix_public_key: {
        public_key_pem: P256_PEM,
        signature_algorithm: "ECDSA_P256_SHA256",
      },
    });
  });

  test("of several sources come in the order of the sources", () => {
    const stack = testStack();
    const trustRoot = trustRootIn(stack, { versions: [pinnedVersion()] });
    const attestor = attestorIn(stack, { keys: [PEM_KEY, trustRoot] });
    expect(attestor.publicKeys.map((key) => key.id.slice(0, 5))).toEqual(["ni://", "//clo"]);
  });
});

describe("the key that signs", () => {
  test("is that of the only trust root, also beside keys given as PEM", () => {
    const stack = testStack();
    const trustRoot = trustRootIn(stack);
    expect(attestorIn(stack, { keys: [PEM_KEY, trustRoot] }).signingTrustRoot).toBe(trustRoot);
  });

  test("is chosen among several with signedWith, which changes nothing else", () => {
    const stack = testStack();
    const one = trustRootIn(stack, { keyName: "one" }, "One");
    const two = trustRootIn(stack, { keyName: "two" }, "Two");
    const attestor = attestorIn(stack, { keys: [one, two] });
    const chosen = attestor.signedWith(two);
    expect(chosen.signingTrustRoot).toBe(two);
    expect(chosen.node).toBe(attestor.node);
    expect([chosen.attestorId, chosen.attestorName, chosen.project, chosen.noteId]).toEqual([
      attestor.attestorId,
      attestor.attestorName,
      attestor.project,
      attestor.noteId,
    ]);
    expect(chosen.grants).toBe(attestor.grants);
    expect(chosen.resources).toEqual([attestor.resource]);
  });
});

describe("an attestor that is managed elsewhere", () => {
  test("by its full name", () => {
    const stack = testStack();
    const attestor = Attestor.fromAttestorName(stack, "Imported", "projects/attestor-project/attestors/theirs");
    expect([attestor.attestorId, attestor.project, attestor.attestorName]).toEqual([
      "projects/attestor-project/attestors/theirs",
      "attestor-project",
      "theirs",
    ]);
    expect(attestor.resources).toEqual([]);
    expect(template(stack).addresses()).toEqual([]);
  });

  test("by its short name, in the project of the stack", () => {
    expect(Attestor.fromAttestorName(testStack(), "Imported", "build-attestor").attestorId).toBe(ATTESTOR);
  });

  test("Cloud Build's own, in the project of the stack or another one", () => {
    const stack = testStack();
    expect(Attestor.builtByCloudBuild(stack, "Here").attestorId).toBe(
      `projects/${PROJECT}/attestors/built-by-cloud-build`,
    );
    expect(Attestor.builtByCloudBuild(stack, "There", { project: "build-project" }).attestorId).toBe(
      "projects/build-project/attestors/built-by-cloud-build",
    );
  });

  test("for pipelines that sign for it", () => {
    const stack = testStack();
    const signingTrustRoot = TrustRoot.fromKeyVersions(stack, "Key", {
      signing: {
        name: `${KEY}/cryptoKeyVersions/1`,
        algorithm: SigningAlgorithm.EC_SIGN_P256_SHA256,
      },
    });
    const attestor = Attestor.fromAttestorAttributes(stack, "Imported", {
      attestorId: ATTESTOR,
      noteId: NOTE,
      signingTrustRoot,
    });
    expect([attestor.attestorId, attestor.noteId]).toEqual([ATTESTOR, NOTE]);
    expect(attestor.signingTrustRoot).toBe(signingTrustRoot);
    expect(template(stack).addresses()).toEqual([]);
  });
});

test("a policy waits for the attestor that it names, also where it names it as data and comes first", () => {
  const address = `google_binary_authorization_attestor.${PROJECT}_build-attestor`;
  for (const policyFirst of [true, false]) {
    const stack = testStack();
    const policy = () =>
      policyIn(stack, {
        clusterRules: [
          {
            cluster: "us-central1.theirs",
            evaluationMode: "REQUIRE_ATTESTATION",
            enforcementMode: "ENFORCED_BLOCK_AND_AUDIT_LOG",
            requireAttestationsBy: [ATTESTOR],
          },
        ],
      });
    const steps = [policy, () => attestorIn(stack, { keys: [PEM_KEY] })];
    for (const step of policyFirst ? steps : steps.reverse()) {
      step();
    }
    expect(template(stack).resource("google_binary_authorization_policy").depends_on).toContain(address);
  }
});

test("independent mistakes are reported together", () => {
  expect(
    refusalOf(() =>
      attestorIn(testStack(), {
        attestorName: "no spaces",
        project: "X",
        noteName: "",
        keys: [],
      }),
    ),
  ).toHaveLength(4);
});
