import { type JsonObject, tokenFor } from "../../lib/sandbox";
import { call } from "../support/sandbox";
import { POLICY, useSandbox } from "./support";

const google = useSandbox();
const GET = `GET binaryauthorization/v1/${POLICY}`;
const statuses = async (count: number) => {
  const all: number[] = [];
  for (let number = 0; number < count; number += 1) {
    all.push((await call(google.sandbox, GET)).status);
  }
  return all;
};

test.each([
  ["PERMISSION_DENIED", 403, "PERMISSION_DENIED"],
  ["RESOURCE_EXHAUSTED", 429, "RESOURCE_EXHAUSTED"],
  ["UNAVAILABLE", 503, "UNAVAILABLE"],
  [503, 503, "UNAVAILABLE"],
  [418, 418, "UNKNOWN"],
] as const)("%s comes in Google's form, as often as arranged", async (fail, code, status) => {
  google.sandbox.faults.add({ match: /getPolicy$/, fail, times: 2 });
  const answer = await call(google.sandbox, GET);
  expect(answer.json).toEqual({ error: { code, status, message: "arranged failure" } });
  expect(await statuses(2)).toEqual([code, 200]);
  expect(google.sandbox.unknownRoutes).toEqual([]);
});

test("the first ones can be let through, and other methods are not touched", async () => {
  google.sandbox.faults.add({ match: /binaryauthorization\.projects\.getPolicy/, fail: 503, skip: 1 });
  expect((await call(google.sandbox, "GET cloudresourcemanager/v1/projects/demo-project")).status).toBe(200);
  expect(await statuses(3)).toEqual([200, 503, 200]);
});

test("verb and path can be matched as well", async () => {
  google.sandbox.faults.add({ match: /^GET .*\/policy$/, fail: 429 });
  expect(await statuses(2)).toEqual([429, 200]);
});

test("a dropped connection has no answer, and the next one has", async () => {
  google.sandbox.faults.add({ match: /getPolicy/, fail: "drop" });
  await expect(call(google.sandbox, GET)).rejects.toThrow("fetch failed");
  expect(google.sandbox.requests[0]).toMatchObject({ status: 0 });
  expect(await statuses(1)).toEqual([200]);
});

const control = async (method: string, body?: JsonObject) => {
  const answer = await fetch(`${google.sandbox.url}/sandbox/faults`, { method, body: body && JSON.stringify(body) });
  return { status: answer.status, json: (await answer.json()) as JsonObject };
};

test("they can be arranged from outside, seen and taken back", async () => {
  expect(await control("POST", { match: "getPolicy", fail: 503, times: 3 })).toEqual({
    status: 200,
    json: { faults: [{ match: "getPolicy", fail: 503, times: 3, skip: 0 }] },
  });
  expect(await statuses(1)).toEqual([503]);
  expect((await control("GET")).json).toMatchObject({ faults: [{ times: 2 }] });
  await control("DELETE");
  expect(await statuses(1)).toEqual([200]);
});

test.each<JsonObject>([
  {},
  { match: "x" },
  { match: "(", fail: 503 },
  { match: "x", fail: 200 },
  { match: "x", fail: "OK" },
  { match: "x", fail: 503, times: -1 },
  { match: "x", fail: 503, skip: 0.5 },
])("%j is no fault", async (body) => {
  expect((await control("POST", body)).status).toBe(400);
  expect((await control("GET")).json).toEqual({ faults: [] });
});

test("the history names method, principal and body", async () => {
  const who = "serviceAccount:ci@demo-project.iam.gserviceaccount.com";
  await call(google.sandbox, `PUT binaryauthorization/v1/${POLICY}?x=1`, { description: "mine" }, who);
  expect(google.sandbox.requests).toMatchObject([
    {
      verb: "PUT",
      path: `/binaryauthorization/v1/${POLICY}`,
      query: { x: "1" },
      method: "binaryauthorization.projects.updatePolicy",
      principal: who,
      body: { description: "mine" },
      status: 403,
      error: expect.stringContaining("binaryauthorization.policy.update"),
    },
  ]);
  expect(JSON.stringify(google.sandbox.requests)).not.toContain(tokenFor(who));
  const shown = (await (await fetch(`${google.sandbox.url}/sandbox/requests`)).json()) as JsonObject;
  expect((shown.requests as unknown[]).length).toBe(2);
});
