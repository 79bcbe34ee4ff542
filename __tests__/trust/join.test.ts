// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references as Terraform writes them

import { join } from "../../lib/trust/join";
import {
  type Attestor,
  type Cluster,
  EMPTY_MODEL,
  hidden,
  known,
  type Origin,
  type Power,
  type TrustModel,
  UNKNOWN,
  type Value,
} from "../../lib/trust/model";
import { ConflictError } from "../../lib/trust/read-error";
import { plain, readError } from "./support";

const EMPTY = EMPTY_MODEL;
const A: Origin = { source: "a.json", address: "x.a" };
const B: Origin = { source: "b.yaml" };

const cluster = (evaluationMode: Value<string>, origin: Origin, name = "c"): TrustModel => ({
  ...EMPTY,
  clusters: [{ project: "p", location: "l", name, evaluationMode, origin } satisfies Cluster],
});

test("different things stay apart, equal ones become one", () => {
  const [one, two] = [cluster(known("DISABLED"), A), cluster(known("DISABLED"), B, "d")];
  expect(join([one, two]).clusters).toEqual([...one.clusters, ...two.clusters]);
  expect(join([one, cluster(known("DISABLED"), B)])).toEqual(one);
  expect(join([])).toEqual(EMPTY);
});

test.each([
  ["hidden", hidden("${x}")],
  ["unknown", UNKNOWN],
])("what one source knows is taken where it is %s in the other", (_, open) => {
  for (const models of [
    [cluster(open, A), cluster(known("DISABLED"), B)],
    [cluster(known("DISABLED"), A), cluster(open, B)],
  ]) {
    expect(join(models).clusters).toEqual(cluster(known("DISABLED"), A).clusters);
  }
});

test("what nobody knows stays so", () => {
  expect(join([cluster(hidden("${x}"), A), cluster(UNKNOWN, B)]).clusters[0].evaluationMode).toEqual(hidden("${x}"));
});

test("a contradiction is an error that names both", () => {
  const read = () => join([cluster(known("DISABLED"), A), cluster(known("ENFORCED"), B)]);
  expect(readError(read)).toBe(
    "a.json: cluster projects/p/locations/l/clusters/c is there twice, and a.json, x.a and b.yaml contradict each other in its evaluationMode; allowed: one description of each thing, or several that agree",
  );
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(ConflictError);
    expect(error).toMatchObject({ subject: "cluster projects/p/locations/l/clusters/c", origins: [A, B] });
  }
});

const attestor = (ids: Value<string>[], material: string | undefined, origin: Origin): TrustModel => ({
  ...EMPTY,
  attestors: [
    {
      name: "projects/p/attestors/a",
      noteName: known("projects/p/notes/n"),
      publicKeys: known(
        ids.map((id) => ({
          id,
          type: "pkix" as const,
          material: material === undefined ? UNKNOWN : known({ format: "unverified" as const, text: material }),
          algorithm: known("ECDSA_P256_SHA256"),
        })),
      ),
      origin,
    } satisfies Attestor,
  ],
});

test("keys are matched by their ids, in any order, and their material is taken from who knows it", () => {
  const joined = join([attestor([known("1"), known("2")], undefined, A), attestor([known("2"), known("1")], "PEM", B)]);
  expect(plain(joined.attestors)).toMatchObject([
    { publicKeys: [{ id: "1", material: { text: "PEM" } }, { id: "2" }], origin: A },
  ]);
});

test("a key more is a contradiction, and so is another one", () => {
  const message = (ids: string[]) =>
    readError(() => join([attestor([known("1")], "PEM", A), attestor(ids.map(known), "PEM", B)]));
  expect(message(["1", "2"])).toContain("contradict each other in its publicKeys;");
  expect(message(["2"])).toContain("contradict each other in its publicKeys.id;");
});

test("two things of which the names are not known are two", () => {
  const nameless = (origin: Origin) => cluster(known("DISABLED"), origin, "${x.a.name}");
  expect(join([nameless(A), nameless(B)]).clusters).toHaveLength(2);
  expect(join([nameless(A), nameless(A)]).clusters).toHaveLength(1);
});

test("a power is held once, however often it is given; what is not known may be several", () => {
  const power = (principal: Value<string>, origin: Origin): TrustModel => ({
    ...EMPTY,
    powers: [{ kind: "sign", principal, role: known("r"), on: known("k"), conditional: false, origin } satisfies Power],
  });
  expect(join([power(known("user:a"), A), power(known("user:a"), B)]).powers).toHaveLength(1);
  expect(join([power(UNKNOWN, A), power(UNKNOWN, B)]).powers).toHaveLength(2);
});
