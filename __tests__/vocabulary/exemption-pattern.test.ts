import fc from "fast-check";
import { SystemImages } from "../../lib";
import {
  EXEMPTION_PATTERN_FORM,
  exemptionCoversRepository,
  exemptionMatches,
  exemptionPatternDoubt,
  exemptionPatternError,
  exemptionReachesBelow,
} from "../../lib/vocabulary/exemption-pattern";
import { automatonAccepts } from "../support/pattern-automaton";
import { check } from "../support/property";

const DIGEST = `sha256:${"7".repeat(64)}`;

// "policy" is https://docs.cloud.google.com/binary-authorization/docs/policy-yaml-reference; "v1beta1" are the comments of
// https://github.com/googleapis/googleapis/blob/master/google/cloud/binaryauthorization/v1beta1/resources.proto; "log" was
// seen in a public audit log. Cases without a source are ours.
const CASES: [pattern: string, image: string, matches: boolean, source?: string][] = [
  ["gcr.io/my-project/nginx*", "gcr.io/my-project/nginx:latest", true, "policy"],
  ["gcr.io/my-project/nginx*", "gcr.io/my-project/nginx-images/nginx", false, "policy"],
  ["gcr.io/my-project/nginx**", "gcr.io/my-project/nginx-1.14.2/image:latest", true, "policy"],
  ["gcr.io/my-project**", "gcr.io/my-project/nginx", true, "policy"],
  ["gcr.io/my-project**", "gcr.io/my-project-exploit/nginx-exploit", true, "policy"],
  ["gcr.io/example-project/helloworld:v1.*", "gcr.io/example-project/helloworld:v1.3", true, "policy"],
  ["gcr.io/nginx*", "gcr.io/nginx@latest", true, "v1beta1"],
  ["gcr.io/nginx*", "gcr.io/nginx/image", false, "v1beta1"],
  ["gcr.io/nginx**", "gcr.io/nginx/image", true, "v1beta1"],
  ["nginx", "nginx", true, "log"],
  // Without a wildcard the whole string has to be equal, tag and digest included.
  ["quay.io/vendor/agent", "quay.io/vendor/agent", true],
  ["quay.io/vendor/agent", "quay.io/vendor/agent:latest", false],
  ["quay.io/vendor/agent", `quay.io/vendor/agent@${DIGEST}`, false],
  ["quay.io/vendor/agent:2.1", "quay.io/vendor/agent:2.1", true],
  ["quay.io/vendor/agent:2.1", "quay.io/vendor/agent:2.10", false],
  ["quay.io/vendor/agent:2.1", `quay.io/vendor/agent:2.1@${DIGEST}`, false],
  // A star goes to the end of the path segment, and covers the tag and the digest.
  ["quay.io/vendor/*", "quay.io/vendor/agent", true],
  ["quay.io/vendor/*", "quay.io/vendor/agent:2.1", true],
  ["quay.io/vendor/*", `quay.io/vendor/agent@${DIGEST}`, true],
  ["quay.io/vendor/*", "quay.io/vendor/tools/agent", false],
  ["quay.io/vendor/*", "quay.io/vendors/agent", false],
  ["quay.io/vendor/agent@*", `quay.io/vendor/agent@${DIGEST}`, true],
  ["quay.io/vendor/agent@*", "quay.io/vendor/agent:2.1", false],
  ["quay.io/vendor/agent:*", `quay.io/vendor/agent@${DIGEST}`, false],
  ["quay.io/vendor/agent:*", `quay.io/vendor/agent:2.1@${DIGEST}`, true],
  // Two stars go everywhere.
  ["quay.io/vendor/**", "quay.io/vendor/tools/agent:2.1", true],
  ["quay.io/vendor/**", "quay.io/vendor", false],
  // Names are compared as they are written: nothing is completed to docker.io/library.
  ["nginx", "docker.io/library/nginx", false],
  ["docker.io/library/nginx*", "nginx:latest", false],
  ["nginx:1.*", "nginx:1.27", true],
  ["nginx:1.*", "nginx:11", false],
];

describe("whether a pattern exempts an image", () => {
  test.each(CASES)("%s and %s: %s (%s)", (pattern, image, matches) => {
    expect(exemptionMatches(pattern, image)).toBe(matches);
  });

  test.each(CASES)("%s is inside the documented grammar", (pattern) => {
    expect(exemptionPatternError(pattern)).toBeUndefined();
  });
});

