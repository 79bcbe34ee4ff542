import { ExistingPolicy, KeyVersion, type TrustRootProps } from "../../lib";
import { ATTESTOR, attestorIn, KEY, NOTE, PROJECT, policyIn, testStack, trustRootIn } from "../support/synth";
import { type Template, template } from "../support/template";

const NAME = `${PROJECT}_global_binauthz-ring_build-signer-key`;

describe("a key that exists", () => {
  const adopted = (props: Partial<TrustRootProps> = {}): Template => {
    const stack = testStack();
    trustRootIn(stack, { adopt: true, ...props });
    return template(stack);
  };

  test("is imported with its ring and every version", () => {
    const versions = [KeyVersion.trusted("old", { number: 1 }), KeyVersion.signing("now", { number: 2 })];
    expect(adopted({ versions }).imports).toEqual(
      expect.arrayContaining([
        { to: `google_kms_key_ring.${PROJECT}_global_binauthz-ring`, id: KEY.split("/cryptoKeys/")[0] },
        { to: `google_kms_crypto_key.${NAME}`, id: KEY },
        { to: `google_kms_crypto_key_version.${NAME}_old`, id: `${KEY}/cryptoKeyVersions/1` },
        { to: `google_kms_crypto_key_version.${NAME}_now`, id: `${KEY}/cryptoKeyVersions/2` },
      ]),
    );
    expect(adopted({ versions }).imports).toHaveLength(4);
  });

  test("has its versions already: skip_initial_version_creation would replace it", () => {
    expect(adopted().resource("google_kms_crypto_key")).not.toHaveProperty("skip_initial_version_creation");
  });

  test("takes a new version that is not imported", () => {
    const versions = [KeyVersion.trusted("old", { number: 1 }), KeyVersion.signing("new", { number: 2, adopt: false })];
    const targets = adopted({ versions }).imports.map((block) => block.to);
    expect(targets).toContain(`google_kms_crypto_key_version.${NAME}_old`);
    expect(targets).not.toContain(`google_kms_crypto_key_version.${NAME}_new`);
  });

  test("can be made here with a version imported alone", () => {
    const versions = [
      KeyVersion.signing("mine", { number: 1 }),
      KeyVersion.trusted("by-hand", { number: 2, adopt: true }),
    ];
    expect(adopted({ adopt: false, versions }).imports).toEqual([
      { to: `google_kms_crypto_key_version.${NAME}_by-hand`, id: `${KEY}/cryptoKeyVersions/2` },
    ]);
  });

  test("in a ring that is managed elsewhere", () => {
    expect(adopted({ createKeyRing: false }).imports.map((block) => block.to)).toEqual([
      `google_kms_crypto_key.${NAME}`,
      `google_kms_crypto_key_version.${NAME}_v1`,
    ]);
  });

  test("in a ring shared with a trust root that is new: one of them says that the ring exists", () => {
    for (const first of [true, false]) {
      const stack = testStack();
      trustRootIn(stack, { keyName: "one", adopt: first }, "One");
      trustRootIn(stack, { keyName: "two", adopt: !first }, "Two");
      expect(template(stack).imports.filter((block) => block.to.startsWith("google_kms_key_ring."))).toHaveLength(1);
    }
  });
});

test("a note and an attestor that exist are imported", () => {
  const stack = testStack();
  attestorIn(stack, { adopt: true });
  expect(template(stack).imports).toEqual(
    expect.arrayContaining([
      { to: `google_container_analysis_note.${PROJECT}_build-attestor`, id: NOTE },
      { to: `google_binary_authorization_attestor.${PROJECT}_build-attestor`, id: ATTESTOR },
    ]),
  );
});

test("a note that is managed elsewhere is not imported with its attestor", () => {
  const stack = testStack();
  attestorIn(stack, { adopt: true, noteId: "projects/note-project/notes/theirs" });
  expect(template(stack).imports.map((block) => block.to)).toEqual([
    `google_binary_authorization_attestor.${PROJECT}_build-attestor`,
  ]);
});

test("the policy that a project always has is imported", () => {
  const stack = testStack();
  policyIn(stack, { existing: ExistingPolicy.ADOPT });
  expect(template(stack).imports).toEqual([
    { to: `google_binary_authorization_policy.${PROJECT}`, id: `projects/${PROJECT}` },
  ]);
});

test("nothing is imported unless it is asked for", () => {
  const stack = testStack();
  attestorIn(stack);
  policyIn(stack);
  expect(template(stack).imports).toEqual([]);
});
