import { SigningAlgorithm } from "../../../vocabulary/signing-algorithm";
import { type Attestor, type AttestorKey, hidden, type KeyMaterial, known, type Note, type Value } from "../../model";
import type { Block } from "../attribute";
import { keyMaterial } from "../key-material";
import { completeName, inName, projectName } from "../names";
import { behind, behindBlock, projectOf, type Resource, type Surroundings } from "../resource";
import { chainValue, mapValue } from "../values";

export function readNotes(around: Surroundings): Note[] {
  return around.ofType("google_container_analysis_note").map((resource) => ({
    name: `${projectName(resource)}/notes/${inName(resource.block.text("name"), resource, "name")}`,
    humanReadableName: humanReadableName(resource),
    origin: resource.origin,
  }));
}

function humanReadableName(resource: Resource): Value<string> {
  return chainValue(resource.block.block("attestation_authority"), (authority) =>
    chainValue(authority?.block("hint") ?? known(undefined), (hint) => hint?.text("human_readable_name") ?? known("")),
  );
}

export function readAttestors(around: Surroundings): Attestor[] {
  return around.ofType("google_binary_authorization_attestor").map((resource) => {
    const note = resource.block.block("attestation_authority_note");
    return {
      name: `${projectName(resource)}/attestors/${inName(resource.block.text("name"), resource, "name")}`,
      noteName: chainValue(note, (block) =>
        chainValue(block?.text("note_reference") ?? behind(resource, "attestation_authority_note"), (reference) =>
          completeName(reference, "notes", projectOf(resource)),
        ),
      ),
      publicKeys: chainValue(note, (block) =>
        block ? mapValue(block.blocks("public_keys"), (keys) => keys.flatMap(readAttestorKey)) : known([]),
      ),
      origin: resource.origin,
    };
  });
}

function readAttestorKey(block: Block): AttestorKey[] {
  // A key without an id is given one by the provider, the one of the key that was there before it: never computed here.
  const id = block.text("id") ?? behindBlock(block, "id");
  const pgp = block.text("ascii_armored_pgp_public_key");
  const pkix = block.block("pkix_public_key");
  if (pgp !== undefined) {
    const material = mapValue(pgp, (text): KeyMaterial => ({ format: "unverified", text }));
    return [{ id, type: "pgp", material, algorithm: hidden(`\${${block.at}.ascii_armored_pgp_public_key}`) }];
  }
  return [
    {
      id,
      type: "pkix",
      material: chainValue(pkix, (key) =>
        mapValue(key?.text("public_key_pem") ?? behindBlock(block, "pkix_public_key"), keyMaterial),
      ),
      algorithm: chainValue(pkix, (key) =>
        mapValue(key?.text("signature_algorithm") ?? behindBlock(block, "pkix_public_key"), attestorAlgorithm),
      ),
    },
  ];
}

/** The name of the Binary Authorization API for an algorithm in either spelling; an unknown name stays. */
export function attestorAlgorithm(name: string): string {
  return SigningAlgorithm._named(name)?.attestorName ?? name;
}
