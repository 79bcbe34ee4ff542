// The entry `cdktf-binauthz/testing`: a chain of trust in a unit test. Importing it registers the matchers with the global
// `expect`, where there is one; elsewhere: `expect.extend(matchers)`.
import { matchers } from "./matchers";

export type { Occurrence, Outcome, Target, Verdict } from "../admission/types";
export type { TrustModel } from "../trust/model";
export type { ReadOptions } from "../trust/terraform-json";
export { type AdmissionCase, admissionCases } from "./cases";
export { ChainTarget, type Images, type PodOptions } from "./chain-target";
export type { FindingsExpectation } from "./findings";
export type { TrustMatchers } from "./jest-types";
export {
  type AdmitExpectation,
  type DenyExpectation,
  type MatcherContext,
  type MatcherResult,
  matchers,
} from "./matchers";
export type { SynthesizableApp, SynthesizableStack } from "./synthesis";
export { TestSigner, type TestSignerOptions } from "./test-signer";
export { TrustChain, trustChainFrom, trustChainOf, trustChainOfApp } from "./trust-chain";

const { expect } = globalThis as { readonly expect?: { readonly extend?: (matchers: object) => void } };
if (typeof expect?.extend === "function") {
  expect.extend(matchers);
}
