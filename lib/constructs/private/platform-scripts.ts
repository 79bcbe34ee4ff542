// Steps of builds for several platforms. Cloud Build pushes one image for each under a tag of its own, and makes provenance
// for it: what it pushes under the tag of an index would replace the index by the image of one platform.

/** How a script begins, and how it ends where it must not go on. */
function start(step: string): string {
  return `#!/usr/bin/env bash
set -euo pipefail

fail() {
  echo "${step}: $*" >&2
  exit 1
}
`;
}

/** Lets the machine run commands of other architectures, for what a Dockerfile runs. */
export const EMULATION_SCRIPT = `#!/usr/bin/env bash
set -euo pipefail
docker run --privileged --rm "$EMULATOR_IMAGE" --install "$ARCHITECTURES"
`;

/** One image after the other, since the daemon of a build keeps one platform under a name. */
function buildEach(mounts: string, use: string): string {
  return `${start("build")}
[[ -n "$TAG" ]] || fail "the tag is empty; a trigger without a commit has no COMMIT_SHA"
${mounts}read -r -a targets <<< "$PLATFORMS"
for platform in "\${targets[@]}"; do
  # Attestations of BuildKit would make an index of each image: its digest would not be that of the image.
  docker buildx build --platform "$platform" --load --provenance=false --sbom=false ${use}\\
    --tag "$IMAGE:$TAG-\${platform#*/}" --file "$DOCKERFILE" "$CONTEXT"
done
`;
}

/** Builds an image for each platform; nothing of the source gets at what the later steps share. */
export const BUILD_PLATFORMS_SCRIPT = buildEach("", "");

/** The same with secrets, which BuildKit mounts into single commands. */
export const BUILD_PLATFORMS_WITH_SECRETS_SCRIPT = buildEach(
  `read -r -a names <<< "$SECRETS"
mounts=()
for name in "\${names[@]}"; do
  mounts+=(--secret "id=$name,env=$name")
done
`,
  `"\${mounts[@]}" `,
);

/**
 * Pushes the images and then an index of them. All digests are those that were answered to these very pushes: what a tag
 * means afterwards is never asked.
 */
const PUSH_INDEX = `${start("index")}
read -r -a targets <<< "$PLATFORMS"
images=()
for platform in "\${targets[@]}"; do
  tagged="$IMAGE:$TAG-\${platform#*/}"
  docker push "$tagged"
  digests=()
  while IFS= read -r reference; do
    if [[ "\${reference%@*}" == "$IMAGE" ]]; then
      digests+=("\${reference#*@}")
    fi
  done < <(docker image inspect --format '{{range .RepoDigests}}{{println .}}{{end}}' "$tagged")
  [[ "\${#digests[@]}" -eq 1 && "\${digests[0]}" =~ ^sha256:[0-9a-f]{64}$ ]] ||
    fail "expected one digest of $tagged, got: \${digests[*]:-none}"
  images+=("$IMAGE@\${digests[0]}")
done
docker manifest create "$IMAGE:$TAG" "\${images[@]}"
digest="$(docker manifest push --purge "$IMAGE:$TAG" | tail -n 1)"
[[ "$digest" =~ ^sha256:[0-9a-f]{64}$ ]] || fail "expected the digest of the index, got: \${digest:-nothing}"
echo "index: $IMAGE@$digest of \${images[*]}"
`;

/**
 * Says in the build's results which index it pushed. It is a claim, and checked as one: the signer reads the index.
 * Source: https://docs.cloud.google.com/build/docs/api/reference/rest/v1/projects.builds#Results
 */
export const INDEX_OUTPUT_SCRIPT = `${PUSH_INDEX}printf '%s' "$IMAGE@$digest" > "$BUILDER_OUTPUT/output"
`;

/** Notes what the later steps of the same build sign: the index, and on request the images in it. */
export const INDEX_LIST_SCRIPT = `${PUSH_INDEX}printf '%s\\n' "$IMAGE@$digest" > "$IMAGES_FILE"
if [[ "$SIGN_PLATFORM_IMAGES" == true ]]; then
  printf '%s\\n' "\${images[@]}" >> "$IMAGES_FILE"
fi
`;
