import { KeyVersion, KeyVersionState, SigningAlgorithm } from "../../lib";
import { P256_PEM } from "../support/synth";

const OPTIONS = { number: 2, algorithm: SigningAlgorithm.EC_SIGN_P384_SHA384 };

describe("what a version is for", () => {
  test.each([
    ["signing", KeyVersion.signing("v", OPTIONS), KeyVersionState.SIGNING, true, true],
    ["trusted", KeyVersion.trusted("v", OPTIONS), KeyVersionState.TRUSTED, true, true],
    ["retired", KeyVersion.retired("v", OPTIONS), KeyVersionState.RETIRED, true, false],
    ["destroyed", KeyVersion.destroyed("v", OPTIONS), KeyVersionState.DESTROYED, false, false],
    ["unmanaged", KeyVersion.unmanaged("v", OPTIONS), KeyVersionState.UNMANAGED, false, false],
  ] as const)("%s", (_, version, state, managed, trusted) => {
    expect(version.state).toBe(state);
    expect(version.isManaged).toBe(managed);
    expect(version.isTrusted).toBe(trusted);
    expect([version.id, version.number, version.algorithm]).toEqual(["v", 2, SigningAlgorithm.EC_SIGN_P384_SHA384]);
  });
});

describe("the effect of each option", () => {
  test("algorithm defaults to what Google recommends, for managed versions only", () => {
    expect(KeyVersion.signing("v", { number: 1 }).algorithm).toBe(SigningAlgorithm.EC_SIGN_P256_SHA256);
    expect(KeyVersion.retired("v", { number: 1 }).algorithm).toBe(SigningAlgorithm.EC_SIGN_P256_SHA256);
    expect(KeyVersion.destroyed("v", { number: 1 }).algorithm).toBeUndefined();
    expect(KeyVersion.unmanaged("v", { number: 1 }).algorithm).toBeUndefined();
  });

  test("publicKeyPem is kept as it is", () => {
    expect(KeyVersion.trusted("v", { number: 1, publicKeyPem: P256_PEM }).publicKeyPem).toBe(P256_PEM);
    expect(KeyVersion.trusted("v", { number: 1 }).publicKeyPem).toBeUndefined();
  });

  test("adopt is left to the trust root unless it is given", () => {
    expect(KeyVersion.signing("v", { number: 1 }).adopt).toBeUndefined();
    expect(KeyVersion.signing("v", { number: 1, adopt: false }).adopt).toBe(false);
  });
});
