import { Construct } from "constructs";
import { KeyVersion, ProtectionLevel, SigningAlgorithm, TrustRoot, type TrustRootProps } from "../../lib";
import { attestorIn, KEY, P256_PEM, PROJECT, pinnedVersion, testStack, trustRootIn } from "../support/synth";
import { type Template, template, warnings } from "../support/template";

const { EC_SIGN_P256_SHA256, EC_SIGN_P384_SHA384, RSA_SIGN_PKCS1_4096_SHA512, RSA_SIGN_PSS_2048_SHA256 } =
  SigningAlgorithm;

function synth(props: Partial<TrustRootProps> = {}): Template {
  const stack = testStack();
  trustRootIn(stack, props);
  return template(stack);
}

function keyOf(props: Partial<TrustRootProps>) {
  return synth(props).resource("google_kms_crypto_key");
}

const ROTATION = [
  KeyVersion.retired("gone", {
    number: 1,
    algorithm: RSA_SIGN_PKCS1_4096_SHA512,
  }),
  KeyVersion.trusted("old", { number: 2, algorithm: RSA_SIGN_PSS_2048_SHA256 }),
  KeyVersion.signing("now", { number: 3 }),
  KeyVersion.trusted("next", { number: 4, algorithm: EC_SIGN_P384_SHA384 }),
];

describe("a trust root with all defaults", () => {
  test("is a ring, a key for signing in hardware, and one version", () => {
    const t = synth();
    expect(t.resource("google_kms_key_ring")).toMatchObject({
      project: PROJECT,
      location: "global",
      name: "binauthz-ring",
    });
    expect(t.resource("google_kms_crypto_key")).toMatchObject({
      name: "build-signer-key",
      key_ring: `projects/${PROJECT}/locations/global/keyRings/binauthz-ring`,
      purpose: "ASYMMETRIC_SIGN",
      version_template: {
        algorithm: "EC_SIGN_P256_SHA256",
        protection_level: "HSM",
      },
    });
    expect(t.resource("google_kms_crypto_key_version").crypto_key).toBe(KEY);
  });

  test("never rotates by itself: asymmetric keys have no rotation period", () => {
    expect(synth().resource("google_kms_crypto_key")).not.toHaveProperty("rotation_period");
  });

  test("makes the first version itself, so that it has an address", () => {
    expect(synth().resource("google_kms_crypto_key").skip_initial_version_creation).toBe(true);
  });

  test("writes no output and grants nothing", () => {
    const t = synth();
    expect(t.json).not.toHaveProperty("output");
    expect(t.bindings()).toEqual([]);
  });

  test("snapshot", () => {
    expect(synth().json.resource).toMatchSnapshot();
  });
});

describe("addresses", () => {
  const addressesOf = (build: (stack: Construct) => void): string[] => {
    const stack = testStack();
    build(stack);
    return template(stack).addresses();
  };
  const original = addressesOf((stack) => trustRootIn(stack, { versions: ROTATION }));

  test("snapshot", () => {
    expect(original).toMatchInlineSnapshot(`
      [
        "google_kms_crypto_key.my-secure-project_global_binauthz-ring_build-signer-key",
        "google_kms_crypto_key_version.my-secure-project_global_binauthz-ring_build-signer-key_gone",
        "google_kms_crypto_key_version.my-secure-project_global_binauthz-ring_build-signer-key_next",
        "google_kms_crypto_key_version.my-secure-project_global_binauthz-ring_build-signer-key_now",
        "google_kms_crypto_key_version.my-secure-project_global_binauthz-ring_build-signer-key_old",
        "google_kms_key_ring.my-secure-project_global_binauthz-ring",
        "google_project_service.my-secure-project_cloudkms",
      ]
    `);
  });

  test("stay when the construct is renamed", () => {
    expect(addressesOf((stack) => trustRootIn(stack, { versions: ROTATION }, "Renamed"))).toEqual(original);
  });

  test("stay when the construct is moved under another one", () => {
    expect(addressesOf((stack) => trustRootIn(new Construct(stack, "Security"), { versions: ROTATION }))).toEqual(
      original,
    );
  });

  test("stay when the versions are written in another order", () => {
    expect(addressesOf((stack) => trustRootIn(stack, { versions: [...ROTATION].reverse() }))).toEqual(original);
  });

  test("stay when the number of a version is corrected", () => {
    const versions = (number: number) => [
      KeyVersion.signing("mine", { number }),
      ...(number === 2 ? [KeyVersion.unmanaged("by-hand", { number: 1 })] : []),
    ];
    const before = addressesOf((stack) => trustRootIn(stack, { versions: versions(1) }));
    expect(addressesOf((stack) => trustRootIn(stack, { versions: versions(2) }))).toEqual(before);
  });

  test("of a version stay when its state changes", () => {
    const retired = ROTATION.map((version) =>
      version.id === "old"
        ? KeyVersion.retired("old", {
            number: 2,
            algorithm: RSA_SIGN_PSS_2048_SHA256,
          })
        : version,
    );
    expect(addressesOf((stack) => trustRootIn(stack, { versions: retired }))).toEqual(original);
  });

  test("stay when another trust root of the ring comes first", () => {
    const both = (ids: readonly string[]) =>
      addressesOf((stack) => {
        for (const id of ids) {
          trustRootIn(stack, { keyName: `key-${id}` }, id);
        }
      });
    expect(both(["B", "A"])).toEqual(both(["A", "B"]));
  });
});

