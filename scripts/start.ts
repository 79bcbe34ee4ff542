import { relative, resolve } from "node:path";
import { ServiceAccount } from "@cdktf/provider-google/lib/service-account";
import { type App, TerraformResource, TerraformStack } from "cdktf";
import Table from "cli-table3";
import type { IConstruct } from "constructs";
import {
  AdmissionPolicy,
  Attestor,
  type ClusterRuleData,
  EnforcementMode,
  EvaluationMode,
  type IEnforcedCluster,
  SignerPipeline,
  TrustRoot,
} from "../lib";

// Synthesizes the reference deployment and says what came of it. Everything is read from the constructs, as a user's
// own program could; nothing is asked of terraform or of Google Cloud.

const WIDTH = 100;

type Cell = string | { readonly content: string; readonly colSpan: number };

/** A step of the chain: what it is, in a sentence, and its rows. */
interface Section {
  readonly title: string;
  readonly meaning: string;
  readonly head?: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** What goes without a row. */
  readonly notes?: readonly string[];
}

const OVERVIEW =
  "A pipeline signs the images it builds, with a key; an attestor trusts that key; and the policy has the clusters run only what the attestor vouches for.";

function main(app: App): void {
  const tree = app.node.findAll();
  const policies = tree.filter((construct) => construct instanceof AdmissionPolicy);
  const projects = policies.map((policy) => policy.project).join(", ");
  print(`The chain of trust of ${projects}, from the key to the clusters`);
  print(...wrap(OVERVIEW, ""), "");
  [keys(tree), attestors(tree), pipelines(tree), ...policies.map((policy) => admission(policy, tree)), grants(tree)]
    .filter((section) => section.rows.length > 0)
    .forEach((section, index) => {
      printSection(index + 1, section);
    });
  printWarnings(tree);
  printNext(app, tree);
}

function keys(tree: readonly IConstruct[]): Section {
  const rows = tree
    .filter((construct) => construct instanceof TrustRoot)
    .flatMap((root) =>
      root.versions.map((version) => [
        `${root.keyRingName}/${root.keyName}`,
        root.location,
        `${version.number} "${version.id}"`,
        version.state.toLowerCase(),
        version.algorithm?.kmsName ?? "",
        root.cryptoKey.versionTemplateInput?.protectionLevel ?? "",
      ]),
    );
  return {
    title: "Keys",
    meaning: "Whoever may sign with one of these can vouch for images. The private key stays in Cloud KMS.",
    head: ["KEY", "LOCATION", "VERSION", "STATE", "ALGORITHM", "KEPT IN"],
    rows,
  };
}

function attestors(tree: readonly IConstruct[]): Section {
  const rows = tree
    .filter((construct) => construct instanceof Attestor)
    .map((attestor) => [
      attestor.attestorName,
      lastPart(attestor.noteId),
      attestor.note?.attestationAuthority.hint.humanReadableNameInput ?? "",
      attestor.publicKeys.map((key) => shortKey(key.id)).join("\n"),
    ]);
  return {
    title: "Attestors",
    meaning: "An attestor vouches for an image when one of its keys signed it. Signatures hang on its note.",
    head: ["ATTESTOR", "NOTE", "SHOWN AS", "KEYS IT TRUSTS"],
    rows,
  };
}

function pipelines(tree: readonly IConstruct[]): Section {
  const rows = tree
    .filter((construct) => construct instanceof SignerPipeline)
    .flatMap((pipeline) => [
      ["trigger", pipeline.trigger ? pipeline.pipelineName : "your own"],
      ["builds", pipeline.image],
      ["runs as", pipeline.serviceAccountEmail],
      ...pipeline.attestors.map((attestor) => [
        "signs",
        `for ${attestor.attestorName}, with ${shortKey(attestor.signingTrustRoot.signingKeyVersion)}`,
      ]),
    ]);
  return {
    title: "Pipelines",
    meaning: "Cloud Build builds the image, pushes it, and signs the digest of what it pushed.",
    rows,
  };
}

