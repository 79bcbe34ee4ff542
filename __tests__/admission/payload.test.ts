import { parseArtifact, payloadBytes, preAuthenticationEncoding, writeOccurrence } from "../../lib/admission";
import { artifact, ask, attest, DIGEST, IMAGE, NOTE, testKey } from "./support";

const D = `sha256:${"a".repeat(64)}`;

describe("signing.md 2: what gcloud signs", () => {
  test.each([
    [`https://h.dev/p/r/a@${D}`, "h.dev/p/r/a", `h.dev/p/r/a@${D}`],
    [`http://h.dev/p/r/a@${D}`, "h.dev/p/r/a", `h.dev/p/r/a@${D}`],
    [`h.dev/p/r/a@${D}`, "h.dev/p/r/a", `h.dev/p/r/a@${D}`],
    [`h.dev/p/r/a:v1@${D}`, "h.dev/p/r/a", `h.dev/p/r/a:v1@${D}`],
    [`H.dev/p@${D}`, "H.dev/p", `H.dev/p@${D}`],
    [`https://localhost:5000/x@${D}`, "localhost:5000/x", `localhost:5000/x@${D}`],
  ])("%s", (url, dockerReference, resourceUri) => {
    expect(parseArtifact(url)).toEqual({ artifact: { dockerReference, digest: D, resourceUri } });
  });

  test("the payload of docker.io/library/nginx has 285 bytes", () => {
    const bytes = payloadBytes(artifact(`docker.io/library/nginx@${D}`));
    expect(bytes).toHaveLength(285);
    expect(Buffer.from(bytes).toString()).toMatch(/^\{\n {2}"critical": \{\n[\s\S]*\}\n$/);
  });

  test.each([
    [`nginx@${D}`, "names no registry"],
    [`library/nginx@${D}`, "names no registry"],
    ["h.dev/nginx:latest", "has no digest"],
    ["h.dev/nginx@sha256:abcd", "has no digest"],
    [`h.dev/nginx@sha512:${"a".repeat(64)}`, "has no digest"],
    [`h.dev/p/r/A@${D}`, "has a repository with characters other than"],
    [`localhost:5000/x@${D}`, "does not have a host component"],
    [`h.dev/../x@${D}`, "has no digest"],
    ["", "has no digest"],
  ])("refused: %s", (url, error) => {
    expect(parseArtifact(url)).toEqual({ error: expect.stringContaining(error) });
  });
});

describe("writing an occurrence", () => {
  test("in the API's shape", () => {
    const signatures = [{ publicKeyId: "id", signature: Uint8Array.of(251, 255) }];
    expect(writeOccurrence({ artifact: artifact(IMAGE), noteName: NOTE, signatures })).toEqual({
      kind: "ATTESTATION",
      noteName: NOTE,
      resourceUri: IMAGE,
      attestation: {
        serializedPayload: Buffer.from(payloadBytes(artifact(IMAGE))).toString("base64"),
        signatures: [{ publicKeyId: "id", signature: "+/8=" }],
      },
    });
  });

  test("what is written is admitted, also after a way through JSON", () => {
    expect(ask({ evidence: JSON.parse(JSON.stringify([attest(IMAGE)])) }).verdict).toBe("admitted");
  });
});

describe("signing.md 9: the pre-authentication encoding", () => {
  test("lengths are of bytes", () => {
    const encoded = preAuthenticationEncoding(new TextEncoder().encode("ü"), "ä");
    expect(Buffer.from(encoded).toString()).toBe("DSSEv1 2 ä 2 ü");
  });

  test("a signature over it does not satisfy an attestor", () => {
    const key = testKey("first");
    const payload = payloadBytes(artifact(IMAGE));
    const signature = key.sign(preAuthenticationEncoding(payload));
    const occurrence = writeOccurrence({
      artifact: artifact(IMAGE),
      noteName: NOTE,
      signatures: [{ publicKeyId: key.id, signature }],
    });
    const verdict = ask({ evidence: [occurrence] });
    expect(verdict.verdict).toBe("denied");
    expect(verdict.images[0].attestors[0].diagnosis).toMatchObject([
      { code: "bad-signature", detail: expect.stringContaining("DSSE") },
    ]);
    expect(DIGEST).toHaveLength(71);
  });
});
