// What a signing build finds out before it signs. Each step is one bash script; what it has to decide about answers of
// Google's APIs is Python, which the image with gcloud brings along: nothing is cut out of JSON with regular expressions.

/**
 * A step that decides something in Python.
 *
 * Python runs isolated (`-I`): a file of the working directory, which may hold a source, cannot pose as a module. The
 * data of the construct is in a quoted here-document, so that neither Cloud Build nor bash reads anything into it.
 */
export function pythonStep(step: string, code: string, data: readonly unknown[] = [], before = APIS): string {
  return `#!/usr/bin/env bash
set -euo pipefail
${before}
data="$(mktemp)"
code="$(mktemp)"
cat > "$data" <<'DATA'
${data.map((entry) => JSON.stringify(entry)).join("\n")}
DATA
cat > "$code" <<'PYTHON'
STEP = "${step}"
${COMMON}
${code}PYTHON
python3 -I "$code" "$data"
`;
}

/** Where Google's APIs are, and who asks: known to gcloud, which is told so by whoever runs the step. */
const BASE = `
base() {
  local override
  override="$(gcloud config get-value "api_endpoint_overrides/$1" 2>/dev/null)"
  [[ "$override" == http* ]] || override="https://$1.googleapis.com/"
  printf '%s' "\${override%/}"
}

TOKEN="$(gcloud auth print-access-token)"
`;

const APIS = `${BASE}CLOUD_BUILD="$(base cloudbuild)"
CONTAINER_ANALYSIS="$(base containeranalysis)"
export TOKEN CLOUD_BUILD CONTAINER_ANALYSIS
`;

/** The same with the registry: at the host of the image, unless gcloud was told of another Artifact Registry. */
export const APIS_AND_REGISTRY = `${APIS.trimEnd()}
ARTIFACT_REGISTRY="$(base artifactregistry)"
export ARTIFACT_REGISTRY
`;

const COMMON = `import datetime
import http.client
import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

DIGEST = re.compile("sha256:[0-9a-f]{64}")
UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def fail(text):
    print(STEP + ": " + text, file=sys.stderr)
    sys.exit(1)


def unexpected(kind, error, trace):
    # What is not understood is never taken for good; a trace of calls would help nobody.
    print(STEP + ": an answer could not be understood: " + kind.__name__ + ": " + str(error), file=sys.stderr)


sys.excepthook = unexpected


def data():
    with open(sys.argv[1], encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def images():
    with open(os.environ["IMAGES_FILE"], encoding="utf-8") as lines:
        found = lines.read().splitlines()
    if not found and os.environ.get("IF_EMPTY") == "pass":
        print(STEP + ": nothing is left to do")
        sys.exit(0)
    if not found:
        fail("the list of images is empty")
    for image in found:
        if not re.fullmatch("[a-z0-9.-]+/[a-z0-9._/-]+@sha256:[0-9a-f]{64}", image):
            fail("no image with a digest, got " + repr(image))
    return found


def get(base, path, query=None, absent=False):
    """The answer of an API; None for a 404 where that is allowed. Every other error ends the step."""
    url = base + "/v1/" + path + ("?" + urllib.parse.urlencode(query) if query else "")
    found = fetch(url, path, {}, absent)
    if found is None:
        return None
    try:
        answer = json.loads(found)
    except ValueError as error:
        fail(path + " was answered with what is no JSON: " + str(error))
    if not isinstance(answer, dict):
        fail(path + " was answered with what is no JSON object")
    return answer


def renew_token():
    """A step may wait for longer than a token is valid."""
    done = subprocess.run(["gcloud", "auth", "print-access-token"], stdout=subprocess.PIPE, encoding="utf-8")
    if done.returncode != 0 or not done.stdout.strip():
        fail("gcloud has no access token")
    os.environ["TOKEN"] = done.stdout.strip()


def fetch(url, path, headers, absent=False):
    """The bytes at an address; what is only busy is asked again."""
    pauses = [2, 5, 10]
    renewed = False
    while True:
        request = urllib.request.Request(url, headers={"Authorization": "Bearer " + os.environ["TOKEN"], **headers})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            if error.code == 404 and absent:
                return None
            if error.code == 401 and not renewed:
                renewed = True
                renew_token()
                continue
            if error.code < 500 and error.code != 429 or not pauses:
                fail(path + " was answered with " + str(error.code) + ": " + error.read(400).decode("utf-8", "replace"))
        except (OSError, http.client.HTTPException) as error:
            if not pauses:
                fail(path + " cannot be read: " + str(error))
        time.sleep(pauses.pop(0))


def occurrences(kind, image):
    """Everything of a kind that Artifact Analysis stores about an image, all pages."""
    project = "/".join(image.split("/")[1:2])
    if "." in project:
        project = image.split("/")[1] + ":" + image.split("/")[2]
    query = {"filter": 'kind="' + kind + '" AND resourceUrl="https://' + image + '"', "pageSize": "1000"}
    found = []
    while True:
        page = get(os.environ["CONTAINER_ANALYSIS"], "projects/" + urllib.parse.quote(project) + "/occurrences", query)
        if page.get("unreachable"):
            fail("Artifact Analysis cannot reach " + ", ".join(page["unreachable"]))
        found += page.get("occurrences", [])
        if not page.get("nextPageToken"):
            break
        query["pageToken"] = page["nextPageToken"]
    # The service filters; whether it did is checked.
    return [one for one in found if one.get("kind") == kind and one.get("resourceUri") == "https://" + image]
`;

