import { showTarget } from "../admission/targets";
import { safeJson } from "../review/report/escape";
import type { Finding } from "../review/types";
import type { ChainMap, MapNode } from "./types";

/** The version of the shape that schemas/map.json describes. */
export const MAP_SCHEMA_VERSION = 1;

/** What `--format json` prints. */
export function mapJson({ allGrants, compared, edges, findings, nodes, signers, sources, targets }: ChainMap) {
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

/** With the fields, and in the order, that review and check have. */
function findingJson(finding: Finding) {
  const { address, after, before, certainty, constructPath, effects, fingerprint, id, mend, message, severity } =
    finding;
  const { source, target, title } = finding;
  return {
    id,
    severity,
    effects,
    ...(address !== undefined && { address }),
    ...(constructPath !== undefined && { constructPath }),
    ...(target !== undefined && { target }),
    title,
    message,
    ...(before !== undefined && { before }),
    ...(after !== undefined && { after }),
    mend,
    fingerprint,
    certainty,
    ...(source !== undefined && { source }),
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