describe("what protects the key", () => {
  const protectedTypes = ["google_kms_key_ring", "google_kms_crypto_key", "google_kms_crypto_key_version"];

  test.each(protectedTypes)("prevent_destroy is on %s", (type) => {
    expect(synth().resource(type).lifecycle.prevent_destroy).toBe(true);
  });

  test.each(protectedTypes)("deletionProtection: false takes it off %s", (type) => {
    expect(synth({ deletionProtection: false }).resource(type).lifecycle ?? {}).not.toHaveProperty("prevent_destroy");
  });

  test("nothing is created before its predecessor is destroyed", () => {
    expect(JSON.stringify(synth({ versions: ROTATION }).json)).not.toContain("create_before_destroy");
  });

  test("a ring shared with a protected trust root is protected, whichever comes first", () => {
    for (const first of [true, false]) {
      const stack = testStack();
      trustRootIn(stack, { keyName: "one", deletionProtection: first }, "One");
      trustRootIn(stack, { keyName: "two", deletionProtection: !first }, "Two");
      expect(template(stack).resource("google_kms_key_ring").lifecycle).toEqual({ prevent_destroy: true });
    }
  });
});

describe("the effect of each prop", () => {
  test("keyRingName", () => {
    const t = synth({ keyRingName: "other-ring" });
    expect(t.resource("google_kms_key_ring").name).toBe("other-ring");
    expect(t.resource("google_kms_crypto_key").key_ring).toBe(
      `projects/${PROJECT}/locations/global/keyRings/other-ring`,
    );
  });

  test("keyName", () => {
    expect(keyOf({ keyName: "other-key" }).name).toBe("other-key");
  });

  test("location", () => {
    const t = synth({ location: "europe-west3" });
    expect(t.resource("google_kms_key_ring").location).toBe("europe-west3");
    expect(t.resource("google_kms_crypto_key_version").crypto_key).toContain("/locations/europe-west3/");
  });

  test("versions: the template carries the algorithm of the highest number", () => {
    expect(keyOf({ versions: ROTATION }).version_template.algorithm).toBe("EC_SIGN_P384_SHA384");
    expect(keyOf({ versions: [...ROTATION].reverse() }).version_template.algorithm).toBe("EC_SIGN_P384_SHA384");
  });

  test("versions: one that is not managed counts for the template where its algorithm is known", () => {
    const versions = (algorithm?: SigningAlgorithm) => [
      KeyVersion.signing("mine", { number: 1 }),
      KeyVersion.unmanaged("by-hand", { number: 2, algorithm }),
    ];
    expect(keyOf({ versions: versions() }).version_template.algorithm).toBe("EC_SIGN_P256_SHA256");
    expect(keyOf({ versions: versions(EC_SIGN_P384_SHA384) }).version_template.algorithm).toBe("EC_SIGN_P384_SHA384");
  });

  test("protectionLevel", () => {
    expect(keyOf({ protectionLevel: ProtectionLevel.SOFTWARE }).version_template.protection_level).toBe("SOFTWARE");
  });

  test("destroyScheduledDuration", () => {
    expect(keyOf({ destroyScheduledDuration: "86400s" }).destroy_scheduled_duration).toBe("86400s");
    expect(keyOf({})).not.toHaveProperty("destroy_scheduled_duration");
  });

  test("labels", () => {
    expect(keyOf({ labels: { team: "security" } }).labels).toEqual({
      team: "security",
    });
  });

  test("createKeyRing: false", () => {
    const stack = testStack();
    const trustRoot = trustRootIn(stack, { createKeyRing: false });
    const t = template(stack);
    expect(t.resources("google_kms_key_ring")).toEqual({});
    expect(t.resource("google_kms_crypto_key").key_ring).toBe(
      `projects/${PROJECT}/locations/global/keyRings/binauthz-ring`,
    );
    expect(trustRoot.keyRing).toBeUndefined();
  });

  test("project", () => {
    const t = synth({ project: "key-project" });
    expect(t.resource("google_kms_key_ring").project).toBe("key-project");
    expect(t.resource("google_kms_crypto_key_version").crypto_key).toMatch(/^projects\/key-project\//);
    expect(t.resource("google_project_service").project).toBe("key-project");
  });

  test("enableApis", () => {
    expect(synth().resource("google_project_service").service).toBe("cloudkms.googleapis.com");
    expect(synth({ enableApis: false }).resources("google_project_service")).toEqual({});
  });
});

describe("versions", () => {
  const versionsOf = (versions: KeyVersion[]) => {
    const stack = testStack();
    trustRootIn(stack, { versions });
    const t = template(stack);
    return (id: string) =>
      t.resource("google_kms_crypto_key_version", `${PROJECT}_global_binauthz-ring_build-signer-key_${id}`);
  };

  test("only a retired one has a state, and only DISABLED", () => {
    const version = versionsOf(ROTATION);
    expect(version("gone").state).toBe("DISABLED");
    for (const id of ["old", "now", "next"]) {
      expect(version(id)).not.toHaveProperty("state");
    }
  });

  test("wait for each other in the order of their numbers, since Cloud KMS counts", () => {
    const version = versionsOf([...ROTATION].reverse());
    const address = (id: string) =>
      `google_kms_crypto_key_version.${PROJECT}_global_binauthz-ring_build-signer-key_${id}`;
    expect(version("gone").depends_on).toEqual([
      `google_kms_crypto_key.${PROJECT}_global_binauthz-ring_build-signer-key`,
    ]);
    expect(version("old").depends_on).toContain(address("gone"));
    expect(version("now").depends_on).toContain(address("old"));
    expect(version("next").depends_on).toContain(address("now"));
  });

  test("are checked for number and algorithm when Terraform runs", () => {
    const conditions = versionsOf(ROTATION)("old").lifecycle.postcondition.map(
      ({ condition }: { condition: string }) => condition,
    );
    expect(conditions).toEqual([
      `\${endswith(self.name, "/cryptoKeyVersions/2")}`,
      `\${self.algorithm == "RSA_SIGN_PSS_2048_SHA256"}`,
    ]);
  });

  test("that are destroyed, or not managed here, have no resource", () => {
    const stack = testStack();
    const trustRoot = trustRootIn(stack, {
      versions: [
        KeyVersion.destroyed("first", { number: 1 }),
        KeyVersion.unmanaged("by-hand", { number: 2 }),
        KeyVersion.signing("now", { number: 3 }),
      ],
    });
    expect(Object.keys(template(stack).resources("google_kms_crypto_key_version"))).toEqual([
      `${PROJECT}_global_binauthz-ring_build-signer-key_now`,
    ]);
    expect(trustRoot.keyVersionResource("now")).toBeDefined();
    expect(trustRoot.keyVersionResource("first")).toBeUndefined();
    expect(trustRoot.keyVersionResource("by-hand")).toBeUndefined();
  });
});

describe("attributes", () => {
  const trustRoot = trustRootIn(testStack(), { versions: ROTATION });

  test("are literal names", () => {
    expect(trustRoot.cryptoKeyId).toBe(KEY);
    expect(trustRoot.signingKeyVersion).toBe(`${KEY}/cryptoKeyVersions/3`);
    expect(trustRoot.signingAlgorithm).toBe(EC_SIGN_P256_SHA256);
    expect([trustRoot.project, trustRoot.location, trustRoot.keyRingName, trustRoot.keyName]).toEqual([
      PROJECT,
      "global",
      "binauthz-ring",
      "build-signer-key",
    ]);
  });

  test("give the versions in the order of their numbers", () => {
    const unordered = trustRootIn(testStack(), {
      versions: [...ROTATION].reverse(),
    });
    expect(unordered.versions.map((version) => version.id)).toEqual(["gone", "old", "now", "next"]);
  });
});

describe("public keys", () => {
  test("are those of the signing and the trusted versions, with ids as gcloud derives them", () => {
    const stack = testStack();
    const attestor = attestorIn(stack, {
      keys: [trustRootIn(stack, { versions: ROTATION })],
    });
    expect(attestor.publicKeys.map(({ id, algorithm }) => [id, algorithm.kmsName])).toEqual([
      [`//cloudkms.googleapis.com/v1/${KEY}/cryptoKeyVersions/2`, "RSA_SIGN_PSS_2048_SHA256"],
      [`//cloudkms.googleapis.com/v1/${KEY}/cryptoKeyVersions/3`, "EC_SIGN_P256_SHA256"],
      [`//cloudkms.googleapis.com/v1/${KEY}/cryptoKeyVersions/4`, "EC_SIGN_P384_SHA384"],
    ]);
  });

  test("that are pinned need no data source at all", () => {
    const stack = testStack();
    const attestor = attestorIn(stack, {
      keys: [trustRootIn(stack, { versions: [pinnedVersion()] })],
    });
    expect(template(stack).json).not.toHaveProperty("data");
    expect(attestor.publicKeys[0].publicKeyPem).toBe(P256_PEM);
  });

  test("are read through the version's name without depends_on, so that a label does not make them unknown", () => {
    const stack = testStack();
    attestorIn(stack, { keys: [trustRootIn(stack)] });
    const data = template(stack).data("google_kms_crypto_key_version");
    expect(data).not.toHaveProperty("depends_on");
    expect(data.version).toBe(1);
    expect(data.crypto_key).toBe(
      `\${trimsuffix(google_kms_crypto_key_version.${PROJECT}_global_binauthz-ring_build-signer-key_v1.name, "/cryptoKeyVersions/1")}`,
    );
    // The version's own resource checks the algorithm: a condition here would put the reading off to the apply.
    expect(data).not.toHaveProperty("lifecycle");
  });

  test("are read once for several attestors of a stack", () => {
    const stack = testStack();
    const trustRoot = trustRootIn(stack);
    attestorIn(stack, { keys: [trustRoot], attestorName: "one" }, "One");
    attestorIn(stack, { keys: [trustRoot], attestorName: "two" }, "Two");
    expect(Object.keys(template(stack).dataSources("google_kms_crypto_key_version"))).toHaveLength(1);
  });
});

describe("a key that is managed elsewhere", () => {
  const signing = {
    name: `${KEY}/cryptoKeyVersions/2`,
    algorithm: EC_SIGN_P256_SHA256,
  };
  const trusted = [
    {
      name: `${KEY}/cryptoKeyVersions/1`,
      algorithm: RSA_SIGN_PKCS1_4096_SHA512,
    },
  ];

  test("has the names that it was given, and no resources", () => {
    const stack = testStack();
    const trustRoot = TrustRoot.fromKeyVersions(stack, "Imported", {
      signing,
      trusted,
    });
    expect(trustRoot.cryptoKeyId).toBe(KEY);
    expect(trustRoot.signingKeyVersion).toBe(signing.name);
    expect(trustRoot.signingAlgorithm).toBe(EC_SIGN_P256_SHA256);
    expect(template(stack).addresses()).toEqual([]);
  });

  test("gives its keys in the order of their numbers", () => {
    const stack = testStack();
    const attestor = attestorIn(stack, {
      keys: [TrustRoot.fromKeyVersions(stack, "Imported", { signing, trusted })],
    });
    expect(attestor.publicKeys.map((key) => key.id)).toEqual([
      `//cloudkms.googleapis.com/v1/${KEY}/cryptoKeyVersions/1`,
      `//cloudkms.googleapis.com/v1/${KEY}/cryptoKeyVersions/2`,
    ]);
    const data = template(stack).dataSources("google_kms_crypto_key_version");
    expect(Object.values(data).map(({ crypto_key, version }) => [crypto_key, version])).toEqual([
      [KEY, 1],
      [KEY, 2],
    ]);
    expect(Object.values(data).map(({ lifecycle }) => lifecycle.postcondition[0].condition)).toEqual([
      `\${self.public_key[0].algorithm == "RSA_SIGN_PKCS1_4096_SHA512"}`,
      `\${self.public_key[0].algorithm == "EC_SIGN_P256_SHA256"}`,
    ]);
  });

  test("reads nothing where the keys are pinned", () => {
    const stack = testStack();
    const pinned = { ...signing, publicKeyPem: P256_PEM };
    attestorIn(stack, {
      keys: [TrustRoot.fromKeyVersions(stack, "Imported", { signing: pinned })],
    });
    expect(template(stack).json).not.toHaveProperty("data");
  });
});

test("a region of a form that is right, but of a name that is not known, is a warning", () => {
  const stack = testStack();
  trustRootIn(stack, { location: "us-central9" });
  expect(warnings(stack)).toEqual([
    'Stack/TrustRoot: [UNKNOWN_LOCATION] "location" "us-central9" has the form of a region, but is none that this version knows',
  ]);
});
