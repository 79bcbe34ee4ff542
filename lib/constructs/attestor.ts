import { BinaryAuthorizationAttestor } from "@cdktf/provider-google/lib/binary-authorization-attestor";
import { ContainerAnalysisNote } from "@cdktf/provider-google/lib/container-analysis-note";
import type { TerraformProvider, TerraformResource } from "cdktf";
import { Construct, type IConstruct, type Node } from "constructs";
import { ProblemCode, show } from "../vocabulary/problem";
import {
  ATTESTOR_NAME,
  attestorName as fullName,
  noteName as fullNoteName,
  PROJECT_ID,
  type ProjectScopedName,
  parseAttestorName,
  parseNoteName,
} from "../vocabulary/resource-name";
import { AttestorGrants } from "./attestor-grants";
import type { AttestorPublicKey, IAttestorKeySource } from "./attestor-key";
import { claim, fixAddress, logicalId, provide, unclaim, waitFor } from "./private/addressing";
import { enabledApi } from "./private/apis";
import { resolveProject } from "./private/project";
import { pathOf, Refusals, refuse } from "./private/refusals";
import { forget, importExisting } from "./private/terraform-block";
import type { ITrustRoot } from "./trust-root";

/** An attestor that a policy can require. */
export interface IAttestor extends IConstruct {
  /** The full name: `projects/P/attestors/N`. */
  readonly attestorId: string;
  /** The short name. */
  readonly attestorName: string;
  /** The project of the attestor. */
  readonly project: string;
  /** The resources that have to exist before a policy refers to the attestor; none where it is managed elsewhere. */
  readonly resources: TerraformResource[];
}

/** An attestor together with the key that a pipeline signs for it with. */
export interface ISigningAttestor extends IAttestor {
  /** The full name of the note that attestations are attached to: `projects/P/notes/N`. */
  readonly noteId: string;
  /** The trust root whose signing version makes the attestations. */
  readonly signingTrustRoot: ITrustRoot;
  /** Opens attestor and note to those who sign and those who verify. */
  readonly grants: AttestorGrants;
}

/** What a new, or adopted, attestor is made of. */
export interface AttestorProps {
  /** The short name. Unique in the whole company: the provider tells attestors in a policy apart by it alone. */
  readonly attestorName: string;

  /**
   * The keys that are trusted. They are alternatives: any one of them then signs for every workload that requires this
   * attestor. Between 1 and 1000 (https://docs.cloud.google.com/binary-authorization/quotas).
   */
  readonly keys: IAttestorKeySource[];

  /**
   * The name of the note, made in the attestor's project. Not together with `noteId`.
   * @default - the attestor's name
   */
  readonly noteName?: string;

  /**
   * The full name of a note that exists and is managed elsewhere, in this project or another one: `projects/P/notes/N`.
   * @default - a note is made here
   */
  readonly noteId?: string;

  /**
   * What the note says of its authority, for people.
   * @default - the attestor's name
   */
  readonly humanReadableName?: string;

  /**
   * A description of the attestor, for people.
   * @default - none
   */
  readonly description?: string;

  /**
   * Whether note and attestor exist already, made by hand or with gcloud, and are imported.
   * @default false
   */
  readonly adopt?: boolean;

  /**
   * Whether Terraform refuses to destroy note and attestor (`prevent_destroy`): without the note every attestation is
   * lost, see docs/teardown.md.
   * @default true
   */
  readonly deletionProtection?: boolean;

  /**
   * The project of attestor and note.
   * @default - the literal project of the google provider
   */
  readonly project?: string;

  /**
   * Whether binaryauthorization.googleapis.com and containeranalysis.googleapis.com are enabled here; `false` where an
   * organisation does it elsewhere.
   * @default true
   */
  readonly enableApis?: boolean;

  /**
   * The google provider, where the stack has several.
   * @default - the default provider of the stack
   */
  readonly provider?: TerraformProvider;
}

/** An attestor that is managed elsewhere and for which a pipeline here signs. */
export interface AttestorAttributes {
  /** The full name: `projects/P/attestors/N`. */
  readonly attestorId: string;
  /** The full name of its note: `projects/P/notes/N`. */
  readonly noteId: string;
  /** The trust root to sign with. */
  readonly signingTrustRoot: ITrustRoot;
}

/** Where Cloud Build's own attestor is. */
export interface BuiltByCloudBuildOptions {
  /**
   * The project that builds.
   * @default - the literal project of the google provider
   */
  readonly project?: string;
}