/**
 * Reads from a registry which images an index holds. The bytes have to have the digest that was asked for, so that nothing
 * depends on who answers; and every name in them has to be known, since another reader could take another spelling of
 * `manifests`, or the second of two, for the list.
 * Source: https://docs.cloud.google.com/artifact-registry/docs/reference/docker-api,
 * https://github.com/opencontainers/image-spec/blob/main/image-index.md
 */
export const REGISTRY = `import hashlib

REGISTRY = os.environ["ARTIFACT_REGISTRY"]
INDEXES = ["application/vnd.docker.distribution.manifest.list.v2+json", "application/vnd.oci.image.index.v1+json"]
MANIFESTS = ["application/vnd.docker.distribution.manifest.v2+json", "application/vnd.oci.image.manifest.v1+json"]


def each_once(pairs):
    names = [name for name, _ in pairs]
    if len(set(name.lower() for name in names)) != len(names):
        fail("a manifest has a name twice: " + ", ".join(sorted(names)))
    return dict(pairs)


def manifest(image):
    """The manifest of an image, by its digest."""
    name, digest = image.split("@")
    host, path = name.split("/", 1)
    base = "https://" + host if REGISTRY == "https://artifactregistry.googleapis.com" else REGISTRY
    url = base + "/v2/" + path + "/manifests/" + digest
    body = fetch(url, "the manifest of " + image, {"Accept": ", ".join(INDEXES + MANIFESTS)})
    if "sha256:" + hashlib.sha256(body).hexdigest() != digest:
        fail("the registry answered for " + image + " with what has another digest")
    return json.loads(body.decode("utf-8"), object_pairs_hook=each_once)


def known(where, found, allowed):
    unknown = sorted(set(found) - set(allowed))
    if unknown:
        fail(where + " has fields that are not understood: " + ", ".join(unknown))


def check_image(image, document):
    """What is no index has to be an image, to every reader."""
    if "config" not in document or "layers" not in document:
        fail(image + " is neither an image nor an index of images")
    known(image, document, ["schemaVersion", "mediaType", "artifactType", "config", "layers", "subject", "annotations"])
    if document.get("mediaType", MANIFESTS[1]) not in MANIFESTS:
        fail(image + " is no image: it is of the type " + repr(document["mediaType"]))


# What nodes take for the same. Source: https://github.com/containerd/platforms/blob/main/database.go
ARCHITECTURES = {"x86_64": "amd64", "x86-64": "amd64", "aarch64": "arm64", "i386": "386"}


def platform_name(platform):
    """A platform as nodes compare it: os/architecture/variant."""
    system = str(platform.get("os") or "").lower()
    machine = str(platform.get("architecture") or "").lower()
    variant = str(platform.get("variant") or "").lower()
    machine = ARCHITECTURES.get(machine, machine)
    # The only variant of 64-bit Arm, and the first of amd64, which most leave out.
    if (machine, variant) in [("arm64", "v8"), ("arm64", "8"), ("amd64", "v1")]:
        variant = ""
    # A node takes no system for its own.
    return "/".join(part for part in (system or ("linux" if machine else ""), machine, variant) if part)


def is_index(document):
    return "manifests" in document or document.get("mediaType") in INDEXES


def in_index(index, document):
    """What an index holds, as platform and digest, in the order it has."""
    known(index, document, ["schemaVersion", "mediaType", "manifests", "annotations", "artifactType", "subject"])
    if document.get("mediaType", INDEXES[1]) not in INDEXES:
        fail(index + " is no index of images: it is of the type " + repr(document["mediaType"]))
    found = []
    for one in document["manifests"]:
        known(index, one, ["mediaType", "digest", "size", "platform", "annotations", "artifactType"])
        if one["mediaType"] not in MANIFESTS:
            fail(index + " holds what is no image: " + repr(one["mediaType"]))
        if not DIGEST.fullmatch(one["digest"]):
            fail(index + " holds what has no digest: " + repr(one["digest"]))
        platform = one.get("platform", {})
        known(index, platform, ["architecture", "os", "variant", "os.version", "os.features", "features"])
        found.append((platform_name(platform), one["digest"]))
    return found
`;

