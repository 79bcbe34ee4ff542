import { existsSync } from "node:fs";
import { join } from "node:path";
import { objectsOf } from "../../lib/workloads/documents";
import { manifestFiles } from "../../lib/workloads/files";
import { type Pod, podOf } from "../../lib/workloads/pods";
import { ask, attest, DEFAULT } from "../admission/support";
import { describeUnless } from "../support/terraform";

// Manifests that nobody here wrote, in the folder `manifests` of BINAUTHZ_REFERENCE; they are not part of this repository.
// The images were listed by eye, in the order of the file; `init` marks an init container.

interface RealManifest {
  readonly file: string;
  readonly repository: string;
  readonly path: string;
  readonly commit: string;
  readonly images: readonly string[];
  readonly workloads: readonly string[];
}

const BOUTIQUE = "us-central1-docker.pkg.dev/online-boutique-ci/microservices-demo";
const BUSYBOX = "busybox:1.38.0@sha256:fd8d9aa63ba2f0982b5304e1ee8d3b90a210bc1ffb5314d980eb6962f1a9715d";
const CONTROLLER =
  "registry.k8s.io/ingress-nginx/controller:v1.15.1@sha256:594ceea76b01c592858f803f9ff4d2cb40542cae2060410b2c95f75907d659e1";
const CERTGEN =
  "registry.k8s.io/ingress-nginx/kube-webhook-certgen:v1.6.9@sha256:01038e7de14b78d702d2849c3aad72fd25903c4765af63cf16aa3398f5d5f2dd";

const DEMO = {
  repository: "GoogleCloudPlatform/microservices-demo",
  commit: "34ffea9175946982c3088ed84994fe6019ad6e92",
};
const ROLLOUTS = { repository: "argoproj/argo-rollouts", commit: "9f8d111d8f8e3e88b6d7f8bbdf62fd3cd863ef9d" };
const INGRESS = { repository: "kubernetes/ingress-nginx", commit: "dbb11b92ddb77bee9c35e462479129354c84f939" };
const EXAMPLES = { repository: "kubernetes/examples", commit: "279e8e4fe314f6cb7bc55fa3fbc21bbeaa48c0ea" };

const MANIFESTS: readonly RealManifest[] = [
  {
    ...DEMO,
    file: "boutique.yaml",
    path: "release/kubernetes-manifests.yaml",
    images: [
      `${BOUTIQUE}/frontend:v0.10.6`,
      `${BOUTIQUE}/adservice:v0.10.6`,
      `${BOUTIQUE}/currencyservice:v0.10.6`,
      `${BOUTIQUE}/cartservice:v0.10.6`,
      "redis:alpine",
      `init ${BUSYBOX}`,
      `${BOUTIQUE}/loadgenerator:v0.10.6`,
      `${BOUTIQUE}/recommendationservice:v0.10.6`,
      `${BOUTIQUE}/checkoutservice:v0.10.6`,
      `${BOUTIQUE}/emailservice:v0.10.6`,
      `${BOUTIQUE}/paymentservice:v0.10.6`,
      `${BOUTIQUE}/shippingservice:v0.10.6`,
      `${BOUTIQUE}/productcatalogservice:v0.10.6`,
    ],
    workloads: Array(12).fill("Deployment"),
  },
  {
    ...DEMO,
    file: "loadgenerator.yaml",
    path: "kubernetes-manifests/loadgenerator.yaml",
    images: [`init ${BUSYBOX}`, "loadgenerator"],
    workloads: ["Deployment"],
  },
  {
    ...ROLLOUTS,
    file: "rollout-canary.yaml",
    path: "examples/rollout-canary.yaml",
    images: ["argoproj/rollouts-demo:blue"],
    workloads: ["Rollout"],
  },
  {
    ...INGRESS,
    file: "ingress-nginx.yaml",
    path: "deploy/static/provider/baremetal/deploy.yaml",
    images: [CONTROLLER, CERTGEN, CERTGEN],
    workloads: ["Deployment", "Job", "Job"],
  },
  {
    ...EXAMPLES,
    file: "cassandra.yaml",
    path: "databases/cassandra/cassandra-statefulset.yaml",
    images: ["gcr.io/google-samples/cassandra:v14"],
    workloads: ["StatefulSet"],
  },
  {
    ...EXAMPLES,
    file: "guestbook.yaml",
    path: "web/guestbook/all-in-one/guestbook-all-in-one.yaml",
    images: [
      "registry.k8s.io/redis:e2e",
      "gcr.io/google_samples/gb-redisslave:v1",
      "gcr.io/google-samples/gb-frontend:v5",
    ],
    workloads: ["Deployment", "Deployment", "Deployment"],
  },
];

const reference = process.env.BINAUTHZ_REFERENCE;
const folder = reference === undefined ? undefined : join(reference, "manifests");
const missing =
  folder === undefined || !existsSync(folder)
    ? "BINAUTHZ_REFERENCE names no folder with manifests of others"
    : undefined;

describeUnless(missing, "manifests that others wrote", () => {
  const podsOf = (file: string): Pod[] =>
    [...manifestFiles(join(folder as string, file))].flatMap((manifest) =>
      [...objectsOf(manifest)].flatMap((object) => {
        const read = podOf(object);
        return "pod" in read ? [read.pod] : [];
      }),
    );

  test.each(MANIFESTS)("the images of $repository, $path", ({ file, images, workloads }) => {
    const pods = podsOf(file);
    const shown = pods.flatMap((pod) =>
      pod.images.map(({ image, kind }) => (kind === "init" ? `init ${image}` : image)),
    );
    expect([...shown].sort()).toEqual([...images].sort());
    expect(pods.map(({ workload }) => workload?.kind)).toEqual(workloads);
  });

  test("all of the folder at once is the sum of its files", () => {
    const names = new Set(MANIFESTS.map(({ file }) => file));
    const all = [...manifestFiles(folder as string)].filter(({ source }) =>
      names.has(source.split(/[\\/]/).pop() as string),
    );
    expect(all).toHaveLength(MANIFESTS.length);
  });

  test("a policy that requires attestations denies what is not written with a digest, and admits what is attested", () => {
    const decide = (pod: Pod, evidence: Parameters<typeof ask>[0]["evidence"]) =>
      ask({ images: pod.images.map(({ image }) => image), target: DEFAULT, evidence });
    for (const { file } of MANIFESTS.filter((one) => one.file !== "ingress-nginx.yaml")) {
      for (const pod of podsOf(file)) {
        expect(decide(pod, [attest(`docker.io/library/${BUSYBOX}`)]).verdict).toBe("denied");
      }
    }
    const ingress = podsOf("ingress-nginx.yaml");
    const attested = [attest(CONTROLLER), attest(CERTGEN)];
    expect(ingress.map((pod) => decide(pod, []).verdict)).toEqual(["denied", "denied", "denied"]);
    expect(ingress.map((pod) => decide(pod, [attested[0]]).verdict)).toEqual(["admitted", "denied", "denied"]);
    expect(ingress.map((pod) => decide(pod, attested).verdict)).toEqual(["admitted", "admitted", "admitted"]);
  });
});
