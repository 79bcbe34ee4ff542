import { ProjectIamCustomRole } from "@cdktf/provider-google/lib/project-iam-custom-role";
import type { TerraformProvider, TerraformResource } from "cdktf";
import type { Construct } from "constructs";
import { ProblemCode } from "../vocabulary/problem";
import {
  binaryAuthorizationAgent,
  PROJECT_ID,
  PROJECT_NUMBER,
  type ProjectScopedName,
} from "../vocabulary/resource-name";
import { CREATE_ONLY_OCCURRENCE_PERMISSIONS, ROLES } from "../vocabulary/roles";
import { shortHash } from "../vocabulary/short-hash";
import { Grant, type GrantOptions } from "./grant";
import { fixAddress, getOrCreate, logicalId, waitFor } from "./private/addressing";
import type { GoogleApi } from "./private/apis";
import { type Binding, checkMember, checkNotReleased, grantBinding, type Opened, releaseBindings } from "./private/iam";
import { Refusals } from "./private/refusals";
import { forget } from "./private/terraform-block";

/** How a member is let attest. */
export interface AttestOptions extends GrantOptions {
  /**
   * Whether the member may only create attestations. `roles/containeranalysis.occurrences.editor`, which Google
   * documents for signers, also lets it change and delete the attestations of others in the project; with `true` a
   * custom role with `containeranalysis.occurrences.create` alone takes its place. Whoever applies then needs
   * `iam.roles.create` in the attestor's project.
   * @default false
   */
  readonly createOnly?: boolean;
}

/** A project whose clusters verify attestations. */
export interface DeployerProject {
  /** The project's id, literal. */
  readonly project: string;
  /** The project's number, literal: it names the service agent. `gcloud projects describe` shows it. */
  readonly projectNumber: string;
}

const CUSTOM_ROLE = "AttestationCreator";

/** What the grants of an attestor need to know. */
interface AttestorGrantsOptions {
  readonly scope: Construct;
  readonly attestor: ProjectScopedName;
  readonly note: ProjectScopedName;
  readonly provider?: TerraformProvider;
  /** What has to exist before a grant. */
  readonly after: () => readonly TerraformResource[];
  /** Whether the attestor was released. */
  readonly released: () => boolean;
  /** The enabled API in the attestor's project, where this program enables it. */
  readonly api?: (api: GoogleApi) => TerraformResource | undefined;
}

/** Opens an attestor, and the note behind it, to those who sign and those who verify. */
export class AttestorGrants {
  /** @internal */
  public static _of(options: AttestorGrantsOptions): AttestorGrants {
    return new AttestorGrants(options);
  }

  private readonly scope: Construct;
  private readonly attestor: ProjectScopedName;
  private readonly note: ProjectScopedName;
  private readonly provider?: TerraformProvider;
  private readonly after: () => readonly TerraformResource[];
  private readonly released: () => boolean;
  private readonly api: (api: GoogleApi) => TerraformResource | undefined;

  private constructor(options: AttestorGrantsOptions) {
    this.scope = options.scope;
    this.attestor = options.attestor;
    this.note = options.note;
    this.provider = options.provider;
    this.after = options.after;
    this.released = options.released;
    this.api = options.api ?? (() => undefined);
  }

  /**
   * The signer's side, but for the key itself (`trustRoot.grants.sign`): attach to the note and list its attestations,
   * read the attestor and validate an attestation against it, create occurrences in the attestor's project.
   *
   * Source: https://docs.cloud.google.com/binary-authorization/docs/making-attestations
   *
   * @param member who, in IAM's form: `serviceAccount:EMAIL`
   * @param options how far, and what has to exist before
   */
  public attest(member: string, options: AttestOptions = {}): Grant {
    checkMember(this.scope, member);
    const project: Opened = { kind: "project", project: this.attestor.project };
    const projects = this.api("cloudresourcemanager");
    const bindings: Omit<Binding, "member">[] = [
      { opened: this.openedNote(), role: ROLES.NOTES_ATTACHER },
      { opened: this.openedNote(), role: ROLES.NOTE_OCCURRENCES_VIEWER },
      { opened: this.openedAttestor(), role: ROLES.ATTESTORS_VERIFIER },
      options.createOnly
        ? this.createOnly(project, projects)
        : { opened: project, role: ROLES.OCCURRENCES_EDITOR, after: [projects] },
    ];
    return this.grant(member, bindings, options.dependsOn ?? []);
  }

