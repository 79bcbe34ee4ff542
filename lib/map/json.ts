import { showTarget } from "../admission/targets";
import { safeJson } from "../review/report/escape";
import { findingJson } from "../review/report/json";
import type { ChainMap, MapNode } from "./types";

/** The version of the shape that schemas/map.json describes. */
const MAP_SCHEMA_VERSION = 1;

/** What `--format json` prints. */
function mapJson({ allGrants, compared, edges, findings, nodes, signers, sources, targets }: ChainMap) {
  return {
    schemaVersion: MAP_SCHEMA_VERSION,
    sources,
    compared,
    nodes: nodes.map(nodeJson),
    edges: edges.map(({ change, from, kind, label, to }) => ({ from, to, kind, label, change })),
    targets: targets.map(({ after, before, node, target }) => ({
      target: showTarget(target),
      node,
      ...(before && { before }),
      ...(after && { after }),
    })),
    signers: signers.map(({ after, attestor, before, principal }) => ({
      principal,
      attestor,
      ...(compared && { before }),
      after,
    })),
    allGrants,
    findings: findings.map(findingJson),
  };
}

interface NodeJson extends Omit<MapNode, "column" | "members"> {
  readonly members?: readonly NodeJson[];
}

function nodeJson({ column: _, members, ...node }: MapNode): NodeJson {
  return { ...node, ...(members && { members: members.map(nodeJson) }) };
}

export function jsonOf(map: ChainMap): string {
  return `${safeJson(mapJson(map))}\n`;
}