/**
 * Reads a file of the source. A link could lead to what the step itself may read, such as its credentials, of which the
 * build's log would then tell.
 */
export const READ_SOURCE = `
def read_source(name):
    if os.path.realpath(name) != os.path.join(os.path.realpath(os.curdir), os.path.normpath(name)):
        fail(name + " is a link, or in a folder that is one: only a file of the source itself is read")
    try:
        with open(name, encoding="utf-8") as file:
            return file.read()
    except OSError as error:
        fail(name + " cannot be read: " + str(error.strerror))
    except ValueError:
        fail(name + " is no text in UTF-8")
`;

/** One row of the table: which build of which trigger may have which images signed. */
export interface BuildRow {
  /** `projects/P/locations/L/triggers/NAME`. */
  readonly trigger: string;
  readonly serviceAccount: string;
  /** `https://github.com/org/app`, without `.git`. */
  readonly repository: string;
  readonly branch?: string;
  readonly tag?: string;
  /** The image path that is signed, and everything below it. */
  readonly image: string;
  readonly images: number;
  /** The platforms of its images, sorted, where an index of them is signed. */
  readonly platforms?: readonly string[];
  /** Whether its images are signed as well as the index. */
  readonly platformImages?: boolean;
}

/**
 * Reads the build again from Cloud Build and checks it against the table. Of the message only the id is taken: whoever can
 * publish to the topic could otherwise choose what is signed.
 */
export function checkBuildScript(rows: readonly BuildRow[]): string {
  // Nothing of indexes where no row asks for one.
  return rows.some(({ platforms }) => platforms !== undefined)
    ? pythonStep("check-build", `import base64\n${REGISTRY}${INDEX_OF}${CHECK_BUILD}`, rows, APIS_AND_REGISTRY)
    : pythonStep("check-build", CHECK_BUILD, rows);
}

const INDEX_OF = `

def index_of(build, row, images):
    """The index that a step of the build says it pushed, if these images are what is in it, and nothing else is."""
    paths = {image.split("@")[0] for image in images}
    if len(paths) != 1:
        fail("the images of the platforms have several paths: " + ", ".join(sorted(paths)))
    path = paths.pop()
    outputs = [base64.b64decode(one.replace("-", "+").replace("_", "/"), validate=True).decode("utf-8", "replace")
               for one in build["results"].get("buildStepOutputs", []) if one]
    said = {one.strip() for one in outputs if one.strip().startswith(path + "@")}
    if len(said) != 1:
        fail("the steps of the build name " + str(len(said)) + " indexes of " + path + ", and not one")
    index = said.pop()
    if not DIGEST.fullmatch(index[len(path) + 1:]):
        fail("no digest of an index, got " + repr(index))
    document = manifest(index)
    if not is_index(document):
        fail(index + " is no index of images")
    found = in_index(index, document)
    held = sorted(digest for _, digest in found)
    if held != sorted(image.split("@")[1] for image in images):
        fail(index + " does not hold the images of the build: it holds " + (", ".join(held) or "nothing"))
    platforms = sorted(platform for platform, _ in found)
    if platforms != row["platforms"]:
        fail(index + " is for " + ", ".join(platforms) + ", and the table says " + ", ".join(row["platforms"]))
    return index

`;

