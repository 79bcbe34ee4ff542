import {
  ARTIFACT_REGISTRY_IMAGE_FORM,
  parseArtifactRegistryImage,
  parseImageReference,
} from "../../lib/vocabulary/image-reference";

const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;

describe("image names as a pod writes them", () => {
  // Source of the grammar: https://github.com/distribution/reference
  test.each([
    ["nginx", { repository: "nginx" }],
    ["nginx:1.27", { repository: "nginx", tag: "1.27" }],
    [`nginx@${DIGEST}`, { repository: "nginx", digest: DIGEST }],
    [`gcr.io/p/app:v1@${DIGEST}`, { repository: "gcr.io/p/app", tag: "v1", digest: DIGEST }],
    ["localhost:5000/app", { repository: "localhost:5000/app" }],
    ["localhost:5000/app:v1", { repository: "localhost:5000/app", tag: "v1" }],
    ["Example.com/app", { repository: "Example.com/app" }],
    [
      "us-central1-docker.pkg.dev/p/r/team/app_one:x",
      {
        repository: "us-central1-docker.pkg.dev/p/r/team/app_one",
        tag: "x",
      },
    ],
  ])("%s", (image, expected) => {
    expect(parseImageReference(image)).toEqual({ tag: undefined, digest: undefined, ...expected });
  });

  test.each([
    "",
    "UPPER",
    "gcr.io/p/App",
    "gcr.io/p/app:",
    "gcr.io/p/app@sha256:abc",
    `gcr.io/p/app@${DIGEST.toUpperCase()}`,
    `gcr.io/p/app@sha512:${"a".repeat(128)}`,
    `gcr.io/p/app@${DIGEST}@${DIGEST}`,
    "gcr.io/p/app:v1:v2",
    "gcr.io//app",
    "https://gcr.io/p/app",
    "gcr.io/p/app ",
    `gcr.io/p/app:${"t".repeat(129)}`,
  ])("%j is none", (image) => {
    expect(parseImageReference(image)).toBeUndefined();
  });
});

describe("image paths in Artifact Registry", () => {
  test.each([
    [
      "us-central1-docker.pkg.dev/my-project/my-repo/my-app",
      { location: "us-central1", project: "my-project", repositoryId: "my-repo", image: "my-app" },
    ],
    [
      "europe-docker.pkg.dev/my-project/images/team/app",
      { location: "europe", project: "my-project", repositoryId: "images", image: "team/app" },
    ],
    [
      "us-docker.pkg.dev/my-project/releases/one/two/three",
      { location: "us", project: "my-project", repositoryId: "releases", image: "one/two/three" },
    ],
    [
      "us-central1-docker.pkg.dev/example.com/my-project/my-repo/my-app",
      { location: "us-central1", project: "example.com:my-project", repositoryId: "my-repo", image: "my-app" },
    ],
  ])("%s", (path, expected) => {
    expect(parseArtifactRegistryImage(path)).toEqual(expected);
  });

  test.each([
    "",
    "nginx",
    "gcr.io/my-project/app",
    "docker.pkg.dev/my-project/my-repo/app",
    "us-central1-docker.pkg.dev/my-project/app",
    "us-central1-docker.pkg.dev/my-project/my-repo/app:v1",
    `us-central1-docker.pkg.dev/my-project/my-repo/app@${DIGEST}`,
    "https://us-central1-docker.pkg.dev/my-project/my-repo/app",
    "us-central1-docker.pkg.dev.example.com/my-project/my-repo/app",
    "us-central1-python.pkg.dev/my-project/my-repo/app",
    "us-central1-docker.pkg.dev/P/my-repo/app",
    "us-central1-docker.pkg.dev/my-project/My-Repo/app",
  ])("%j is none", (path) => {
    expect(parseArtifactRegistryImage(path)).toBeUndefined();
  });
});

test("hostile text is answered at all: no character can be read in two ways", () => {
  // With an ambiguous separator each of these would take longer than the universe has.
  for (const text of [
    `x.io/${"a-".repeat(200)}a!`,
    `${"a.".repeat(200)}!`,
    `${"a__".repeat(200)}!`,
    `${"-".repeat(400)}!`,
  ]) {
    expect(parseImageReference(text)).toBeUndefined();
    expect(parseArtifactRegistryImage(`us-central1-docker.pkg.dev/my-project/my-repo/${text}`)).toBeUndefined();
  }
});

test("the form of an image path that messages name is the one that is read", () => {
  const [form, rest] = ARTIFACT_REGISTRY_IMAGE_FORM.split(", ");
  const path = form
    .replace("LOCATION", "us-central1")
    .replace("PROJECT", "my-project")
    .replace("REPOSITORY", "apps")
    .replace("IMAGE", "web");
  expect(parseArtifactRegistryImage(path)).toEqual({
    location: "us-central1",
    project: "my-project",
    repositoryId: "apps",
    image: "web",
  });
  expect(rest).toBe("without tag and digest");
  expect(parseArtifactRegistryImage(`${path}:v1`)).toBeUndefined();
  expect(parseArtifactRegistryImage(`${path}@${DIGEST}`)).toBeUndefined();
});
