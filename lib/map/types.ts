import type { Target } from "../admission/types";
import type { Finding, SignerChange } from "../review/types";
import type { Origin, TrustModel } from "../trust";

/**
 * The shapes of the map. `graph.ts` makes a graph of what one model comes to, `unite.ts` one of two of them, `gather.ts` puts
 * together what is alike, `layout.ts` gives each node its place; SVG, Mermaid, JSON and the page draw what comes of it.
 */

/** From the left to the right: who signs, with what, for whom, what asks for it, and where. */
export const COLUMNS = ["Identities", "Keys", "Attestors", "Policy", "Targets"] as const;

export type NodeKind =
  | "pipeline"
  | "principal"
  | "key"
  | "attestor"
  | "policy"
  | "rule"
  | "cluster"
  | "cloud-run"
  | "identity"
  | "everything-else";

/** The words for a kind of node, one and several. */
export const KIND_WORDS: Readonly<Record<NodeKind, readonly [one: string, several: string]>> = {
  pipeline: ["Pipeline", "pipelines"],
  principal: ["Principal", "principals"],
  key: ["Key version", "key versions"],
  attestor: ["Attestor", "attestors"],
  policy: ["Policy", "policies"],
  rule: ["Rule", "rules"],
  cluster: ["Cluster", "clusters"],
  "cloud-run": ["Cloud Run", "Cloud Run services"],
  identity: ["In clusters", "namespaces or accounts"],
  "everything-else": ["Default", "projects"],
};

/**
 * What a node does with images: `checked` it asks for attestations, `closed` it lets nothing through, `open` it lets
 * everything through, `unknown` that is not decided; `plain` where it does nothing with images.
 */
export type Tone = "checked" | "closed" | "open" | "unknown" | "plain";

export interface Status {
  readonly tone: Tone;
  readonly text: string;
}

/** Something that is known of a node, or is not: `value` then says why. */
export interface Fact {
  readonly label: string;
  readonly value: string;
  readonly state: "known" | "unknown" | "hidden";
}

/** What a node says of itself. */
export interface NodeContent {
  readonly title: string;
  readonly subtitle?: string;
  readonly status?: Status;
  /** A sentence: what the node comes to. */
  readonly summary?: string;
  readonly facts: readonly Fact[];
}

export interface GraphNode extends NodeContent {
  /** The same before and after: what it is and its full name. */
  readonly id: string;
  readonly kind: NodeKind;
  /** The number of its column. */
  readonly column: number;
  /** The full names and addresses that findings and readers use for it. */
  readonly names: readonly string[];
  readonly origins: readonly Origin[];
}

export type EdgeKind =
  /** What has to be so for an image to run: signs, is trusted, is required, applies. */
  | "chain"
  /** A part of that, or what may be so. */
  | "maybe"
  /** Somebody may change it, grant it, or act for it. */
  | "power"
  /** Images that run without being asked. */
  | "exempt";

export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly kind: EdgeKind;
  /** Reads between the two: `can sign with`. */
  readonly label: string;
}

export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

export type Change = "same" | "added" | "removed" | "changed";

/** What is written on what changes. */
export const CHANGE_WORDS: Readonly<Record<Change, string>> = {
  same: "",
  added: "new",
  removed: "gone",
  changed: "changed",
};

export interface MapNode extends GraphNode {
  readonly change: Change;
  /** What it said of itself before, where that is something else. */
  readonly before?: NodeContent;
  /** What it stands for, where it stands for several. */
  readonly members?: readonly MapNode[];
  /** The numbers of the findings that are about it or its members. */
  readonly findings: readonly number[];
}

export interface MapEdge extends GraphEdge {
  readonly change: Exclude<Change, "changed">;
}

/** What a target does with images that are not exempt. */
export interface TargetRow {
  readonly target: Target;
  /** `gke:PROJECT/LOCATION.NAME`, `run:PROJECT/LOCATION/NAME`, `default:PROJECT`. */
  readonly name: string;
  /** The id of its node. */
  readonly node: string;
  readonly before?: Effect;
  readonly after?: Effect;
}

export interface Effect {
  readonly status: Status;
  /** The rule in words. */
  readonly rule: string;
}

/** The chain of trust, ready to be drawn. */
export interface ChainMap {
  /** What was read, as the user named it. */
  readonly sources: readonly string[];
  /** Whether it has a before, as a plan does. */
  readonly compared: boolean;
  readonly nodes: readonly MapNode[];
  readonly edges: readonly MapEdge[];
  readonly targets: readonly TargetRow[];
  readonly signers: readonly SignerChange[];
  readonly allGrants: boolean;
  readonly findings: readonly Finding[];
  readonly models: { readonly before?: TrustModel; readonly after: TrustModel };
}