const CHECK_BUILD = `
def find(build_id, rows):
    """The build of this id, in one of the places of the table; and the place."""
    for place in sorted({row["trigger"].rsplit("/triggers/", 1)[0] for row in rows}):
        build = get(os.environ["CLOUD_BUILD"], place + "/builds/" + build_id, absent=True)
        if build is not None:
            return place, build
    fail("no project of the table has the build " + build_id)


def ref_of(substitutions):
    """Branch or tag, as the kind of row and the name; a build has one of them."""
    found = [(kind, substitutions[name]) for kind, name in (("branch", "BRANCH_NAME"), ("tag", "TAG_NAME"))
             if substitutions.get(name)]
    if len(found) != 1:
        fail("the build says of no one branch or tag that it is from it")
    return found[0]


def within(path, prefix):
    return path == prefix or path.startswith(prefix + "/")


def main():
    build_id = os.environ["REQUESTED_BUILD"]
    if not UUID.fullmatch(build_id):
        fail("no build id, got " + repr(build_id))
    rows = data()
    place, build = find(build_id, rows)
    project = place.split("/")[1]
    if build.get("id") != build_id or build.get("projectId") != project:
        fail("another build was answered: " + str(build.get("projectId")) + "/" + str(build.get("id")))
    if build.get("status") != "SUCCESS":
        fail("the build did not succeed: its status is " + str(build.get("status")))

    # Only a trigger's build has the id of a trigger; names are substitutions, which a person can choose.
    trigger_id = build.get("buildTriggerId", "")
    if not UUID.fullmatch(trigger_id):
        fail("the build was started by no trigger")
    trigger = get(os.environ["CLOUD_BUILD"], place + "/triggers/" + trigger_id)
    if trigger.get("id") != trigger_id:
        fail("another trigger was answered: " + str(trigger.get("id")))
    name = place + "/triggers/" + str(trigger.get("name"))
    rows = [row for row in rows if row["trigger"] == name]
    if not rows:
        fail("no row of the table has the trigger " + name)

    # The branch of a pull request has the name that its author gave it: that of a fork may be called main as well.
    if "_PR_NUMBER" in build.get("substitutions", {}) or any(
            isinstance(event, dict) and "pullRequest" in event for event in trigger.values()):
        fail("the build is of a pull request, or its trigger builds them: " + name)
    kind, ref = ref_of(build.get("substitutions", {}))
    if not re.fullmatch("[A-Za-z0-9._/+-]+", ref):
        fail("the " + kind + " has a name that is not understood: " + repr(ref))
    rows = [row for row in rows if kind in row and re.fullmatch(row[kind], ref)]
    if not rows:
        fail("no row of the table has the " + kind + " " + ref + " of the trigger " + name)
    if len(rows) > 1:
        fail("several rows of the table have the " + kind + " " + ref + " of the trigger " + name)
    row = rows[0]

    account = str(build.get("serviceAccount")).rsplit("/", 1)[-1]
    if account != row["serviceAccount"]:
        fail("the build ran as " + account + ", and not as " + row["serviceAccount"])
    source = build.get("source", {}).get("gitSource", {}).get("url")
    if source is not None and re.sub("[.]git$", "", source) != row["repository"]:
        fail("the build was of " + source + ", and not of " + row["repository"])
    if build.get("options", {}).get("requestedVerifyOption") != "VERIFIED":
        fail("the build did not ask for verified provenance")

    built = []
    results = build.get("results", {}).get("images", [])
    if len(results) != row["images"]:
        fail("the build has " + str(len(results)) + " images, and the table says " + str(row["images"]))
    for image in results:
        path = re.sub(":[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$", "", image["name"])
        if not re.fullmatch("[a-z0-9-]+[.]pkg[.]dev(/[a-z0-9]+([._-]+[a-z0-9]+)*)+", path):
            fail("no image path, got " + repr(image["name"]))
        if not within(path, row["image"]):
            fail(path + " is not " + row["image"] + " nor below it")
        if not DIGEST.fullmatch(image.get("digest", "")):
            fail("no digest of " + path + ", got " + repr(image.get("digest")))
        built.append(path + "@" + image["digest"])
    if len(set(built)) != len(built):
        fail("the build has an image twice")
    signed = built
    if "platforms" in row:
        signed = [index_of(build, row, built)] + (built if row["platformImages"] else [])

    facts = {
        "row": row, "build": build_id, "place": place, "trigger": trigger_id, "kind": kind, "ref": ref,
        # projects/NUMBER/locations/L/builds/ID
        "name": str(build.get("name")), "commit": build.get("substitutions", {}).get("COMMIT_SHA"),
    }
    with open(os.environ["BUILD_FILE"], "w", encoding="utf-8") as file:
        json.dump(facts, file)
    with open(os.environ["BUILT_FILE"], "w", encoding="utf-8") as file:
        file.write("".join(image + "\\n" for image in built))
    with open(os.environ["IMAGES_FILE"], "w", encoding="utf-8") as file:
        file.write("".join(image + "\\n" for image in signed))
    for image in signed:
        print(STEP + ": " + image + " is of build " + build_id + " of " + name)


main()
`;