describe("the matcher against an automaton that was written from the documentation alone", () => {
  test.each(CASES)("the automaton knows the cases as well: %s and %s: %s", (pattern, image, matches) => {
    expect(automatonAccepts(pattern, image)).toBe(matches);
  });

  // Few characters, so that patterns and images often meet; those that are special somewhere.
  const ALPHABETS: [name: string, units: string[]][] = [
    ["of separators and stars", ["*", "/", "a"]],
    ["of image names", ["a", "b", "/", ".", ":", "@", "-", "*"]],
    ["of regular expressions", [".", "*", "?", "+", "[", "]", "(", "|", "^", "$", "\\", "/"]],
    ["of white space and ends of texts", ["\n", "\r", "\u2028", "\0", " ", "*", "/"]],
    ["of halves of characters and look-alikes", ["\ud83d", "\ude00", "é", "e", "\u0301", "\uff0f", "\u2044", "/", "*"]],
    ["of what text is replaced by", ["$&", "$1", "%2f", "%2F", "/", "*"]],
  ];

  test.each(ALPHABETS)("%s", (_, units) => {
    const text = (maxLength: number) =>
      fc.array(fc.constantFrom(...units), { maxLength }).map((parts) => parts.join(""));
    const stars = fc.constantFrom("", "*", "**", "***", "/*", "/**", "*/", "**/");
    const pair = fc
      .tuple(text(6), stars, text(6), fc.nat(12), fc.boolean())
      .map(([stem, ending, rest, cut, together]): [string, string] => [
        stem + ending,
        // Half of the images begin like the pattern, or with a part of it.
        together ? stem.slice(0, cut) + rest : rest,
      ]);
    let accepted = 0;
    check(pair, ([pattern, image]) => {
      const expected = automatonAccepts(pattern, image);
      accepted += expected ? 1 : 0;
      expect([pattern, image, exemptionMatches(pattern, image)]).toEqual([pattern, image, expected]);
    });
    expect(accepted).toBeGreaterThan(0);
  });

  test("every text of up to four characters against every pattern of up to four", () => {
    const units = ["a", "/", "*"];
    const all = [""];
    for (let from = 0, length = 0; length < 4; length += 1) {
      const to = all.length;
      for (; from < to; from += 1) {
        all.push(...units.map((unit) => all[from] + unit));
      }
    }
    const differing = all.flatMap((pattern) =>
      all
        .filter((image) => exemptionMatches(pattern, image) !== automatonAccepts(pattern, image))
        .map((image) => [pattern, image]),
    );
    expect(all).toHaveLength(121);
    expect(differing).toEqual([]);
  });
});

describe("whether a pattern exempts something that a pipeline pushes", () => {
  // Few and short parts, so that one name is often the beginning of another.
  const segment = fc.constantFrom("a", "ab", "abc", "b");
  const repository = fc
    .tuple(fc.constantFrom("x.io", "x.io/p"), fc.array(segment, { minLength: 1, maxLength: 3 }))
    .map(([host, path]) => [host, ...path].join("/"));
  const digests = [`sha256:${"0".repeat(64)}`, `sha256:${"1".repeat(64)}`];
  const imagesOf = (name: string): string[] => [
    name,
    ...["a", "ab", "v1"].flatMap((tag) => [`${name}:${tag}`, ...digests.map((digest) => `${name}:${tag}@${digest}`)]),
    ...digests.map((digest) => `${name}@${digest}`),
  ];
  const pattern = fc
    .tuple(repository, fc.nat(), fc.nat(), fc.constantFrom("", "*", "**"))
    .map(([name, which, cut, stars]) => {
      const images = imagesOf(name);
      const image = images[which % images.length];
      // Without a star a pattern is a whole name; with one it is any beginning after the registry.
      return stars === "" ? image : image.slice(0, 5 + (cut % (image.length - 4))) + stars;
    });

  test("is whether it exempts some image of the repository", () => {
    check(fc.tuple(pattern, repository), ([candidate, name]) => {
      const some = imagesOf(name).some((image) => exemptionMatches(candidate, image));
      expect([candidate, name, exemptionCoversRepository(candidate, name)]).toEqual([candidate, name, some]);
    });
  });

  test.each([
    ["us-central1-docker.pkg.dev/p/r/*", true],
    ["us-central1-docker.pkg.dev/p/**", true],
    ["us-central1-docker.pkg.dev/p/r/app", true],
    ["us-central1-docker.pkg.dev/p/r/app:v1", true],
    ["us-central1-docker.pkg.dev/p/r/app@*", true],
    ["us-central1-docker.pkg.dev/p/r/ap*", true],
    ["us-central1-docker.pkg.dev/p/*", false],
    ["us-central1-docker.pkg.dev/p/r/app-two*", false],
    ["us-central1-docker.pkg.dev/p/r/app/*", false],
    ["us-central1-docker.pkg.dev/p/r2/**", false],
  ])("%s: %s", (candidate, covers) => {
    expect(exemptionCoversRepository(candidate, "us-central1-docker.pkg.dev/p/r/app")).toBe(covers);
  });

  test("below a path, is whether it exempts an image of some repository there", () => {
    // The names that a shorter or equal one of the alphabet, or the pattern itself, can lead to.
    const below = (path: string, candidate: string): string[] => {
      const stem = candidate.replace(/\*+$/, "");
      return [...["a", "ab/b", "x.io/p/abc"].map((rest) => `${path}/${rest}`), stem, `${stem}a`].filter((image) =>
        image.startsWith(`${path}/`),
      );
    };
    let reached = 0;
    check(fc.tuple(pattern, repository), ([candidate, path]) => {
      const some = below(path, candidate).some((image) => automatonAccepts(candidate, image));
      reached += some ? 1 : 0;
      expect([candidate, path, exemptionReachesBelow(candidate, path)]).toEqual([candidate, path, some]);
    });
    expect(reached).toBeGreaterThan(0);
  });

  test.each([
    ["us-central1-docker.pkg.dev/p/**", true],
    ["us-central1-docker.pkg.dev/p/vet**", true],
    ["us-central1-docker.pkg.dev/p/vetted**", true],
    ["us-central1-docker.pkg.dev/p/vetted/**", true],
    ["us-central1-docker.pkg.dev/p/vetted/*", true],
    ["us-central1-docker.pkg.dev/p/vetted/docker.io/library/nginx@*", true],
    ["us-central1-docker.pkg.dev/p/vetted/docker.io/library/nginx:1.27", true],
    ["us-central1-docker.pkg.dev/p/*", false],
    ["us-central1-docker.pkg.dev/p/vetted*", false],
    ["us-central1-docker.pkg.dev/p/vetted", false],
    ["us-central1-docker.pkg.dev/p/vetted2/**", false],
    ["docker.io/library/nginx@*", false],
  ])("below a path: %s: %s", (candidate, reaches) => {
    expect(exemptionReachesBelow(candidate, "us-central1-docker.pkg.dev/p/vetted")).toBe(reaches);
  });
});

