import { readEntries } from "../../lib/audit/entries";
import { ReadError } from "../../lib/trust/read-error";
import ENTRIES from "../fixtures/audit-log-entries.json";

const POD = ENTRIES["pod admitted"];
const read = (...texts: readonly string[]) =>
  readEntries(texts.map((text, index) => ({ source: `${index}.json`, text })));
const one = (change: object) => JSON.stringify([{ ...POD, ...change }]);

test.each([
  ["a list", JSON.stringify([POD, POD])],
  ["lines", `${JSON.stringify(POD)}\n\n${JSON.stringify(POD)}\n`],
  ["lines of Windows", `${JSON.stringify(POD)}\r\n${JSON.stringify(POD)}\r\n`],
  ["an answer of the API", JSON.stringify({ entries: [POD, POD] })],
])("reads %s", (_, text) => {
  expect(read(text).entries.map(({ audit }) => audit?.method)).toEqual([
    "io.k8s.core.v1.pods.create",
    "io.k8s.core.v1.pods.create",
  ]);
});

test("reads one entry, and none", () => {
  expect(read(JSON.stringify(POD, null, 2)).entries).toHaveLength(1);
  expect(read("[]")).toEqual({ entries: [], duplicates: 0 });
});

test("an entry that is no audit log is read and says nothing", () => {
  const { entries } = read(one({ protoPayload: undefined, textPayload: "hello" }));
  expect(entries[0].audit).toBeUndefined();
  const request = { "@type": "type.googleapis.com/google.appengine.logging.v1.RequestLog", method: "GET" };
  expect(read(one({ protoPayload: request })).entries[0].audit).toBeUndefined();
});

test.each([
  ["2026-11-02T09:00:00Z", "2026-11-02T09:00:00.000000000Z"],
  ["2026-11-02T10:00:00.5+01:00", "2026-11-02T09:00:00.500000000Z"],
  ["2026-11-01T23:30:00.123456789-09:30", "2026-11-02T09:00:00.123456789Z"],
])("the time %s", (timestamp, time) => {
  expect(read(one({ timestamp })).entries[0].time).toBe(time);
});

test("what two files have is read once; without an insertId nothing is the same", () => {
  const a = one({ insertId: "a" });
  const other = one({ insertId: "a", logName: "projects/other/logs/cloudaudit.googleapis.com%2Factivity" });
  expect(read(a, a, other)).toMatchObject({
    entries: [{ owner: "my-secure-project" }, { owner: "other" }],
    duplicates: 1,
  });
  expect(read(one({}), one({})).entries).toHaveLength(2);
});

const FORM = "what gcloud logging read --format=json prints, or one entry on each line";

test.each([
  ["", `0.json: is empty; allowed: ${FORM}; for no entries that is []`],
  ["hello\n\n", "0.json, line 1: is no JSON; allowed: one JSON document"],
  ["---\ninsertId: a\n", "0.json, line 1: is no JSON; allowed: one JSON document"],
  ['[\n{"a":1},\n', /^0\.json, line \d: is no JSON; allowed: one JSON document$/],
  ['"text"', `0.json: has no log entries, got "text"; allowed: ${FORM}`],
  ["[1]", `0.json, entry 1: is no log entry, got 1; allowed: ${FORM}`],
  [`${JSON.stringify(POD)}\n{"a"`, `0.json, line 2: is no JSON; allowed: ${FORM}`],
  [`${JSON.stringify(POD)}\n[]`, `0.json, line 2: is no log entry, got a list of 0; allowed: ${FORM}`],
  ['{"entries": 1}', `0.json: "entries" is no list, got 1; allowed: ${FORM}`],
  [
    '{"entries": [], "nextPageToken": "x"}',
    "0.json: is one page of several; allowed: all entries, as gcloud prints them",
  ],
  ["{}", `0.json, entry 1: is no log entry: it has no "logName"; allowed: ${FORM}`],
  [
    one({ logName: "x" }),
    '0.json, entry 1: "logName" is not the name of a log, got "x"; allowed: projects/PROJECT/logs/LOG',
  ],
  [
    one({ timestamp: "yesterday" }),
    '0.json, entry 1: "timestamp" is no time, got "yesterday"; allowed: a time such as 2026-11-02T09:00:00Z',
  ],
  [one({ timestamp: "2026-13-02T09:00:00Z" }), /"timestamp" is no time, got "2026-13-02T09:00:00Z"/],
  [one({ timestamp: undefined }), /"timestamp" is no time; allowed/],
  [
    one({ resource: undefined }),
    '0.json, entry 1: "resource" is missing; allowed: whole entries, as Cloud Logging writes them',
  ],
  [one({ labels: { a: 1 } }), '0.json, entry 1: "labels" has a value that is no text, at "a", got 1; allowed: texts'],
  [one({ labels: [] }), /"labels" is no object, got a list of 0/],
  [one({ protoPayload: "x" }), /"protoPayload" is no object, got "x"/],
  [one({ protoPayload: { ...POD.protoPayload, methodName: 7 } }), /"protoPayload\.methodName" is no text, got 7/],
  [one({ protoPayload: { ...POD.protoPayload, methodName: undefined } }), /"protoPayload\.methodName" is missing/],
  [one({ protoPayload: { ...POD.protoPayload, response: "x" } }), /"protoPayload\.response" is no object, got "x"/],
  [
    one({ protoPayload: { ...POD.protoPayload, authenticationInfo: { principalEmail: {} } } }),
    /principalEmail" is no text/,
  ],
])("%s is not read", (text, message) => {
  const attempt = () => read(text);
  expect(attempt).toThrow(ReadError);
  expect(attempt).toThrow(typeof message === "string" ? new Error(message) : message);
});
