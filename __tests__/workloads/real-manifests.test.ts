import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { objectsOf } from "../../lib/workloads/documents";
import { manifestFiles } from "../../lib/workloads/files";
import { podOf } from "../../lib/workloads/pods";
import { ATTESTORS, attest, binauthz, POLICY, PROJECT, scratch } from "../cli/support";

// Manifests that nobody here wrote: __tests__/fixtures/README.md says whose they are. What is in them was listed by eye, in the
// order of the file.

interface RealManifest {
  readonly file: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly container: string;
  readonly image: string;
}

const MANIFESTS: readonly RealManifest[] = [
  {
    file: "kopf.yaml",
    kind: "Deployment",
    name: "kopfexample-operator",
    container: "the-only-one",
    image: "nolar/kopf-operator",
  },
  { file: "kr8s.yaml", kind: "Pod", name: "nginx", container: "nginx", image: "nginx:stable" },
  {
    file: "kube-hunter.yaml",
    kind: "Job",
    name: "kube-hunter",
    container: "kube-hunter",
    image: "aquasec/kube-hunter",
  },
  {
    file: "prefect.yaml",
    kind: "Deployment",
    namespace: "kube-system",
    name: "cluster-autoscaler",
    container: "cluster-autoscaler",
    image: "k8s.gcr.io/autoscaling/cluster-autoscaler:v1.22.2",
  },
  {
    file: "skypilot-daemonset.yaml",
    kind: "DaemonSet",
    name: "fusermount-server",
    container: "server",
    image: "berkeleyskypilot/fusermount-server:latest",
  },
  {
    file: "skypilot-job.yaml",
    kind: "Job",
    namespace: "kube-system",
    name: "sky-gpu-labeler",
    container: "gpu-labeler",
    image: "us-central1-docker.pkg.dev/skypilot-375900/skypilotk8s/skypilot-gpu:latest",
  },
];

const FOLDER = join(__dirname, "../fixtures/manifests");
/** A digest of its own for each image: what is attested of one says nothing of another. */
const digestOf = (image: string) => `sha256:${createHash("sha256").update(image).digest("hex")}`;

/** The same image, as somebody who pins it would write it. */
const pinned = (image: string, digest = digestOf(image)) => `${image.replace(/:[^/:]+$/, "")}@${digest}`;

test("every manifest of the folder is listed", () => {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith(".yaml"));
  expect(files).toEqual(MANIFESTS.map(({ file }) => file));
});

test.each(MANIFESTS)("$file: $kind $name", ({ file, kind, namespace, name, container, image }) => {
  const pods = [...manifestFiles(join(FOLDER, file))].flatMap((manifest) =>
    [...objectsOf(manifest)].flatMap((object) => {
      const read = podOf(object);
      return "pod" in read ? [read.pod] : [];
    }),
  );
  expect(pods).toHaveLength(1);
  expect(pods[0]).toMatchObject({
    workload: { kind, name },
    images: [{ container, image }],
  });
  expect(pods[0].namespace).toBe(namespace);
});

describe("binauthz admit", () => {
  const { write } = scratch();
  const policy = write("policy.yaml", POLICY);
  const attestors = write("attestors.json", ATTESTORS);
  const attestations = write(
    "attestations.json",
    // The name counts for nothing, the digest alone.
    MANIFESTS.map(({ image }) => attest(`us-docker.pkg.dev/${PROJECT}/mirror/image@${digestOf(image)}`)),
  );
  const admit = async (path: string) => {
    const from = ["--from", policy, "--attestors", attestors, "--attestations", attestations];
    const { code, out, err } = await binauthz([
      "admit",
      ...from,
      "--target",
      "us-central1-a.prod",
      "-f",
      path,
      "--format",
      "json",
    ]);
    expect(err).toBe("");
    return { code, ...JSON.parse(out) };
  };

  test("of the whole folder: every image is a tag, and is denied", async () => {
    const { code, decisions, summary } = await admit(FOLDER);
    expect(code).toBe(2);
    expect(decisions).toHaveLength(MANIFESTS.length);
    expect(summary.deniedByTag).toBe(MANIFESTS.length);
  });

  test.each(MANIFESTS)("$file is admitted when its image is pinned to what is attested", async ({ file, image }) => {
    const text = readFileSync(join(FOLDER, file), "utf8");
    expect(text.split(image)).toHaveLength(2);
    const { code, summary } = await admit(write(`pinned/${file}`, text.replace(image, pinned(image))));
    expect([code, summary.admitted]).toEqual([0, 1]);
    const other = text.replace(image, pinned(image, digestOf("another image")));
    expect(await admit(write(`other/${file}`, other))).toMatchObject({ code: 2, summary: { unsigned: 1 } });
  });
});
