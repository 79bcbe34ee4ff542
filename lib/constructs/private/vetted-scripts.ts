import { APIS_AND_REGISTRY, pythonStep, READ_SOURCE, REGISTRY } from "./signing-scripts";

// The steps that mirror a reviewed list of images, up to the gate; signing is that of the other signers.

/**
 * Reads the list, and where each image goes. One line that is no image with a registry and a digest ends the build before
 * anything is copied: what somebody meant by it is not known.
 */
export const READ_VETTED_SCRIPT = pythonStep(
  "read-list",
  `${READ_SOURCE}
IMAGE = re.compile("([a-z0-9-]+([.][a-z0-9-]+)+(/[a-z0-9]+([._-]+[a-z0-9]+)*)+)"
                   "(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?@(sha256:[0-9a-f]{64})")


def main():
    name = os.environ["LIST_FILE"]
    copies, bad = [], []
    for number, line in enumerate(read_source(name).splitlines(), 1):
        image = re.sub("(^|[ \\t])#.*$", "", line).strip()
        if not image:
            continue
        found = IMAGE.fullmatch(image)
        if found is None:
            bad.append(name + ", line " + str(number) + ": no image with its registry and digest, got " + repr(image))
            continue
        # A tag is for those who read the list.
        source, digest = found.group(1), found.group(6)
        copies.append(source + " " + digest + " " + os.environ["REPOSITORY"] + "/" + source)
    if bad:
        fail("; ".join(bad) + "; allowed: REGISTRY/IMAGE@sha256:DIGEST")
    if not copies:
        fail(name + " names no image")
    copies = sorted(set(copies))
    with open(os.environ["COPIES_FILE"], "w", encoding="utf-8") as file:
        file.write("".join(copy + "\\n" for copy in copies))
    print(STEP + ": " + str(len(copies)) + " images")


main()
`,
  [],
  // It asks nobody, and holds no token that it could give away.
  "",
);

/**
 * Copies images as they are, byte for byte, and compares the digest afterwards. In the image of gcrane there is the shell of
 * busybox, and no bash.
 *
 * The image of each platform is copied by itself before the index of them: of an index alone, Artifact Analysis scans the
 * first image for linux/amd64 and nothing else. Each gets a tag of its own, since what has none may be deleted as untagged.
 *
 * Sources: https://docs.cloud.google.com/artifact-registry/docs/reference/docker-api (gcrane),
 * https://docs.cloud.google.com/artifact-analysis/docs/scanning-types (manifest lists)
 */
export const MIRROR_SCRIPT = `#!/busybox/sh
set -eu

fail() {
  echo "mirror: $*" >&2
  exit 1
}

copy() {
  target="$3:vetted-\${2#sha256:}"
  if [ "$(gcrane digest "$target" 2> /dev/null || true)" = "$2" ]; then
    echo "mirror: $3@$2 is there"
    return
  fi
  gcrane cp "$1@$2" "$target" || fail "$1@$2 cannot be copied to $3"
  copied="$(gcrane digest "$target")" || fail "$target was copied, and cannot be read"
  [ "$copied" = "$2" ] || fail "$1@$2 was copied as $3@$copied: its digest has changed"
  echo "mirror: $1@$2 was copied to $3"
}

while read -r source digest destination; do
  for platform in $PLATFORMS; do
    image="$(gcrane digest --platform "$platform" "$source@$digest")" ||
      fail "$source@$digest cannot be read, or has no image for $platform"
    copy "$source" "$image" "$destination" < /dev/null
  done
  copy "$source" "$digest" "$destination" < /dev/null
done < "$COPIES_FILE"
`;

/** Finds out what is to be signed, and which images have to be scanned for it: those in an index, for the platforms. */
export const VETTED_IMAGES_SCRIPT = pythonStep(
  "images",
  `${REGISTRY}

def main():
    platforms = os.environ["PLATFORMS"].split()
    scans = {}
    with open(os.environ["COPIES_FILE"], encoding="utf-8") as file:
        copies = [line.split() for line in file.read().splitlines()]
    for _, digest, path in copies:
        image = path + "@" + digest
        document = manifest(image)
        if not is_index(document):
            check_image(image, document)
            scans[image] = [image]
            continue
        found = in_index(image, document)
        missing = [platform for platform in platforms if platform not in [name for name, _ in found]]
        if missing:
            fail(image + " has no image for " + ", ".join(missing))
        chosen = [path + "@" + one for name, one in found if name in platforms]
        scans[image] = chosen
        if os.environ["SIGN_PLATFORM_IMAGES"] == "true":
            scans.update((one, [one]) for one in chosen)
        # Attestations of BuildKit, which nobody runs.
        others = sorted({name for name, _ in found} - set(platforms) - {"unknown/unknown"})
        if others:
            print(STEP + ": " + image + " has images that are not scanned: " + ", ".join(others))
    with open(os.environ["SCANS_FILE"], "w", encoding="utf-8") as file:
        json.dump(scans, file)
    with open(os.environ["IMAGES_FILE"], "w", encoding="utf-8") as file:
        file.write("".join(image + "\\n" for image in scans))
    # Filled by the next steps.
    with open(os.environ["PENDING_FILE"], "w", encoding="utf-8") as file:
        file.write("")
    print(STEP + ": " + str(len(scans)) + " to be signed")


main()
`,
  [],
  APIS_AND_REGISTRY,
);

/** Of what is not signed yet by every attestor: what to scan, and what to sign, each once. Both may be nothing. */
export const SELECT_SCRIPT = pythonStep(
  "select",
  `
def main():
    with open(os.environ["SCANS_FILE"], encoding="utf-8") as file:
        scans = json.load(file)
    with open(os.environ["PENDING_FILE"], encoding="utf-8") as file:
        pending = sorted(set(file.read().splitlines()))
    scanned = sorted({one for image in pending for one in scans[image]})
    for name, chosen in (("SCANNED_FILE", scanned), ("SIGNED_FILE", pending)):
        with open(os.environ[name], "w", encoding="utf-8") as file:
            file.write("".join(image + "\\n" for image in chosen))
    print(STEP + ": " + str(len(pending)) + " are not signed yet, " + str(len(scanned)) + " to be scanned")


main()
`,
);
