import { putOccurrence } from "../../lib/sandbox";
import { call } from "../support/sandbox";
import { attest, DIGEST, IMAGE, makeAttestor, makeKey, NOTE, PROJECT, sign, useSandbox } from "./support";

const google = useSandbox();
const OCCURRENCES = `containeranalysis/v1/projects/${PROJECT}/occurrences`;

async function makeNote(id = "built"): Promise<void> {
  await call(google.sandbox, `POST containeranalysis/v1/projects/${PROJECT}/notes?noteId=${id}`, {
    attestation: { hint: { humanReadableName: id } },
  });
}

const signedBy = (publicKeyId: string) => ({ serializedPayload: "e30=", signatures: [{ publicKeyId, signature: "" }] });

test("a note is made, changed by its mask, and deleted", async () => {
  await makeNote();
  expect((await call(google.sandbox, `GET containeranalysis/v1/${NOTE}`)).json).toMatchObject({
    name: NOTE,
    kind: "ATTESTATION",
    attestation: { hint: { humanReadableName: "built" } },
  });
  const path = `containeranalysis/v1/projects/${PROJECT}/notes?noteId=built`;
  expect((await call(google.sandbox, `POST ${path}`, { attestation: {} })).status).toBe(409);
  const changed = await call(google.sandbox, `PATCH containeranalysis/v1/${NOTE}?updateMask=shortDescription`, {
    name: "projects/other/notes/x",
    shortDescription: "short",
    longDescription: "not in the mask",
  });
  expect(changed.json).toMatchObject({ name: NOTE, shortDescription: "short" });
  expect(changed.json).not.toHaveProperty("longDescription");
  expect((await call(google.sandbox, `DELETE containeranalysis/v1/${NOTE}`)).json).toEqual({});
  expect((await call(google.sandbox, `GET containeranalysis/v1/${NOTE}`)).status).toBe(404);
});

test("an attestation is stored with a name of its own, as it was sent", async () => {
  const version = await makeKey(google.sandbox);
  await makeAttestor(google.sandbox, version);
  const attestation = await sign(google.sandbox, version);
  const stored = await attest(google.sandbox, attestation);
  expect(stored.json).toMatchObject({ kind: "ATTESTATION", noteName: NOTE, resourceUri: IMAGE, attestation });
  expect(stored.json.name).toMatch(new RegExp(`^projects/${PROJECT}/occurrences/[0-9a-f-]{36}$`));
  expect((await call(google.sandbox, `GET containeranalysis/v1/${stored.json.name}`)).json).toEqual(stored.json);
  const note = await call(google.sandbox, `GET containeranalysis/v1/${stored.json.name}/notes`);
  expect(note.json).toMatchObject({ name: NOTE });
});

test("a repeated attestation meets what gcloud's users report: a conflict with the id of the first", async () => {
  await makeNote();
  const first = await attest(google.sandbox, signedBy("one"));
  const id = (first.json.name as string).split("/").pop();
  const second = await attest(google.sandbox, signedBy("two"));
  expect(second).toMatchObject({
    status: 409,
    json: { error: { status: "ALREADY_EXISTS", message: `occurrence ID "${id}" already exists` } },
  });
  google.sandbox.behaviour.duplicateAttestation = "same-image-and-key";
  expect((await attest(google.sandbox, signedBy("two"))).status).toBe(200);
  expect((await attest(google.sandbox, signedBy("two"))).status).toBe(409);
  google.sandbox.behaviour.duplicateAttestation = "allow";
  expect((await attest(google.sandbox, signedBy("two"))).status).toBe(200);
});

test.each([
  [`has_suffix(resourceUrl, "${DIGEST}")`, 1],
  [`has_suffix(resourceUrl, "sha256:${"b".repeat(64)}")`, 1],
  [`has_prefix(resourceUri, "us-central1-docker.pkg.dev/")`, 2],
  [`kind = "ATTESTATION" AND resourceUrl="${IMAGE}"`, 1],
  ['noteId="built"', 2],
  ['kind="VULNERABILITY"', 0],
  ["", 2],
])("the filter %s finds %i", async (filter, count) => {
  await makeNote();
  await makeNote("other");
  const other = IMAGE.replace(/a{64}/, "b".repeat(64));
  for (const resourceUri of [IMAGE, other]) {
    putOccurrence(google.sandbox.state, PROJECT, { noteName: NOTE, resourceUri, attestation: signedBy("k") });
  }
  const found = await call(
    google.sandbox,
    `GET containeranalysis/v1/${NOTE}/occurrences?filter=${encodeURIComponent(filter)}`,
  );
  expect(found.status).toBe(200);
  expect((found.json.occurrences as unknown[] | undefined) ?? []).toHaveLength(count);
});

test("a filter that is not spoken is refused and listed, never taken for none", async () => {
  await makeNote();
  const answer = await call(google.sandbox, `GET containeranalysis/v1/${NOTE}/occurrences?filter=createTime%3E%22x%22`);
  expect(answer.status).toBe(501);
  expect(google.sandbox.unknownRoutes).toEqual(['containeranalysis filter createTime>"x"']);
});

test("10,000 occurrences come in pages, each exactly once", async () => {
  await makeNote();
  for (let number = 0; number < 10_000; number += 1) {
    const digest = `sha256:${number.toString(16).padStart(64, "0")}`;
    const resourceUri = `us-central1-docker.pkg.dev/p/r/a@${digest}`;
    putOccurrence(google.sandbox.state, PROJECT, { noteName: NOTE, resourceUri, attestation: signedBy("k") });
  }
  const names = new Set<string>();
  let token = "";
  let pages = 0;
  do {
    const { json } = await call(
      google.sandbox,
      `GET containeranalysis/v1/${NOTE}/occurrences?pageSize=5000&pageToken=${token}`,
    );
    for (const { name } of json.occurrences as { name: string }[]) {
      names.add(name);
    }
    token = (json.nextPageToken as string | undefined) ?? "";
    pages += 1;
  } while (token !== "");
  // More than a thousand a page is not given, whatever is asked for.
  expect(pages).toBe(10);
  expect(names.size).toBe(10_000);
  const digest = `sha256:${(9999).toString(16).padStart(64, "0")}`;
  const filter = encodeURIComponent(`has_suffix(resourceUrl, "${digest}")`);
  const one = await call(google.sandbox, `GET containeranalysis/v1/${NOTE}/occurrences?filter=${filter}&pageSize=100`);
  expect(one.json.occurrences).toHaveLength(1);
  expect((await call(google.sandbox, `GET ${OCCURRENCES}?pageToken=x`)).status).toBe(400);
});

test.each([
  ["no note", { resourceUri: IMAGE, attestation: {} }, 400],
  [
    "a note that is not there",
    { noteName: "projects/demo-project/notes/none", resourceUri: IMAGE, attestation: {} },
    404,
  ],
  ["no attestation", { noteName: NOTE, resourceUri: IMAGE }, 400],
  ["no image", { noteName: NOTE, attestation: {} }, 400],
  ["another kind", { kind: "VULNERABILITY", noteName: NOTE, resourceUri: IMAGE }, 501],
])("an occurrence with %s is refused", async (_, body, status) => {
  await makeNote();
  expect((await call(google.sandbox, `POST ${OCCURRENCES}`, body)).status).toBe(status);
  expect(google.sandbox.state.occurrences).toEqual({});
});