// https://docs.cloud.google.com/binary-authorization/quotas
const MAX_KEYS = 1000;

abstract class AttestorBase extends Construct implements IAttestor {
  public abstract readonly attestorId: string;
  public abstract readonly attestorName: string;
  public abstract readonly project: string;
  public abstract readonly resources: TerraformResource[];
}

/**
 * An attestor of Binary Authorization, the note its attestations are attached to, and the public keys it trusts.
 *
 * The ids of keys are always explicit and literal. Without them the provider hands ids on by position when a key is
 * removed, and attestations point at the wrong key.
 */
export class Attestor extends AttestorBase implements ISigningAttestor {
  /**
   * An attestor that is managed elsewhere, for policies.
   *
   * @param scope the construct's parent
   * @param id the construct's id
   * @param attestorName the full name `projects/P/attestors/N`, or the short name in the project of the stack
   */
  public static fromAttestorName(scope: Construct, id: string, attestorName: string): IAttestor {
    return new ImportedAttestor(scope, id, attestorName);
  }

  /**
   * An attestor that is managed elsewhere, for pipelines that sign for it.
   *
   * @param scope the construct's parent
   * @param id the construct's id
   * @param attributes its name, its note and the trust root to sign with
   */
  public static fromAttestorAttributes(scope: Construct, id: string, attributes: AttestorAttributes): ISigningAttestor {
    return new ImportedSigningAttestor(scope, id, attributes);
  }

  /**
   * The attestor `built-by-cloud-build` that Cloud Build makes in a project with its first image build. It attests any
   * build of the project, whatever its source, and has to exist before a policy with it is applied
   * (https://docs.cloud.google.com/binary-authorization/docs/deploy-cloud-build).
   *
   * @param scope the construct's parent
   * @param id the construct's id
   * @param options the project that builds
   */
  public static builtByCloudBuild(scope: Construct, id: string, options: BuiltByCloudBuildOptions = {}): IAttestor {
    const refusals = new Refusals(pathOf(scope, id));
    const project = resolveProject(refusals, scope, options);
    refusals.throwIfAny();
    return new ImportedAttestor(scope, id, fullName(project, "built-by-cloud-build"));
  }

  public readonly attestorId: string;
  public readonly attestorName: string;
  public readonly project: string;
  public readonly noteId: string;
  public readonly grants: AttestorGrants;
  /** The keys as the attestor carries them, in order. */
  public readonly publicKeys: AttestorPublicKey[];
  /** The resource of the note; undefined where it is managed elsewhere. */
  public readonly note?: ContainerAnalysisNote;
  /** The resource of the attestor. */
  public readonly resource: BinaryAuthorizationAttestor;

  private readonly trustRoots: readonly ITrustRoot[];
  private released = false;

  /**
   * @param scope the construct's parent
   * @param id the construct's id; no part of any address
   * @param props the attestor
   */
  public constructor(scope: Construct, id: string, props: AttestorProps) {
    super(scope, id);
    const { project, note } = validate(scope, id, props);
    this.project = project;
    this.attestorName = props.attestorName;
    this.attestorId = fullName(project, props.attestorName);
    this.noteId = fullNoteName(note.project, note.name);
    claim(this, "attestor", this.attestorId);

    this.trustRoots = props.keys.filter(isTrustRoot);
    this.publicKeys = props.keys.flatMap((source) => source.publicKeysIn(this));
    checkPublicKeys(this.node.path, this.publicKeys);

    const placement = { ...props, project };
    this.note = props.noteId === undefined ? this.createNote(props, note) : undefined;
    if (this.note) {
      waitFor(this.note, enabledApi(this, "containeranalysis", placement));
    }
    this.resource = this.createAttestor(props);
    waitFor(this.resource, this.note, enabledApi(this, "binaryauthorization", placement));
    this.grants = AttestorGrants._of({
      scope: this,
      attestor: { project, name: props.attestorName },
      note,
      provider: props.provider,
      after: () => this.ownResources(),
      released: () => this.released,
      api: (api) => enabledApi(this, api, placement),
    });
    provide(this, "attestor", this.attestorId, () => this.resources);
  }

  public get resources(): TerraformResource[] {
    return this.released ? [] : [this.resource];
  }