/**
 * Checks that Cloud Build itself says of every image which build, trigger, repository and commit it is from.
 * Source: https://docs.cloud.google.com/build/gcb-buildtypes/google-worker/v1
 */
export const PROVENANCE_SCRIPT = pythonStep(
  "provenance",
  `
BUILDER = "https://cloudbuild.googleapis.com/GoogleHostedWorker"
BUILD_TYPE = "https://cloud.google.com/build/gcb-buildtypes/google-worker/v1"


def repository(uri):
    """A repository without what is around it: git+https://github.com/org/app.git@refs/heads/main."""
    plain = re.sub("^git[+]", "", uri).split("@")[0]
    return re.sub("[.]git$", "", plain)


def wrong(statement, image, facts):
    """Why a provenance is not that of the build; None where it is."""
    digest = image.split("@sha256:")[1]
    if statement.get("predicateType") != "https://slsa.dev/provenance/v1":
        return "it is of the type " + str(statement.get("predicateType"))
    if digest not in [subject.get("digest", {}).get("sha256") for subject in statement.get("subject", [])]:
        return "it is about another digest"
    definition = statement["predicate"]["buildDefinition"]
    details = statement["predicate"]["runDetails"]
    if definition.get("buildType") != BUILD_TYPE:
        return "its build type is " + str(definition.get("buildType"))
    if details.get("builder", {}).get("id") != BUILDER:
        return "its builder is " + str(details.get("builder", {}).get("id"))
    invocation = details.get("metadata", {}).get("invocationId")
    names = [facts["place"] + "/builds/" + facts["build"], facts["name"]]
    if invocation not in ["https://cloudbuild.googleapis.com/v1/" + name for name in names]:
        return "it is of the build " + str(invocation)
    internal = definition.get("internalParameters", {})
    if not str(internal.get("triggerUri")).endswith("/triggers/" + facts["trigger"]):
        return "it is of the trigger " + str(internal.get("triggerUri"))
    system = internal.get("systemSubstitutions", {})
    account = system.get("SERVICE_ACCOUNT_EMAIL", facts["row"]["serviceAccount"])
    if account != facts["row"]["serviceAccount"]:
        return "its build ran as " + str(account)
    return wrong_source(definition, system, facts)


def wrong_source(definition, system, facts):
    external = definition.get("externalParameters", {})
    stated = [external[name] for name in ("buildConfigSource", "sourceToBuild") if external.get(name)]
    commits = [one for one in definition.get("resolvedDependencies", []) if "gitCommit" in one.get("digest", {})]
    if not commits:
        return "it names no commit"
    repositories = {repository(one["uri"]) for one in commits} | {repository(one["repository"]) for one in stated}
    if repositories != {facts["row"]["repository"]}:
        return "its source is " + ", ".join(sorted(repositories))
    hashes = {one["digest"]["gitCommit"] for one in commits} | {system.get("COMMIT_SHA"), facts["commit"]}
    if len(hashes) != 1:
        return "its commits differ: " + ", ".join(sorted(str(one) for one in hashes))
    prefix = {"branch": "refs/heads/", "tag": "refs/tags/"}
    named = {"branch": system.get("BRANCH_NAME"), "tag": system.get("TAG_NAME")}
    refs = {prefix[kind] + name for kind, name in named.items() if name}
    refs |= {one["ref"] for one in stated if str(one.get("ref")).startswith("refs/")}
    refs |= {one["uri"].split("@", 1)[1] for one in commits if "@refs/" in one["uri"]}
    if refs != {prefix[facts["kind"]] + facts["ref"]}:
        return "it is from " + (", ".join(sorted(refs)) or "no branch or tag")
    return None


def reason_against(image, facts):
    reason = "there is none by Cloud Build"
    for one in occurrences("BUILD", image):
        statement = one.get("build", {}).get("inTotoSlsaProvenanceV1")
        # Anybody who may create occurrences in the project can write one; only Google can attach it to this note.
        if statement and one.get("noteName", "").startswith("projects/verified-builder/notes/"):
            reason = wrong(statement, image, facts)
            if reason is None:
                return None
    return reason


def main():
    with open(os.environ["BUILD_FILE"], encoding="utf-8") as file:
        facts = json.load(file)
    deadline = time.monotonic() + int(os.environ["PROVENANCE_TIMEOUT"])
    for image in images():
        while True:
            reason = reason_against(image, facts)
            if reason is None or time.monotonic() >= deadline:
                break
            time.sleep(min(10, max(1, deadline - time.monotonic())))
        if reason is not None:
            fail(image + " has no provenance that fits: " + reason)
        print(STEP + ": " + image + " is from " + facts["row"]["repository"] + " " + facts["ref"])


main()
`,
);

