import { REASON_NO_ATTESTATION, REASON_NO_DIGEST } from "../messages";
import type { Certainty, KnownContext, KnownMessage, Look, Wording } from "./types";

const LOGS = "messages that users pasted";
const OLD_LOGS = "audit logs of 2019";
const LIST: Look = {
  shows: "the attestations of this digest, with the id of the key that made each",
  command:
    "gcloud container binauthz attestations list --project={attestorProject} --attestor={attestor} --artifact-url={image} --flatten='attestation.signatures[]' --format='csv[no-heading](attestation.signatures.publicKeyId,resourceUri)'",
};
const DESCRIBE: Look = {
  shows: "the keys that the attestor trusts, with their ids",
  command: "gcloud container binauthz attestors describe {attestor}",
};
const POLICY: Look = {
  shows: "the policy as it is live, of the project that the cluster or service is in",
  command: "gcloud container binauthz policy export --project={project}",
};

/** A reason of an attestor in the grammar of today, of before 2021, and cut out of its sentence. */
function reasonWordings(reason: string, certainty: Certainty, source: string): Wording[] {
  return [
    { text: `Image {image} denied by attestor {attestor}: ${reason}`, certainty, source },
    { text: `Image {image} denied by {attestor}: ${reason}`, certainty, source },
    { text: reason, certainty, source },
  ];
}