  /**
   * The trust root that signs. Throws `NO_SIGNING_KEY` where the attestor carries none, or several: choose one with
   * {@link signedWith}.
   */
  public get signingTrustRoot(): ITrustRoot {
    if (this.trustRoots.length !== 1) {
      const found =
        this.trustRoots.length === 0
          ? "only keys given as PEM"
          : this.trustRoots.map((root) => root.node.path).join(", ");
      refuse(
        this.node.path,
        ProblemCode.NO_SIGNING_KEY,
        `attestor "${this.attestorName}" has no single key to sign with, got ${found}; allowed: one trust root among its "keys", or the choice of one with signedWith(trustRoot)`,
      );
    }
    return this.trustRoots[0];
  }

  /**
   * This attestor, signed for with one of its trust roots.
   * @param trustRoot one of the attestor's keys
   */
  public signedWith(trustRoot: ITrustRoot): ISigningAttestor {
    if (!this.trustRoots.includes(trustRoot)) {
      refuse(
        this.node.path,
        ProblemCode.NO_SIGNING_KEY,
        `attestor "${this.attestorName}" does not trust ${trustRoot.node.path}, so that nothing it signs would be admitted; allowed: ${this.trustRoots.map((root) => root.node.path).join(", ") || "none, there is no trust root among its keys"}`,
      );
    }
    return new SignedWith(this, trustRoot);
  }

  /**
   * Leaves note, attestor and what was granted on them alone from now on: the next apply forgets them and destroys
   * nothing. They can then be declared in another stack with `adopt`. Terraform 1.7 or newer.
   */
  public release(): void {
    if (this.released) {
      return;
    }
    const resources = this.ownResources();
    this.released = true;
    unclaim(this);
    this.grants._release();
    forget(...resources);
  }

  private ownResources(): TerraformResource[] {
    return this.released ? [] : [this.note, this.resource].filter((resource) => resource !== undefined);
  }

  private createNote(props: AttestorProps, note: ProjectScopedName): ContainerAnalysisNote {
    claim(this, "note", this.noteId);
    const resource = fixAddress(
      new ContainerAnalysisNote(this, "Note", {
        project: note.project,
        name: note.name,
        attestationAuthority: { hint: { humanReadableName: props.humanReadableName ?? props.attestorName } },
        lifecycle: props.deletionProtection === false ? undefined : { preventDestroy: true },
        provider: props.provider,
      }),
      logicalId(note.project, note.name),
    );
    if (props.adopt) {
      importExisting(resource, this.noteId);
    }
    return resource;
  }

  private createAttestor(props: AttestorProps): BinaryAuthorizationAttestor {
    const resource = fixAddress(
      new BinaryAuthorizationAttestor(this, "Attestor", {
        project: this.project,
        name: props.attestorName,
        description: props.description,
        attestationAuthorityNote: {
          noteReference: this.noteId,
          publicKeys: this.publicKeys.map((key) => ({
            id: key.id,
            comment: key.comment,
            // The API's own name of the algorithm: the provider forgives the other one for EC keys only.
            pkixPublicKey: { publicKeyPem: key.publicKeyPem, signatureAlgorithm: key.algorithm.attestorName },
          })),
        },
        lifecycle: props.deletionProtection === false ? undefined : { preventDestroy: true },
        provider: props.provider,
      }),
      logicalId(this.project, props.attestorName),
    );
    if (props.adopt) {
      importExisting(resource, this.attestorId);
    }
    return resource;
  }
}

/** An attestor with a choice made among its trust roots. */
class SignedWith implements ISigningAttestor {
  public readonly node: Node;
  public readonly attestorId: string;
  public readonly attestorName: string;
  public readonly project: string;
  public readonly noteId: string;
  public readonly grants: AttestorGrants;

  public constructor(
    private readonly attestor: Attestor,
    public readonly signingTrustRoot: ITrustRoot,
  ) {
    this.node = attestor.node;
    this.attestorId = attestor.attestorId;
    this.attestorName = attestor.attestorName;
    this.project = attestor.project;
    this.noteId = attestor.noteId;
    this.grants = attestor.grants;
  }

  public get resources(): TerraformResource[] {
    return this.attestor.resources;
  }
}

/** An attestor that is managed elsewhere. */
class ImportedAttestor extends AttestorBase {
  public readonly attestorId: string;
  public readonly attestorName: string;
  public readonly project: string;
  public readonly resources: TerraformResource[] = [];

  public constructor(scope: Construct, id: string, name: string) {
    super(scope, id);
    const parsed = parseName(scope, pathOf(scope, id), name);
    this.project = parsed.project;
    this.attestorName = parsed.name;
    this.attestorId = fullName(parsed.project, parsed.name);
  }
}

