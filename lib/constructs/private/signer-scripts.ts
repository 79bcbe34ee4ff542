/** Builds the image; nothing of the source gets at what the later steps share. */
export const BUILD_SCRIPT = `#!/usr/bin/env bash
set -euo pipefail
[[ -n "$TAG" ]] || { echo "build: the tag is empty; a trigger without a commit has no COMMIT_SHA" >&2; exit 1; }
docker build --tag "$IMAGE:$TAG" --file "$DOCKERFILE" "$CONTEXT"
`;

/** The same with secrets, which BuildKit mounts into single commands: they are in no layer and in no argument. */
export const BUILD_WITH_SECRETS_SCRIPT = `#!/usr/bin/env bash
set -euo pipefail
[[ -n "$TAG" ]] || { echo "build: the tag is empty; a trigger without a commit has no COMMIT_SHA" >&2; exit 1; }
read -r -a names <<< "$SECRETS"
mounts=()
for name in "\${names[@]}"; do
  mounts+=(--secret "id=$name,env=$name")
done
DOCKER_BUILDKIT=1 docker build "\${mounts[@]}" --tag "$IMAGE:$TAG" --file "$DOCKERFILE" "$CONTEXT"
`;

/**
 * Pushes the image and notes its digest: the one that the daemon got back for this very push. Asking the registry what a
 * tag means afterwards would sign whatever the tag means by then.
 */
export const PUSH_SCRIPT = `#!/usr/bin/env bash
set -euo pipefail
docker push "$IMAGE:$TAG"
digests=()
while IFS= read -r reference; do
  if [[ "\${reference%@*}" == "$IMAGE" ]]; then
    digests+=("\${reference#*@}")
  fi
done < <(docker image inspect --format '{{range .RepoDigests}}{{println .}}{{end}}' "$IMAGE:$TAG")
if [[ "\${#digests[@]}" -ne 1 || ! "\${digests[0]}" =~ ^sha256:[0-9a-f]{64}$ ]]; then
  echo "push: expected one digest of $IMAGE, got: \${digests[*]:-none}" >&2
  exit 1
fi
printf '%s' "\${digests[0]}" > "$DIGEST_FILE"
echo "push: $IMAGE@\${digests[0]}"
`;

/** How every script begins: bash stops at the first error, at an unset variable, and at an error inside of a pipe. */
const BASH = `#!/usr/bin/env bash
set -euo pipefail
`;

/** How a script of a step ends that must not go on. */
function failFunction(step: string): string {
  return `
fail() {
  echo "${step}: $*" >&2
  exit 1
}
`;
}

/** An image that can be attested: with its digest, and nothing that a shell or an API could take for something else. */
const ARTIFACT_PATTERN = "^[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)+@sha256:[0-9a-f]{64}$";

/**
 * Finds the attestations of `$artifact` that `$ATTESTOR` itself calls valid; with a `$key_id`, those of that key alone.
 *
 * An error of the list is an error: taken for "none there", it would sign what is signed already.
 */
const ATTESTED_FUNCTIONS = `
api="$(gcloud config get-value api_endpoint_overrides/binaryauthorization 2>/dev/null)" || fail "gcloud has no configuration"
[[ "$api" == http* ]] || api="https://binaryauthorization.googleapis.com/"

# One line a signature. An error of the list is an error: taken for "none there" it would sign what is signed already.
stored_signatures() {
  gcloud container binauthz attestations list --project="$ATTESTATION_PROJECT" \\
    --attestor="$ATTESTOR" --artifact-url="$artifact" --flatten='attestation.signatures[]' \\
    --format='value[separator=" "](attestation.signatures.publicKeyId,attestation.serializedPayload,attestation.signatures.signature,resourceUri)'
}

# gcloud cannot validate a stored attestation; the API can. The token is no argument, which other processes could read.
validate() {
  local token
  token="$(gcloud auth print-access-token)" || return 1
  curl --silent --show-error --fail --retry 3 --max-time 60 \\
    --header @- --header "Content-Type: application/json" \\
    --data '{"attestation":{"serializedPayload":"'"$2"'","signatures":[{"publicKeyId":"'"$1"'","signature":"'"$3"'"}]},"occurrenceNote":"'"$NOTE"'","occurrenceResourceUri":"'"$4"'"}' \\
    "\${api%/}/v1/$ATTESTOR:validateAttestationOccurrence" <<< "Authorization: Bearer $token"
}

id_form='^[A-Za-z0-9.:/@_;+=-]+$'

# Whether there is a valid attestation, by the key $key_id where one is named; by any version of it where that ends with /.
attested() {
  local signatures id payload signature resource answer
  signatures="$(stored_signatures)" || fail "the attestations of $artifact cannot be listed"
  while read -r id payload signature resource; do
    [[ -z "$key_id" || "$id" == "$key_id" || ("$key_id" == */ && "$id" == "$key_id"*) ]] || continue
    # The list is filtered by the end of the resource; whether it was, and what comes before, is checked.
    [[ "$resource" == "\${resource%%@*}@\${artifact#*@}" ]] || continue
    [[ "$id" =~ $id_form && "$payload$signature" =~ ^[A-Za-z0-9+/=_-]+$ && "$resource" =~ ^[A-Za-z0-9.:/@_-]+$ ]] || continue
    answer="$(validate "$id" "$payload" "$signature" "$resource")" || fail "an attestation of $artifact cannot be validated: $answer"
    if [[ "$answer" =~ \\"result\\"[[:space:]]*:[[:space:]]*\\"VERIFIED\\" ]]; then
      return 0
    fi
  done <<< "$signatures"
  return 1
}
`;

