import { createPublicKey } from "node:crypto";
import type { Occurrence } from "../admission";
import {
  type Cluster,
  EMPTY_MODEL,
  type KeyVersion,
  known,
  type Note,
  readAttestorsExport,
  readPolicyExport,
  type TrustModel,
  UNKNOWN,
} from "../trust";
import { publicKeyDigestId } from "../vocabulary/public-key";
import { storedPolicy } from "./binary-authorization";
import { type JsonObject, obj, str } from "./json";
import { publicPem } from "./signing";
import { lookup, type State } from "./state";

/** How the sandbox is named in origins and messages. */
const SOURCE = "sandbox";
const ORIGIN = { source: SOURCE };

/**
 * What the sandbox stores, as a trust model: what the provider put, and what gcloud made.
 * @param projects those whose policies are wanted
 */
export function trustModelOf(state: State, projects: readonly string[] = Object.keys(state.projects)): TrustModel {
  return {
    ...EMPTY_MODEL,
    keyVersions: Object.values(state.cryptoKeyVersions).map((version) => keyVersion(state, version)),
    notes: Object.values(state.notes).map(noteOf),
    attestors: readAttestorsExport(SOURCE, Object.values(state.attestors)).attestors,
    policies: projects.flatMap((project) => policyOf(state, project)),
    clusters: Object.entries(state.clusters).map(([name, cluster]) => clusterOf(name, cluster)),
  };
}

/** The policy of a project, the default one where nobody put any. Throws `ReadError` for one that no service would evaluate. */
function policyOf(state: State, project: string): TrustModel["policies"] {
  return readPolicyExport(`${SOURCE}, policy of ${project}`, storedPolicy(state, project)).policies;
}

function keyVersion(state: State, version: JsonObject): KeyVersion {
  const privatePem = lookup(state.privateKeys, str(version.name));
  const pem = privatePem && publicPem(privatePem);
  return {
    name: str(version.name),
    state: known(str(version.state)),
    algorithm: known(str(version.algorithm)),
    protectionLevel: known(str(version.protectionLevel)),
    publicKey: pem
      ? known({ format: "pem", pem, fingerprint: publicKeyDigestId(createPublicKey(pem)) })
      : // The key is made when it is first asked for.
        UNKNOWN,
    origin: ORIGIN,
  };
}

function noteOf(note: JsonObject): Note {
  const name = str(obj(obj(note.attestation).hint).humanReadableName);
  return { name: str(note.name), humanReadableName: known(name), origin: ORIGIN };
}

function clusterOf(fullName: string, cluster: JsonObject): Cluster {
  const [, project, , location, , name] = fullName.split("/");
  const mode = str(obj(cluster.binaryAuthorization).evaluationMode) || "DISABLED";
  return { project, location, name, evaluationMode: known(mode), origin: ORIGIN };
}

/** The attestations that there are. What is malformed stays in: the simulator says so. */
export function attestations(state: State): Occurrence[] {
  const kept = Object.values(state.occurrences).filter(({ kind }) => kind === "ATTESTATION");
  return kept as unknown as Occurrence[];
}