/** A vulnerability that is let through for a while. */
export interface ExceptionRow {
  readonly id: string;
  /** The last day, `YYYY-MM-DD`, in UTC. */
  readonly until: string;
  readonly reason: string;
}

/**
 * Checks what Artifact Analysis found in every image. A scan that is missing, unfinished or unreadable fails, as does a
 * vulnerability whose severity nobody has said yet.
 * Source: https://docs.cloud.google.com/artifact-analysis/docs/container-scanning-overview
 */
export function vulnerabilityScript(exceptions: readonly ExceptionRow[]): string {
  return pythonStep("vulnerabilities", VULNERABILITIES, exceptions);
}

/** Which findings count; shared by the scan of what was pushed and by the one before. */
const JUDGE = `
SEVERITIES = ["MINIMAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"]
VULNERABILITY = re.compile("projects/goog-vulnz/(locations/[a-z0-9-]+/)?notes/([A-Za-z0-9._-]+)")


def judged(image, findings):
    """What stops the image; what is let through is printed."""
    today = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    allowed = {one["id"]: one for one in data()}
    threshold = SEVERITIES.index(os.environ["SEVERITY"])
    fixable_only = os.environ["FIXABLE_ONLY"] == "true"
    bad = []
    for one in findings:
        details = one["vulnerability"]
        match = VULNERABILITY.fullmatch(one.get("noteName", ""))
        name = match.group(2) if match else str(one.get("noteName"))
        severity = details.get("effectiveSeverity") or details.get("severity") or "SEVERITY_UNSPECIFIED"
        # A severity that is not known counts as the highest.
        if severity in SEVERITIES and SEVERITIES.index(severity) < threshold:
            continue
        fixable = details.get("fixAvailable") is True
        if fixable_only and not fixable and severity in SEVERITIES:
            continue
        exception = allowed.get(name)
        if exception is not None and today <= exception["until"]:
            print(STEP + ": " + name + " is let through until " + exception["until"] + ": " + exception["reason"])
            continue
        expired = "; its exception ended on " + exception["until"] if exception else ""
        bad.append(image + " has " + name + " (" + severity + (", fixable" if fixable else "") + ")" + expired)
    print(STEP + ": " + image + " was scanned, with " + str(len(findings)) + " findings")
    return bad
`;

const VULNERABILITIES = `${JUDGE}
ANALYSIS = re.compile("projects/goog-analysis/(locations/[a-z0-9-]+/)?notes/PACKAGE_VULNERABILITY")


def scanned(image, deadline):
    """Waits until the scan is through; nothing but a finished one ends well."""
    while True:
        # Only Google can attach to this note, whoever else may create occurrences in the project.
        found = [one for one in occurrences("DISCOVERY", image) if ANALYSIS.fullmatch(one.get("noteName", ""))]
        statuses = {one.get("discovery", {}).get("analysisStatus") for one in found}
        if statuses and statuses <= {"FINISHED_SUCCESS", "COMPLETE"}:
            return
        if statuses & {"FINISHED_FAILED", "FINISHED_UNSUPPORTED"}:
            fail(image + " could not be scanned: " + ", ".join(sorted(str(one) for one in statuses)))
        if time.monotonic() >= deadline:
            said = ", ".join(sorted(str(one) for one in statuses)) or "nothing; is scanning enabled?"
            fail(image + " was not scanned in time: Artifact Analysis says " + said)
        time.sleep(15)


def main():
    deadline = time.monotonic() + int(os.environ["SCAN_TIMEOUT"])
    bad = []
    for image in images():
        scanned(image, deadline)
        bad += judged(image, occurrences("VULNERABILITY", image))
    if bad:
        fail("; ".join(bad))


main()
`;