/**
 * Signs `$artifact`, and returns only when an attestation by the signing version is stored which Binary Authorization
 * itself calls valid.
 *
 * gcloud alone fails open here: unattended it answers its own warnings with "yes" and uploads attestations that do not
 * verify; and any old attestation looks like success, one by a key version that is about to be retired too.
 */
const SIGN_FUNCTION = `
sign() {
  local created=yes pause
  if attested; then
    echo "sign: $artifact has a valid attestation by $KEY_VERSION"
    return
  fi

  # A "no" for gcloud's own questions, which it would answer with "yes" where nobody is there.
  printf 'n\\n' | CLOUDSDK_CORE_DISABLE_PROMPTS=0 \\
    gcloud beta container binauthz attestations sign-and-create --project="$ATTESTATION_PROJECT" \\
    --artifact-url="$artifact" --attestor="$ATTESTOR" --validate \\
    --keyversion="$KEY_VERSION" --public-key-id-override="$key_id" || created=no

  # The last word, also after an error: another build may have signed the same image meanwhile.
  for pause in 0 2 5 10; do
    sleep "$pause"
    if attested; then
      echo "sign: $artifact has a valid attestation by $KEY_VERSION"
      return
    fi
    [[ "$created" == yes ]] || break
  done
  fail "$artifact has no valid attestation by $KEY_VERSION. Where Container Analysis speaks of a conflict, an attestation by another key is in the way: find it with 'gcloud container binauthz attestations list', delete that occurrence with the Container Analysis API (projects.occurrences.delete), and build again"
}
`;

const SIGN_FUNCTIONS = `${BASH}${failFunction("sign")}
key_id="//cloudkms.googleapis.com/v1/$KEY_VERSION"
${ATTESTED_FUNCTIONS}${SIGN_FUNCTION}`;

/** Signs the digest that was noted when the image was pushed. */
export const SIGN_SCRIPT = `${SIGN_FUNCTIONS}
digest="$(cat "$DIGEST_FILE")"
[[ "$digest" =~ ^sha256:[0-9a-f]{64}$ ]] || fail "no digest of a pushed image, got '$digest'"
artifact="$IMAGE@$digest"
sign
`;

/** What goes through a list of images, one `IMAGE@sha256:…` a line; nothing is done where one line is no image. */
function eachImage(action: string, empty = 'fail "the list of images is empty"'): string {
  return `
mapfile -t artifacts < "$IMAGES_FILE"
[[ "\${#artifacts[@]}" -gt 0 ]] || ${empty}
for artifact in "\${artifacts[@]}"; do
  [[ "$artifact" =~ ${ARTIFACT_PATTERN} ]] || fail "no image with a digest, got '$artifact'"
done
for artifact in "\${artifacts[@]}"; do
  ${action}
done
`;
}

/** Signs every image of a list. */
export const SIGN_LIST_SCRIPT = `${SIGN_FUNCTIONS}${eachImage("sign")}`;

/** The same for a list of what is not signed yet, which may be nothing. */
export const SIGN_PENDING_SCRIPT = `${SIGN_FUNCTIONS}${eachImage("sign", "{ echo 'sign: nothing is left to do'; exit 0; }")}`;

/** Notes which images of a list have no valid attestation by the version that signs now. */
export const PENDING_SCRIPT = `${BASH}${failFunction("pending")}
key_id="//cloudkms.googleapis.com/v1/$SIGNING_VERSION"
${ATTESTED_FUNCTIONS}${eachImage(
  'if attested; then\n    echo "pending: $artifact has a valid attestation by $SIGNING_VERSION"\n  else\n    echo "$artifact" >> "$PENDING_FILE"\n  fi',
)}`;