function admission(policy: AdmissionPolicy, tree: readonly IConstruct[]): Section {
  const rules = [...policy.clusterRules, policy.defaultRuleData];
  return {
    title: "Admission policy",
    meaning: "What the clusters of the project run. A rule counts where enforcement is switched on.",
    head: ["CLUSTER", "RULE", "ATTESTED BY", "OTHERWISE", "SWITCHED ON"],
    rows: rules.map((rule) => [
      where(rule),
      rule.evaluationMode,
      (rule.requireAttestationsBy ?? []).map(lastPart).join("\nand "),
      consequence(rule),
      switchedOn(rule, tree),
    ]),
    notes: [
      ...(policy.exemptImages.length > 0
        ? ["Exempt everywhere, signed or not:", ...policy.exemptImages.map((pattern) => `  ${pattern}`)]
        : ["No image is exempt."]),
      policy.resource.globalPolicyEvaluationModeInput === "ENABLE"
        ? "Google's own list of GKE system images is exempt as well."
        : "Google's own list of GKE system images is not exempt.",
    ],
  };
}

function where(rule: ClusterRuleData): string {
  if (rule.cluster === "default") {
    return "all others (default)";
  }
  const [location, name] = rule.cluster.split(".");
  return `${name} (${location})`;
}

function consequence(rule: ClusterRuleData): string {
  if (rule.evaluationMode === EvaluationMode.ALWAYS_ALLOW) {
    return "";
  }
  return rule.enforcementMode === EnforcementMode.DRYRUN_AUDIT_LOG_ONLY ? "dry run: runs, logged" : "refused";
}

/** Who makes the cluster ask for the policy: without that its rule says nothing. */
function switchedOn(rule: ClusterRuleData, tree: readonly IConstruct[]): string {
  if (rule.cluster === "default") {
    return "";
  }
  const cluster = tree.find((construct) => (construct as Partial<IEnforcedCluster>).clusterKey === rule.cluster);
  if (!cluster) {
    return "elsewhere";
  }
  // A cluster of this program has its resource below or above it; one managed elsewhere has a check only.
  const own = "cluster" in cluster || TerraformResource.isTerraformResource(cluster.node.scope);
  return own ? "by this program" : "elsewhere, checked";
}

/** Every IAM member resource of the tree, whatever construct wrote it. */
function grants(tree: readonly IConstruct[]): Section {
  const members = new Map<string, Cell[][]>();
  for (const resource of tree as readonly IamMember[]) {
    if (resource.terraformResourceType?.endsWith("_iam_member") && resource.memberInput && resource.roleInput) {
      const rows = members.get(resource.memberInput) ?? [heading(resource.memberInput, tree)];
      members.set(resource.memberInput, [...rows, [`  ${resource.roleInput}`, opened(resource)]]);
    }
  }
  return {
    title: "Grants",
    meaning: "Who may do what, and on what alone. Grants that others made stay as they are.",
    rows: [...members.values()].flatMap((rows, index) => (index === 0 ? rows : [[""], ...rows])),
  };
}

/** A member, and what it is for where this program makes it. */
function heading(member: string, tree: readonly IConstruct[]): Cell[] {
  const account = tree.find(
    (construct) =>
      construct instanceof ServiceAccount &&
      member.startsWith(`serviceAccount:${construct.accountIdInput}@`) &&
      member.includes(construct.projectInput ?? ""),
  ) as ServiceAccount | undefined;
  const lines = account?.displayNameInput ? [`${account.displayNameInput}:`, member] : [member];
  return [{ content: lines.join("\n"), colSpan: 2 }];
}

/** What the IAM member resources of the provider have in common, and by what they name the resource they open. */
type IamMember = IConstruct & {
  readonly [Input in
    | "memberInput"
    | "roleInput"
    | "cryptoKeyIdInput"
    | "noteInput"
    | "attestorInput"
    | "repositoryInput"
    | "projectInput"]?: string;
} & Partial<Pick<TerraformResource, "terraformResourceType">>;