/** Denials of images, by GKE and Cloud Run. */
export const DENIALS: readonly KnownMessage[] = [
  {
    id: "denied-no-digest",
    title: "The image is named without a digest",
    wordings: [
      ...reasonWordings(REASON_NO_DIGEST, "logged", LOGS),
      ...reasonWordings(
        "Attestor cannot attest to an image deployed by tag",
        "logged",
        "GoogleCloudPlatform/gke-binary-auth-tools#4, of 2019",
      ),
    ],
    meaning:
      "{attestor} has to vouch for {image}, which has no `@sha256:` with 64 lower-case hexadecimal digits behind it. Attestations are about digests: an image that is named by a tag has none, whatever was signed. Nothing was looked up yet, so whether a digest of it is attested is still open.",
    mend: [
      "Name the image by its digest where the pod or the service names it: `REPOSITORY@sha256:…`, with the digest from the log of the build that signed it. What a tag means now may be something else.",
      "If there is a digest already: it has to be `sha256:` and exactly 64 lower-case hexadecimal digits.",
      "If it is an image that nobody of yours builds: sign its digest after a review, or exempt it in the admission policy. An exempt image is not verified at all.",
    ],
    look: [
      {
        shows: "the digest that a tag of Artifact Registry means now",
        command: "gcloud artifacts docker images describe {image} --format='value(image_summary.digest)'",
      },
    ],
    see: ["docs/troubleshooting.md#a-signed-image-is-denied", "docs/admission-policy.md#exempt-images"],
  },
  {
    id: "denied-no-attestation",
    title: "No attestation that counts",
    wordings: [
      ...reasonWordings(REASON_NO_ATTESTATION, "logged", LOGS),
      ...reasonWordings(
        "No attestations found",
        "official",
        "Google's quickstarts, where it is short for the text above",
      ),
    ],
    meaning:
      "{attestor}: no attestation of {image} that one of its keys verifies is attached to its note. Google says this for every cause: nothing was signed; it was signed for another attestor, or another digest; the signature names a key id that the attestor does not have; the signature does not verify; the attestor has no keys.",
    mend: [
      "List the attestations of this digest. If there is none, sign exactly this digest for this attestor. An index of several platforms and the images in it have digests of their own; GKE wants the one that the pod names.",
      "If there is one, compare its `publicKeyId` with the ids of the attestor's keys, letter for letter. An id that the attestor does not have means a retired version, another key or a changed id: sign again with the version that signs now, or add the key to the attestor again.",
      "If the id is right, the signature is about other bytes: delete that attestation and sign again with `gcloud beta container binauthz attestations sign-and-create --validate`, which makes the payload itself.",
      "If attestor and cluster are in different projects, the cluster project's service agent needs `roles/binaryauthorization.attestorsVerifier` on the attestor and `roles/containeranalysis.notes.occurrences.viewer` on the note.",
      "If something was signed or changed a minute ago: try again in some minutes.",
    ],
    look: [LIST, DESCRIBE],
    see: [
      "docs/troubleshooting.md#a-signed-image-is-denied",
      "docs/rotation.md",
      "docs/stacks.md#verifying-across-projects",
    ],
  },
  {
    id: "denied-other-payload",
    title: "A good signature over something else",
    wordings: reasonWordings(
      "Signature verified, but unexpected message was signed",
      "logged",
      "one audit log of 2019, with a PGP key; today's wording is not known",
    ),
    meaning:
      "{attestor} has an attestation of {image} with a good signature, but what was signed is not the JSON that Binary Authorization reads. The payload was made by hand, or changed on its way.",
    mend: [
      "Sign again, and let gcloud make the payload: `sign-and-create` does, and `gcloud container binauthz create-signature-payload` prints it.",
      "Delete the attestation that does not verify if it stands in the way of the new one.",
    ],
    look: [LIST],
    see: ["docs/troubleshooting.md#the-sign-step-speaks-of-a-conflict"],
  },
  {
    id: "denied-unknown-key-id",
    title: "Signed by a key that the attestor does not have",
    wordings: reasonWordings(
      "Attestation(s) found, but could not be verified. Errors which are not specific to any key follow. No key found for attestation with key id '{keyId}'",
      "logged",
      "grafeas/kritis#282, of 2018",
    ),
    meaning:
      "An attestation of {image} is there, but its signature names {keyId}, and {attestor} has no key of exactly that id.",
    mend: [
      "Compare the ids letter for letter. For Cloud KMS the id is `//cloudkms.googleapis.com/v1/` and the full name of the key version.",
      "Sign again with a version that the attestor has, or add the key to the attestor under the id of the attestation.",
    ],
    look: [LIST, DESCRIBE],
    see: ["docs/rotation.md"],
  },
  {
    id: "denied-default-rule",
    title: "The default rule denies everything",
    wordings: [
      {
        text: "Image {image} denied by Binary Authorization default admission rule. Denied by always_deny admission rule",
        certainty: "logged",
        source: LOGS,
      },
      {
        text: "Denied by default admission rule. Overridden by evaluation mode",
        certainty: "inferred",
        source: "the same text about a cluster's rule, in audit logs of 2019",
      },
    ],
    meaning:
      "No rule of the policy is about the cluster that {image} was to run on, so the default rule decided, and it is `ALWAYS_DENY`. The image was not looked at: signed ones are denied as well.",
    mend: [
      "Give the cluster a rule of its own. Its key is `LOCATION.NAME`: the zone of a zonal cluster, the region of a regional one. A misspelled key is no error, it just never applies.",
      "If the rule is there already: compare its key with the cluster's location and name, and look whether the policy is the one of the cluster's project.",
      "If this image alone has to run: exempt it. An exempt image is not verified.",
    ],
    look: [
      POLICY,
      {
        shows: "the locations and names of the clusters",
        command: "gcloud container clusters list --project={project}",
      },
    ],
    see: ["docs/troubleshooting.md#a-signed-image-is-denied", "docs/enforced-cluster.md"],
  },
  {
    id: "denied-cluster-rule",
    title: "The cluster's rule denies everything",
    wordings: [
      {
        text: "Image {image} denied by Binary Authorization cluster admission rule for {cluster}. Denied by always_deny admission rule",
        certainty: "logged",
        source: "a transcript of a Google lab, of 2024",
      },
      {
        text: "Denied by cluster admission rule for {cluster}. Overridden by evaluation mode",
        certainty: "logged",
        source: OLD_LOGS,
      },
    ],
    meaning:
      "The policy has a rule for {cluster}, and it is `ALWAYS_DENY`: no image runs there, signed or not, except exempt ones. {image} was not looked at.",
    mend: [
      "If signed images are to run there: let the rule require attestors instead, and redeploy once the change has arrived.",
      "If this image alone has to run: exempt it. An exempt image is not verified.",
    ],
    look: [POLICY],
    see: ["docs/admission-policy.md", "docs/enforced-cluster.md"],
  },
  {
    id: "denied-cloud-run-rule",
    title: "The default rule denies everything, on Cloud Run",
    wordings: [
      {
        text: "Container image '{image}' is not authorized by policy. Denied by an ALWAYS_DENY admission rule",
        certainty: "logged",
        source: "Google's documentation of Cloud Run's audit log, and messages that users pasted",
      },
    ],
    meaning:
      "Cloud Run knows exempt images and the default rule only, and the default rule of the project's policy is `ALWAYS_DENY`. {image} was not looked at: signed ones are denied as well.",
    mend: [
      "If signed images are to run on Cloud Run: let the default rule require one attestor. Rules of clusters do not help.",
      "For functions and deployments from source: exempt the repository that Google builds them into.",
    ],
    look: [POLICY],
    see: ["docs/admission-policy.md"],
  },
  {
    id: "denied-always-deny",
    title: "A rule that denies everything",
    wordings: [
      {
        text: "'{image}' : Denied by an ALWAYS_DENY admission rule",
        certainty: "logged",
        source: "causes and labels of audit logs",
      },
      {
        text: "Denied by an ALWAYS_DENY admission rule",
        certainty: "logged",
        source: "causes and labels of audit logs",
      },
      { text: "Denied by always_deny admission rule", certainty: "logged", source: LOGS },
    ],
    meaning:
      "The rule that applied is `ALWAYS_DENY`. {image} was not looked at: signed ones are denied as well. This text does not say which rule it was.",
    mend: [
      "Find the rule: that of the cluster, `LOCATION.NAME`, or the default rule where the policy has none for it. Cloud Run always has the default rule.",
      "If it should have been the cluster's rule: correct the key of the rule. If the rule is the right one: let it require attestors, or exempt the image.",
    ],
    look: [POLICY],
    see: ["docs/troubleshooting.md#a-signed-image-is-denied"],
    vaguerThan: ["denied-default-rule", "denied-cluster-rule", "denied-cloud-run-rule"],
  },
  {
    id: "admitted-dry-run",
    title: "Not blocked: dry run",
    wordings: labelWordings("dry-run", "official"),
    meaning:
      "The pod was admitted. The rule is in dry run: it only logs what it would have denied, and why. The same pod is denied once the rule is enforced.",
    mend: [
      "Mend what the denial beside the label says, for every image, before the rule is enforced.",
      "Look for this label over some days: when nothing of yours has it any more, the rule can be enforced.",
    ],
    look: [
      {
        shows: "what dry run let through in the last days",
        command:
          'gcloud logging read \'resource.type="k8s_cluster" AND labels."imagepolicywebhook.image-policy.k8s.io/dry-run"="true"\' --project={project} --freshness=7d --limit=50',
      },
    ],
    see: ["docs/enforced-cluster.md"],
  },
  {
    id: "admitted-break-glass",
    title: "Not blocked: break-glass",
    wordings: labelWordings("break-glass", "logged"),
    meaning:
      "The pod was admitted because it has the break-glass label. What the policy says about it is logged, and was not applied.",
    mend: [
      "Find out who deployed it and why. For a Deployment the entry about the Deployment names the person, that about the pod a controller.",
      "Sign the image or roll it back, and deploy again without the label: the label goes on working for every new pod of the workload.",
    ],
    look: [
      {
        shows: "the pods that have the label now",
        command: "kubectl get pods --all-namespaces --selector=image-policy.k8s.io/break-glass=true",
      },
    ],
    see: ["docs/compromise.md"],
  },
  {
    id: "admitted-fail-open",
    title: "Not blocked: Binary Authorization did not answer",
    wordings: [
      "failed-open.validating.webhook.admission.k8s.io",
      "imagepolicywebhook.image-policy.k8s.io/failed-open",
      "image-policy.k8s.io/failed-open",
    ].map((text) => ({ text, certainty: "official" as const, source: "Google's page on audit logs" })),
    meaning:
      "Binary Authorization could not be reached, or took too long, and GKE admits a pod then: nothing was verified. It is how the service works, and cannot be changed for the project policy.",
    mend: [
      "Find the images of the pods that were admitted like this, and hold them against the policy now.",
      "Delete a pod whose image is not admitted: its controller makes a new one, which is verified.",
    ],
    look: [],
    see: ["docs/admission-semantics.md"],
  },
];