/** Ends with 0 only when every image of a list has a valid attestation of an attestor, by whichever of its keys. */
export const ATTESTED_SCRIPT = `${BASH}${failFunction("attested")}
key_id=""
${ATTESTED_FUNCTIONS}${eachImage(
  'attested || fail "$artifact has no valid attestation of $ATTESTOR"\n  echo "attested: $artifact by $ATTESTOR"',
)}`;

/**
 * Signs again what another version of the key has signed, with the version that signs now; what the attestor has never
 * attested is not signed. What another of its keys vouches for is left to that key: signed with this one, it could not be
 * withdrawn with that one any more. One image that cannot be signed does not keep the others from it: it remains.
 */
export const RESIGN_SCRIPT = `${BASH}${failFunction("resign")}
signing_key="//cloudkms.googleapis.com/v1/$KEY_VERSION"
key_id="$signing_key"
${ATTESTED_FUNCTIONS}${SIGN_FUNCTION}
resign() {
  key_id="$signing_key"
  if attested; then
    echo "resign: $artifact has a valid attestation by $KEY_VERSION"
    return
  fi
  # What nobody vouched for before is not vouched for now.
  key_id="\${signing_key%/*}/"
  if attested; then
    key_id="$signing_key"
    sign
    return
  fi
  key_id=""
  attested || fail "$artifact was never attested by $ATTESTOR"
  echo "resign: $artifact has a valid attestation by another key, and needs none by \${KEY_VERSION%/cryptoKeyVersions/*}"
}

mapfile -t artifacts < "$IMAGES_FILE"
for artifact in "\${artifacts[@]}"; do
  [[ "$artifact" =~ ${ARTIFACT_PATTERN} ]] || fail "no image with a digest, got '$artifact'"
  if ! (resign); then
    echo "$artifact has no valid attestation by $KEY_VERSION" >> "$REMAINING_FILE"
  fi
done
`;

/** What remains to be signed; ends with 0 only when nothing does. */
export const REMAINING_SCRIPT = `${BASH}
if [[ -s "$REMAINING_FILE" ]]; then
  echo "remaining: keep the old version trusted, and run this again once these are mended" >&2
  cat "$REMAINING_FILE" >&2
  exit 1
fi
echo "remaining: nothing; as far as this list goes, the old version may be retired"
`;

/** One attestor for which a script signs. */
export interface SigningTarget {
  readonly project: string;
  readonly attestor: string;
  readonly note: string;
  readonly keyVersion: string;
}

/**
 * The same for signers outside of Cloud Build, with everything but the images written into it: those of the variable
 * `IMAGES`, separated by spaces or lines, none outside of the prefix.
 */
export function standaloneSignScript(targets: readonly SigningTarget[], imagePrefix?: string): string {
  const quoted = (text: string) => `'${text.replace(/'/g, "'\\''")}'`;
  const prefix =
    imagePrefix === undefined
      ? ""
      : `
prefix=${quoted(imagePrefix)}
for artifact in "\${artifacts[@]}"; do
  path="\${artifact%@*}"
  [[ "$path" == "$prefix" || "$path" == "$prefix/"* ]] || fail "$path is not $prefix nor below it"
done
`;
  return `${BASH}${failFunction("sign")}${ATTESTED_FUNCTIONS}${SIGN_FUNCTION}
sign_for() {
  ATTESTATION_PROJECT="$1"
  ATTESTOR="$2"
  NOTE="$3"
  KEY_VERSION="$4"
  key_id="//cloudkms.googleapis.com/v1/$KEY_VERSION"
  for artifact in "\${artifacts[@]}"; do
    sign
  done
}

read -r -d '' -a artifacts <<< "\${IMAGES:-}" || true
[[ "\${#artifacts[@]}" -gt 0 ]] || fail "no image was given: IMAGES is empty"
for artifact in "\${artifacts[@]}"; do
  [[ "$artifact" =~ ${ARTIFACT_PATTERN} ]] || fail "no image with a digest, got '$artifact'"
done
${prefix}
${targets.map((one) => `sign_for ${[one.project, one.attestor, one.note, one.keyVersion].map(quoted).join(" ")}`).join("\n")}
`;
}

/** The last words of a signing build, for whoever writes the digests into manifests. */
export const REPORT_SCRIPT = `${BASH}
cat "$IMAGES_FILE"
`;