describe("what is outside the documented grammar", () => {
  test.each([
    ["", "is empty"],
    ["gcr.io/my project/*", "contains white space"],
    ["gcr.io/my-project/*\n", "contains white space"],
    [`gcr.io/\${var.project}/*`, "contains a character that no image name has"],
    ["gcr.io/müller/*", "contains a character that no image name has"],
    ['gcr.io/"p"/*', "contains a character that no image name has"],
    ["gcr.io/my-project/n*x", "has a wildcard that is not at the end"],
    ["gcr.io/*/app", "has a wildcard that is not at the end"],
    ["gcr.io/p/***", "has a wildcard that is not at the end"],
    ["*", "would exempt every image"],
    ["**", "would exempt every image"],
    ["gcr.io*", "has a wildcard in the registry part"],
    ["gcr.i*", "has a wildcard in the registry part"],
    ["us-central1-docker.pkg.dev**", "has a wildcard in the registry part"],
    ["gcr.io:443*", "has a wildcard in the registry part"],
    ["n**", "has a wildcard in the registry part"],
  ])("%j %s", (pattern, error) => {
    expect(exemptionPatternError(pattern)).toBe(error);
  });
});

test("the form that messages name holds for the wildcards it speaks of", () => {
  expect(EXEMPTION_PATTERN_FORM.match(/'[^']*'/g)).toEqual(["'*'", "'**'", "'/'"]);
  expect(exemptionMatches("gcr.io/p/*", "gcr.io/p/a")).toBe(true);
  expect(exemptionMatches("gcr.io/p/*", "gcr.io/p/a/b")).toBe(false);
  expect(exemptionMatches("gcr.io/p/**", "gcr.io/p/a/b")).toBe(true);
  expect(exemptionPatternError("gcr.io/p/app")).toBeUndefined();
});

describe("what is inside it, but says something else than it seems to", () => {
  test.each([
    ["gcr.io/p**", true],
    ["gcr.io/p/**", false],
    ["gcr.io/p/app", true],
    ["gcr.io/p/app*", false],
    ["gcr.io/p/app:v1", false],
    [`gcr.io/p/app@${DIGEST}`, false],
    ["nginx", true],
  ])("%s: %s", (pattern, doubtful) => {
    expect(exemptionPatternDoubt(pattern) !== undefined).toBe(doubtful);
  });
});

test("the documented system images are inside the grammar, and beyond doubt", () => {
  // https://docs.cloud.google.com/binary-authorization/docs/policy-yaml-reference
  expect(SystemImages.GKE_DOCUMENTED).toEqual([
    "gcr.io/google-containers/*",
    "k8s.gcr.io/**",
    "gke.gcr.io/**",
    "gcr.io/gke-release/asm/*",
    "gcr.io/stackdriver-agents/*",
  ]);
  for (const pattern of SystemImages.GKE_DOCUMENTED) {
    expect([exemptionPatternError(pattern), exemptionPatternDoubt(pattern)]).toEqual([undefined, undefined]);
  }
});