function labelWordings(label: string, certainty: Certainty): Wording[] {
  const name = `imagepolicywebhook.image-policy.k8s.io/${label}`;
  const source = "labels of audit logs";
  return [
    { text: `"${name}": "true"`, certainty, source },
    { text: `${name}: "true"`, certainty, source },
    { text: `${name}: true`, certainty: "inferred", source: "the same, without quotes" },
  ];
}

/** Words that belong to the denial behind them. */
export const CONTEXTS: readonly KnownContext[] = [
  {
    id: "default-rule",
    wordings: [
      {
        text: "Image {image} denied by Binary Authorization default admission rule.",
        certainty: "logged",
        source: LOGS,
      },
    ],
    says: "The default admission rule decided: no rule of the policy is about this cluster.",
  },
  {
    id: "cluster-rule",
    wordings: [
      {
        text: "Image {image} denied by Binary Authorization cluster admission rule for {cluster}.",
        certainty: "logged",
        source: LOGS,
      },
    ],
    says: "The cluster admission rule for {cluster} decided.",
  },
  {
    id: "cloud-run",
    wordings: [{ text: "Container image '{image}' is not authorized by policy.", certainty: "logged", source: LOGS }],
    says: "Cloud Run asked: it knows exempt images and the default rule only, and of an image for several platforms it verifies the digest of the platform's own image.",
  },
  {
    id: "cloud-run-revision",
    wordings: [
      {
        text: "Revision {revision} uses unauthorized container image.",
        certainty: "official",
        source: "Google's documentation",
      },
    ],
    says: "It is about revision {revision}.",
  },
];
