import fc from "fast-check";
import { decodeBase64, readPayload } from "../../lib/admission";
import { memoized } from "../../lib/admission/memo";
import { check } from "../support/property";
import { DIGEST } from "./support";

const bytes = (text: string) => new TextEncoder().encode(text);
const payload = (image: string) => `{"critical":{"image":${image}}}`;
const good = payload(`{"docker-manifest-digest":"${DIGEST}"}`);

describe("base64", () => {
  test("G3: both alphabets, with and without padding", () => {
    check(fc.uint8Array({ maxLength: 200 }), (data) => {
      const buffer = Buffer.from(data);
      const [standard, url] = [buffer.toString("base64"), buffer.toString("base64url")];
      const forms = [standard, standard.replace(/=+$/, ""), url, url.padEnd(standard.length, "=")];
      expect(forms.map((text) => Buffer.from(decodeBase64(text, 200) as Uint8Array))).toEqual(forms.map(() => buffer));
    });
  });

  test.each([
    ["mixed alphabets", "-_+/"],
    ["white space", "AAAA AAAA"],
    ["a line break at the end", "AAAA\n"],
    ["one digit too many", "AAAAA"],
    ["too little padding", "AA="],
    ["too much padding", "AAA=="],
    ["padding after complete groups", "AAAA=="],
    ["nothing but padding", "=="],
    ["padding in between", "AA==AAAA"],
    ["bits that encode nothing", "AB=="],
    ["other characters", "AAA$"],
    ["look-alikes", "АААА"],
    ["a number", 12],
    ["nothing", undefined],
    ["an object", { length: 4 }],
  ])("refused: %s", (_, text) => {
    expect(decodeBase64(text, 100)).toBeUndefined();
  });

  test("refused: more than allowed, before it is decoded", () => {
    expect(decodeBase64("AAAA", 3)).toHaveLength(3);
    expect(decodeBase64("AAAAAAAA", 3)).toBeUndefined();
    expect(decodeBase64("AAAA", 2)).toBeUndefined();
    expect(decodeBase64("A".repeat(1 << 26), 64 * 1024)).toBeUndefined();
  });
});

describe("payloads", () => {
  test.each([
    ["compact", good],
    ["white space", `\r\n ${JSON.stringify(JSON.parse(good), null, "\t")}\n`],
    ["other keys", `{"x":[{"critical":1},{"a":{"a":1}},true,null,1e9,"{[:\\"]"],${good.slice(1)}`],
    ["escaped keys", good.replace("critical", "\\u0063ritical")],
    ["a harmless __proto__", `{"__proto__":{"critical":1},${good.slice(1)}`],
  ])("read: %s", (_, text) => {
    expect(readPayload(bytes(text))).toEqual({ ok: true, digest: DIGEST });
  });

  test("critical.type is read where it is a text", () => {
    expect(readPayload(bytes(`{"critical":{"type":"T",${good.slice(13)}`))).toEqual({
      ok: true,
      digest: DIGEST,
      type: "T",
    });
    expect(readPayload(bytes(`{"critical":{"type":7,${good.slice(13)}`))).toEqual({ ok: true, digest: DIGEST });
  });

  test.each([
    ["is not JSON", "hello\n"],
    ["is not JSON", ""],
    ["is not JSON", `${good},`],
    ["is not JSON", `\uFEFF${good}`],
    ["is not JSON", good.slice(0, -1)],
    ["is not JSON", "[".repeat(30_000)],
    ["is nested more than 32 deep", `${"[".repeat(30_000)}${"]".repeat(30_000)}`],
    ["is nested more than 32 deep", `{"x":${'{"a":'.repeat(32)}1${"}".repeat(32)},${good.slice(1)}`],
    ["has a key twice", `{"critical":{"image":{"docker-manifest-digest":"x"}},${good.slice(1)}`],
    ["has a key twice", payload(`{"docker-manifest-digest":"${DIGEST}","docker-manifest-digest":"${DIGEST}"}`)],
    ["has a key twice", payload(`{"docker-manifest-digest":"x","docker\\u002dmanifest-digest":"${DIGEST}"}`)],
    ["has no digest", "null"],
    ["has no digest", "7"],
    ["has no digest", '"critical"'],
    ["has no digest", "[]"],
    ["has no digest", `[${good}]`],
    ["has no digest", `{"__proto__":${good}}`],
    ["has no digest", `{"critical":{"__proto__":{"image":{"docker-manifest-digest":"${DIGEST}"}}}}`],
    ["has no digest", good.replace("critical", "сritical")],
    ["has no digest", good.replace("critical", "Critical")],
    ["has no digest", payload(`[{"docker-manifest-digest":"${DIGEST}"}]`)],
    ["has no digest", payload(`{"docker-manifest-digest":["${DIGEST}"]}`)],
    ["has no digest", payload(`{"docker-manifest-digest":"${DIGEST} "}`)],
    ["has no digest", payload(`{"docker-manifest-digest":"${DIGEST.toUpperCase()}"}`)],
  ])("%s: %p", (error, text) => {
    const content = readPayload(bytes(text));
    expect(content).toEqual({ ok: false, error: expect.stringContaining(error) });
  });

  test("is not UTF-8", () => {
    expect(readPayload(Uint8Array.of(0xff, 0xfe))).toEqual({ ok: false, error: "is not UTF-8" });
  });

  test("every JSON without a repeated key is read as JSON.parse reads it", () => {
    check(fc.json({ maxDepth: 5 }), (json) => {
      const content = readPayload(bytes(`{"x":${json},${good.slice(1)}`));
      expect(content).toEqual({ ok: true, digest: DIGEST });
    });
  });
});

describe("what is remembered", () => {
  test("it is the result of this very text, whatever was asked before", () => {
    // Few places, and texts that differ in one character only: most of them meet.
    const memo = memoized({ entries: 4, keyLength: 40 }, (key) => `of ${key}`);
    const texts = Array.from({ length: 50 }, (_, index) => "x".repeat(index) + "y".repeat(50 - index));
    check(fc.array(fc.oneof(fc.constantFrom(...texts), fc.string()), { maxLength: 20 }), (asked) => {
      for (const text of asked) expect(memo(text)).toBe(`of ${text}`);
    });
  });

  test("what was asked last is not computed again, also where it is undefined; a long key is", () => {
    const computed: string[] = [];
    const memo = memoized({ entries: 2, keyLength: 3 }, (key): string | undefined => {
      computed.push(key);
      return key === "b" ? undefined : key;
    });
    // Two generations of one result each.
    for (const key of ["a", "b", "a", "b", "c", "b", "a", "c", "long", "long"]) memo(key);
    expect(computed).toEqual(["a", "b", "c", "a", "long", "long"]);
  });
});