  /**
   * Lets a member find the attestations of an image and have them validated, and nothing more: what a gate needs that
   * asks whether an earlier attestor attested.
   *
   * @param member who, in IAM's form: `serviceAccount:EMAIL`
   * @param options what has to exist before
   */
  public viewAttestations(member: string, options: GrantOptions = {}): Grant {
    checkMember(this.scope, member);
    const bindings = [
      { opened: this.openedNote(), role: ROLES.NOTE_OCCURRENCES_VIEWER },
      { opened: this.openedAttestor(), role: ROLES.ATTESTORS_VERIFIER },
    ];
    return this.grant(member, bindings, options.dependsOn ?? []);
  }

  /**
   * The verifying side: lets Binary Authorization in another project read the attestor and the note's attestations.
   * Nothing is written where the agent's own role, which it has in its own project, covers it already.
   *
   * Source: https://docs.cloud.google.com/binary-authorization/docs/multi-project-setup-cli
   *
   * @param deployer the project of the clusters, both id and number literal
   */
  public verify(deployer: DeployerProject): Grant {
    const refusals = new Refusals(this.scope.node.path);
    refusals.name("project", deployer.project, PROJECT_ID, ProblemCode.INVALID_PROJECT);
    refusals.name("projectNumber", deployer.projectNumber, PROJECT_NUMBER, ProblemCode.INVALID_PROJECT);
    refusals.throwIfAny();
    const bindings: Omit<Binding, "member">[] = [];
    if (deployer.project !== this.attestor.project) {
      bindings.push({ opened: this.openedAttestor(), role: ROLES.ATTESTORS_VERIFIER });
    }
    if (deployer.project !== this.note.project) {
      bindings.push({ opened: this.openedNote(), role: ROLES.NOTE_OCCURRENCES_VIEWER });
    }
    return this.grant(binaryAuthorizationAgent(deployer.projectNumber), bindings, []);
  }

  /**
   * Leaves everything alone that was granted here.
   * @internal
   */
  public _release(): void {
    releaseBindings(this.scope);
    const role = this.scope.node.tryFindChild(CUSTOM_ROLE);
    if (role) {
      forget(role as ProjectIamCustomRole);
    }
  }

  private grant(
    member: string,
    bindings: readonly Omit<Binding, "member">[],
    dependsOn: readonly TerraformResource[],
  ): Grant {
    checkNotReleased(this.scope, this.released());
    const resources = bindings.map((binding) =>
      grantBinding(this.scope, {
        ...binding,
        member,
        provider: this.provider,
        after: [...this.after(), ...dependsOn, ...(binding.after ?? [])],
      }),
    );
    return Grant._of(member, resources);
  }

  private openedNote(): Opened {
    return { kind: "note", project: this.note.project, note: this.note.name };
  }

  private openedAttestor(): Opened {
    return { kind: "attestor", project: this.attestor.project, attestor: this.attestor.name };
  }

  private createOnly(opened: Opened, projects: TerraformResource | undefined): Omit<Binding, "member"> {
    const { project, name } = this.attestor;
    // A role id takes letters, digits, underscores and full stops, 64 at most.
    const roleId = `attestationCreator_${name.replace(/-/g, "_").slice(0, 32)}_${shortHash(name)}`;
    const role = getOrCreate(this.scope, CUSTOM_ROLE, () =>
      fixAddress(
        new ProjectIamCustomRole(this.scope, CUSTOM_ROLE, {
          project,
          roleId,
          title: `Attestation creator for ${name}`,
          description: "Creates attestations; cannot change or delete them.",
          permissions: [...CREATE_ONLY_OCCURRENCE_PERMISSIONS],
          provider: this.provider,
        }),
        logicalId(project, name, "attestation-creator"),
      ),
    );
    waitFor(role, this.api("iam"));
    return { opened, role: `projects/${project}/roles/${roleId}`, roleLabel: roleId, after: [role, projects] };
  }
}
