import { App } from "cdktf";
import { type TestSigner, type TrustChain, trustChainOf } from "cdktf-binauthz/testing";
import { chain } from "../chain";
import { settings } from "../settings";

const { project, region } = settings;
const image = `${region}-docker.pkg.dev/${project}/apps/web`;
const digest = `${image}@sha256:${"1f".repeat(32)}`;
const prod = `${region}.prod`;

// No account, cluster or network is asked: the signatures are real, and the answers are those of Binary Authorization.
let trust: TrustChain;
let signer: TestSigner;

beforeAll(() => {
  trust = trustChainOf(chain(new App(), settings));
  signer = trust.testSigner("built-by-ci");
});

test("an image from anywhere is denied", () => {
  expect(trust.cluster(prod)).toDeny("nginx:latest", { reason: /digest/ });
});

test("a tag of ours is denied, whatever was signed", () => {
  expect(trust.cluster(prod)).toDeny(`${image}:v1`, { attestations: [signer.attest(digest)], reason: /digest/ });
});

test("a digest that nobody signed is denied", () => {
  expect(trust.cluster(prod)).toDeny(digest, { attestations: [] });
});

test("the digest that the pipeline signed is admitted", () => {
  expect(trust.cluster(prod)).toAdmit(digest, { attestations: [signer.attest(digest)] });
});

test("a cluster without a rule of its own runs nothing of ours", () => {
  expect(trust.defaultRule()).toDeny(digest, { attestations: [signer.attest(digest)] });
});

test("a review would find nothing to stop for", () => {
  expect(trust).toHaveNoFindings();
});
