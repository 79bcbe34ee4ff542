import type { TerraformResource } from "cdktf";
import { Construct, type IConstruct } from "constructs";
import type { ISigningAttestor } from "./attestor";
import { pathOf, Refusals } from "./private/refusals";
import { checkSigningAttestors, grantSigning, renderScript } from "./private/signing-attestors";

/** A signer that is managed elsewhere. */
export interface IExistingSigner extends IConstruct {
  /** Who signs, in IAM's form. */
  readonly member: string;
}

/** A signer that is managed elsewhere, and what it may sign for. */
export interface ExistingSignerProps {
  /**
   * Who signs, in IAM's form: `serviceAccount:EMAIL` of Tekton Chains or Jenkins, `user:EMAIL` of a person,
   * `principalSet://…` of an identity federated elsewhere. One that means a whole pool is refused.
   */
  readonly member: string;

  /** The attestors that it attests for, each with the key to sign with. */
  readonly attestors: ISigningAttestor[];

  /**
   * Whether it may only create attestations, see `AttestOptions.createOnly`.
   * @default true
   */
  readonly createOnly?: boolean;
}

/** How a script that signs is rendered. */
export interface SignScriptOptions {
  /**
   * The only image path that the script signs, with everything below it. A seat belt for whoever runs the script: the
   * identity itself can sign anything.
   * @default - any image
   */
  readonly imagePrefix?: string;
}

abstract class ExistingSignerBase extends Construct implements IExistingSigner {
  public abstract readonly member: string;
}

/**
 * A signer that exists: only what it needs is granted, on keys, notes and attestors, in the stacks that hold them.
 *
 * @exampleMetadata fixture=part
 * @example
 * declare const attestor: Attestor;
 * const jenkins = new ExistingSigner(stack, "Jenkins", {
 *   member: "serviceAccount:jenkins@my-secure-project.iam.gserviceaccount.com",
 *   attestors: [attestor],
 * });
 * console.log(jenkins.renderSignScript({ imagePrefix: "us-central1-docker.pkg.dev/my-secure-project/apps" }));
 */
export class ExistingSigner extends ExistingSignerBase {
  public readonly member: string;
  /** The attestors that it attests for. */
  public readonly attestors: ISigningAttestor[];
  /** The IAM member resources. */
  public readonly grants: TerraformResource[];

  /**
   * @param scope the construct's parent
   * @param id the construct's id; no part of any address
   * @param props the signer
   */
  public constructor(scope: Construct, id: string, props: ExistingSignerProps) {
    super(scope, id);
    const refusals = new Refusals(pathOf(scope, id));
    refusals.member("member", props.member);
    checkSigningAttestors(refusals, props.attestors, "signer");
    refusals.throwIfAny();
    this.member = props.member;
    this.attestors = [...props.attestors];
    this.grants = grantSigning(props.member, props.attestors, props.createOnly !== false, []);
  }

  /**
   * A bash script that signs the images of the variable `IMAGES`, each `IMAGE@sha256:…`, fail-closed: it ends with 0 only
   * when Binary Authorization itself calls an attestation by the signing key valid. It needs curl and gcloud with its beta
   * commands, signed in as the member.
   *
   * @param options what it signs
   */
  public renderSignScript(options: SignScriptOptions = {}): string {
    return renderScript(this, this.attestors, options.imagePrefix);
  }
}
