import { createHash } from "node:crypto";
import { grant, putManifest, readSeed, tokenFor } from "../../lib/sandbox";
import { call } from "../support/sandbox";
import { PROJECT, useSandbox } from "./support";

// Manifests of the registry, by digest and to the byte.

const REPOSITORY = `projects/${PROJECT}/locations/us-central1/repositories/apps`;
const PATH = `${PROJECT}/apps/team/web`;
const READER = `serviceAccount:reader@${PROJECT}.iam.gserviceaccount.com`;
const digestOf = (text: string) => `sha256:${createHash("sha256").update(text).digest("hex")}`;

// Spaces and an empty list, which no answer in JSON would keep.
const INDEX = '{ "schemaVersion": 2,\n  "manifests": [] }\n';
const OTHER = '{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json"}';
const name = (text: string, host = "us-central1-docker.pkg.dev") => `${host}/${PATH}@${digestOf(text)}`;
const address = (text: string) => `artifactregistry/v2/${PATH}/manifests/${digestOf(text)}`;

const google = useSandbox({ seed: { manifests: [{ image: name(INDEX), manifest: INDEX }] } });

const get = (text: string, principal = google.sandbox.state.owner) =>
  fetch(`${google.sandbox.url}/${address(text)}`, { headers: { Authorization: `Bearer ${tokenFor(principal)}` } });

test("an image of the seed, and one that was put there, are answered to the byte with their types", async () => {
  putManifest(google.sandbox.state, { image: name(OTHER), manifest: OTHER });
  const [index, image] = [await get(INDEX), await get(OTHER)];
  expect([index.status, await index.text()]).toEqual([200, INDEX]);
  expect(index.headers.get("content-type")).toBe("application/vnd.oci.image.index.v1+json");
  expect([image.status, await image.text()]).toEqual([200, OTHER]);
  expect(image.headers.get("content-type")).toBe("application/vnd.docker.distribution.manifest.v2+json");
  expect(google.sandbox.unknownRoutes).toEqual([]);
});

test("whoever may not download from the repository is refused, and so is nobody", async () => {
  const refused = await call(google.sandbox, `GET ${address(INDEX)}`, undefined, READER);
  expect(refused.status).toBe(403);
  expect(JSON.stringify(refused.json)).toContain("'artifactregistry.repositories.downloadArtifacts'");
  grant(google.sandbox.state, REPOSITORY.replace("apps", "other"), "roles/artifactregistry.reader", READER);
  expect((await get(INDEX, READER)).status).toBe(403);
  grant(google.sandbox.state, REPOSITORY, "roles/artifactregistry.reader", READER);
  expect((await get(INDEX, READER)).status).toBe(200);
  expect((await fetch(`${google.sandbox.url}/${address(INDEX)}`)).status).toBe(401);
});

test("an image of two locations is for those who may read both", async () => {
  putManifest(google.sandbox.state, { image: name(INDEX, "europe-docker.pkg.dev"), manifest: INDEX });
  grant(google.sandbox.state, REPOSITORY, "roles/artifactregistry.reader", READER);
  expect((await get(INDEX, READER)).status).toBe(403);
});

test("an image that is not there is not found; one of another path is another", async () => {
  expect((await get(OTHER)).status).toBe(404);
  const elsewhere = `GET ${address(INDEX).replace("/web/", "/web2/")}`;
  expect((await call(google.sandbox, elsewhere)).status).toBe(404);
  expect((await call(google.sandbox, `GET artifactregistry/v2/${PATH}/manifests/latest`)).status).toBe(501);
});

test.each([
  ["another digest", { image: name(OTHER), manifest: INDEX }],
  ["no digest", { image: `us-central1-docker.pkg.dev/${PATH}`, manifest: INDEX }],
  ["a tag", { image: `us-central1-docker.pkg.dev/${PATH}:v1@${digestOf(INDEX)}`, manifest: INDEX }],
  ["two digests", { image: `${name(INDEX)}@${digestOf(INDEX)}`, manifest: INDEX }],
  ["another registry", { image: name(INDEX, "docker.io"), manifest: INDEX }],
  ["a text that is no JSON", { image: name("x"), manifest: "x" }],
])("%s is refused, in a program and in a seed", (_, one) => {
  expect(() => putManifest(google.sandbox.state, one)).toThrow(/allowed: an image/);
  expect(() => readSeed("seed.json", JSON.stringify({ manifests: [one] }))).toThrow(/manifests\[0\]/);
});

test("a seed with a manifest is read, and one with a word too many is not", () => {
  const one = { image: name(INDEX), manifest: INDEX };
  expect(readSeed("seed.json", JSON.stringify({ manifests: [one] })).manifests).toEqual([one]);
  expect(() => readSeed("seed.json", JSON.stringify({ manifests: [{ ...one, tag: "v1" }] }))).toThrow(/manifests\[0\]/);
});