/**
 * Scans the image that was built and is not pushed yet, by the packages that gcloud finds in it. A scan that is missing,
 * unfinished or unreadable fails: gcloud may end with 0 and without a scan.
 * Source: https://docs.cloud.google.com/artifact-analysis/docs/ods-cloudbuild
 */
export function onDemandScanScript(exceptions: readonly ExceptionRow[]): string {
  return pythonStep("scan", ON_DEMAND_SCAN, exceptions, RUN_SCAN);
}

const RUN_SCAN = `${BASE}SCAN="$(gcloud artifacts docker images scan "$IMAGE:$TAG" --project="$PROJECT" --location="$LOCATION" \\
  --format='value(response.scan)')" || { echo "scan: $IMAGE:$TAG could not be scanned" >&2; exit 1; }
ON_DEMAND_SCANNING="$(base ondemandscanning)"
export TOKEN SCAN ON_DEMAND_SCANNING
`;

const ON_DEMAND_SCAN = `${JUDGE}

def findings(scan):
    """Everything that a scan found, all pages."""
    query = {"pageSize": "1000"}
    found = []
    while True:
        page = get(os.environ["ON_DEMAND_SCANNING"], scan + "/vulnerabilities", query)
        found += page.get("occurrences", [])
        if not page.get("nextPageToken"):
            return found
        query["pageToken"] = page["nextPageToken"]


def main():
    image = os.environ["IMAGE"] + ":" + os.environ["TAG"]
    scan = os.environ["SCAN"]
    if not re.fullmatch("projects/[a-z0-9.:-]+/locations/[a-z0-9-]+/scans/[A-Za-z0-9-]+", scan):
        fail(image + " was not scanned: gcloud named no scan, got " + repr(scan))
    bad = judged(image, findings(scan))
    if bad:
        fail("; ".join(bad))


main()
`;

/**
 * Reads which images are to be signed again: lines of a file, or what `binauthz admit --format json` says of what runs. An
 * image without a digest cannot be signed, and remains.
 */
export const READ_LIST_SCRIPT = `#!/usr/bin/env bash
set -euo pipefail

code="$(mktemp)"
cat > "$code" <<'PYTHON'
import json
import os
import re
import sys

IMAGE = re.compile("[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)+@sha256:[0-9a-f]{64}")


def fail(text):
    print("read-list: " + text, file=sys.stderr)
    sys.exit(1)

${READ_SOURCE}

def with_digest(image, digest):
    """The image by its digest and without its tag; as it is where it has none."""
    name, _, own = image.partition("@")
    name = re.sub(":[A-Za-z0-9_][A-Za-z0-9_.-]*$", "", name)
    return name + "@" + (own or digest) if own or digest else image


def of_decisions(text):
    document = json.loads(text)
    if document.get("schemaVersion") != 1 or not isinstance(document.get("decisions"), list):
        fail("the list is JSON, and not what binauthz admit prints")
    # Nobody asks for the attestations of an exempt image.
    asked = [one for one in document["decisions"] if one.get("category") != "exempt"]
    return [with_digest(one["image"], one.get("runningDigest")) for one in asked]


def of_lines(text):
    lines = [re.sub("(^|[ \\t])#.*$", "", line).strip() for line in text.splitlines()]
    return [with_digest(line, None) for line in lines if line]


text = read_source(os.environ["LIST_FILE"])
try:
    wanted = of_decisions(text) if text.lstrip().startswith("{") else of_lines(text)
except (ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
    fail("the list cannot be read: " + str(error))
wanted = sorted(set(wanted))
if not wanted:
    fail("the list is empty")
known = [image for image in wanted if IMAGE.fullmatch(image)]
with open(os.environ["IMAGES_FILE"], "w", encoding="utf-8") as file:
    file.write("".join(image + "\\n" for image in known))
with open(os.environ["REMAINING_FILE"], "w", encoding="utf-8") as file:
    file.write("".join(json.dumps(image) + " has no digest\\n" for image in wanted if image not in known))
print("read-list: " + str(len(known)) + " images by digest, " + str(len(wanted) - len(known)) + " without one")
PYTHON
python3 -I "$code"
`;