function opened(resource: IamMember): string {
  const { cryptoKeyIdInput, noteInput, attestorInput, repositoryInput, projectInput } = resource;
  if (cryptoKeyIdInput) {
    return `key ${lastPart(cryptoKeyIdInput)}`;
  }
  if (noteInput) {
    return `note ${noteInput}`;
  }
  if (attestorInput) {
    return `attestor ${attestorInput}`;
  }
  return repositoryInput ? `repository ${repositoryInput}` : `project ${projectInput}`;
}

function printWarnings(tree: readonly IConstruct[]): void {
  // Synthesis only notes them in the manifest; cdktf's command prints them, and it does not run here.
  const warnings = tree.flatMap(({ node }) =>
    node.metadata.filter(({ type }) => type === "@cdktf/warn").map(({ data }) => `${node.path}: ${data}`),
  );
  if (warnings.length > 0) {
    print(warnings.length === 1 ? "1 warning" : `${warnings.length} warnings`, "");
    for (const warning of warnings) {
      print(...wrap(warning, "   "), "");
    }
  }
}

function printNext(app: App, tree: readonly IConstruct[]): void {
  const resources = tree.filter((construct) => TerraformResource.isTerraformResource(construct));
  const stacks = tree.filter((construct) => construct instanceof TerraformStack);
  print(`Nothing was deployed. The ${resources.length} resources are written down, as Terraform JSON, in`);
  for (const stack of stacks) {
    print(`   ${shown(app, app.manifest.forStack(stack).synthesizedStackPath)}`);
  }
  print("", "To see what would change and then to apply just that (needs terraform and Google credentials):");
  for (const stack of stacks) {
    const chdir = `terraform -chdir=${shown(app, app.manifest.forStack(stack).workingDirectory)}`;
    print(`   ${chdir} init`, `   ${chdir} plan -out=plan.tfplan`, `   ${chdir} apply plan.tfplan`);
  }
  print("or everything at once:", "   npx cdktf deploy");
  if (!process.env.GOOGLE_PROJECT) {
    print("", "The project is an example. For one of yours:", "   GOOGLE_PROJECT=your-project npm start");
  }
}

/** A path of the output folder, as a person standing here would type it. */
function shown(app: App, path: string): string {
  const absolute = resolve(app.outdir, path);
  const fromHere = relative(process.cwd(), absolute);
  return fromHere.startsWith("..") ? absolute : fromHere;
}

function printSection(number: number, section: Section): void {
  const table = new Table({
    head: [...(section.head ?? [])],
    chars: Object.fromEntries(BORDERS.map((border) => [border, border === "middle" ? "  " : ""])),
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0, compact: true },
  });
  table.push(...section.rows.map((row) => [...row]));
  print(`${number}. ${section.title}`, ...wrap(section.meaning, "   "), "");
  print(...indent(table.toString().split("\n")), "");
  if (section.notes) {
    print(...indent(section.notes), "");
  }
}

const BORDERS = [
  ...["top", "top-mid", "top-left", "top-right", "bottom", "bottom-mid", "bottom-left", "bottom-right"],
  ...["left", "left-mid", "mid", "mid-mid", "right", "right-mid", "middle"],
];

function indent(lines: readonly string[]): string[] {
  return lines.map((line) => `   ${line}`.trimEnd());
}

/** Breaks text at its spaces; a word that is longer than a line stays whole. */
function wrap(text: string, margin: string): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line && margin.length + line.length + 1 + word.length > WIDTH) {
      lines.push(margin + line);
      line = "";
    }
    line = line ? `${line} ${word}` : word;
  }
  return [...lines, margin + line];
}

function shortKey(id: string): string {
  const [, key, version] = /\/cryptoKeys\/([^/]+)\/cryptoKeyVersions\/([^/]+)$/.exec(id) ?? [];
  return key ? `${key} version ${version}` : id;
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}

function print(...lines: readonly string[]): void {
  process.stdout.write(`${lines.join("\n")}\n`);
}

// `npm start | head` has read enough.
process.stdout.on("error", () => process.exit());

// Loaded here and not at the top, so that a refusal is a message and no stack trace.
import("../main").then(
  ({ app }) => main(app),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 1;
  },
);