/** An attestor that is managed elsewhere and for which a pipeline here signs. */
class ImportedSigningAttestor extends ImportedAttestor implements ISigningAttestor {
  public readonly noteId: string;
  public readonly signingTrustRoot: ITrustRoot;
  public readonly grants: AttestorGrants;

  public constructor(scope: Construct, id: string, attributes: AttestorAttributes) {
    super(scope, id, attributes.attestorId);
    const refusals = new Refusals(this.node.path);
    const note = checkNoteId(refusals, attributes.noteId);
    refusals.throwIfAny();
    this.noteId = attributes.noteId;
    this.signingTrustRoot = attributes.signingTrustRoot;
    this.grants = AttestorGrants._of({
      scope: this,
      attestor: { project: this.project, name: this.attestorName },
      note,
      after: () => [],
      released: () => false,
    });
  }
}

function validate(
  scope: Construct,
  id: string,
  props: AttestorProps,
): { readonly project: string; readonly note: ProjectScopedName } {
  const refusals = new Refusals(pathOf(scope, id));
  const project = resolveProject(refusals, scope, props);
  refusals.name("attestorName", props.attestorName, ATTESTOR_NAME);
  const note = props.noteId === undefined ? ownNote(refusals, props, project) : foreignNote(refusals, props);
  if (props.keys.length === 0) {
    refusals.add(
      ProblemCode.INVALID_ATTESTOR_KEYS,
      '"keys" is empty: an attestor without keys admits nothing; allowed: at least one trust root or AttestorKey',
    );
  }
  refusals.throwIfAny();
  return { project, note };
}

function ownNote(refusals: Refusals, props: AttestorProps, project: string): ProjectScopedName {
  const name = props.noteName ?? props.attestorName;
  if (props.noteName !== undefined) {
    refusals.name("noteName", props.noteName, ATTESTOR_NAME);
  }
  return { project, name };
}

function foreignNote(refusals: Refusals, props: AttestorProps): ProjectScopedName {
  if (props.noteName !== undefined || props.humanReadableName !== undefined) {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      '"noteId" names a note that is managed elsewhere, got "noteName" or "humanReadableName" as well; allowed: one or the other',
    );
  }
  return checkNoteId(refusals, props.noteId ?? "");
}

function checkNoteId(refusals: Refusals, noteId: string): ProjectScopedName {
  if (!refusals.literal("noteId", noteId)) {
    return { project: "", name: "" };
  }
  const note = parseNoteName(noteId);
  if (!note) {
    refusals.add(
      ProblemCode.INVALID_NAME,
      `"noteId" is no full name of a note, got ${show(noteId)}; allowed: projects/PROJECT/notes/NAME`,
    );
  }
  return note ?? { project: "", name: "" };
}

function checkPublicKeys(path: string, keys: readonly AttestorPublicKey[]): void {
  const refusals = new Refusals(path);
  if (keys.length > MAX_KEYS) {
    refusals.add(
      ProblemCode.LIMIT_EXCEEDED,
      `an attestor takes ${MAX_KEYS} keys, got ${keys.length}; allowed: further attestors, or fewer trusted versions`,
    );
  }
  const seen = new Set<string>();
  for (const { id } of keys) {
    if (seen.has(id)) {
      refusals.add(
        ProblemCode.INVALID_ATTESTOR_KEYS,
        `the key ${show(id)} is there twice; allowed: each key of an attestor once`,
      );
    }
    seen.add(id);
  }
  refusals.throwIfAny();
}

function parseName(scope: Construct, path: string, name: string): ProjectScopedName {
  const refusals = new Refusals(path);
  let parsed: ProjectScopedName | undefined;
  if (refusals.literal("attestorName", name)) {
    parsed = parseAttestorName(name);
    if (!parsed && ATTESTOR_NAME.pattern.test(name)) {
      parsed = { project: resolveProject(refusals, scope, {}), name };
    }
    if (!parsed) {
      refusals.add(
        ProblemCode.INVALID_NAME,
        `"attestorName" is no name of an attestor, got ${show(name)}; allowed: projects/PROJECT/attestors/NAME, or a short name of ${ATTESTOR_NAME.allowed} (project: ${PROJECT_ID.allowed})`,
      );
    }
  }
  refusals.throwIfAny();
  return parsed ?? { project: "", name: "" };
}

function isTrustRoot(source: IAttestorKeySource): source is ITrustRoot {
  return "signingKeyVersion" in source;
}
