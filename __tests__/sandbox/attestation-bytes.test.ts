import { startSandbox } from "../../lib/sandbox";
import { call, requested } from "../support/sandbox";

const NOTE = "projects/p/notes/n";

test.each([
  ["e30=", "AAAA", 200],
  ["e30", "-_-_", 200],
  ["e30=", "a b", 400],
  ["e30=", "$(x)", 400],
  ["{}", "AAAA", 400],
])(
  "an attestation with payload %j and signature %j is answered with %i",
  async (serializedPayload, signature, status) => {
    const sandbox = await startSandbox();
    try {
      const note = { attestation: { hint: { humanReadableName: "n" } } };
      expect((await call(sandbox, "POST containeranalysis/v1/projects/p/notes?noteId=n", note)).status).toBe(200);
      const answer = await call(sandbox, "POST containeranalysis/v1/projects/p/occurrences", {
        noteName: NOTE,
        resourceUri: "example.com/a@sha256:b",
        attestation: { serializedPayload, signatures: [{ publicKeyId: "k", signature }] },
      });
      expect(answer.status).toBe(status);
      expect(Object.keys(sandbox.state.occurrences)).toHaveLength(status === 200 ? 1 : 0);
    } finally {
      await sandbox.close();
    }
  },
);

test("a request whose connection was dropped is recorded with status 0", async () => {
  const sandbox = await startSandbox();
  try {
    sandbox.faults.add({ match: /policy$/, fail: "drop" });
    const request = "GET binaryauthorization/v1/projects/p/policy";
    await expect(call(sandbox, request)).rejects.toThrow();
    expect((await call(sandbox, request)).status).toBe(200);
    expect(requested(sandbox, /policy$/).map(({ status }) => status)).toEqual([0, 200]);
  } finally {
    await sandbox.close();
  }
});
