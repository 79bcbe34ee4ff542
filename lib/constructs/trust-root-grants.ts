import type { TerraformProvider, TerraformResource } from "cdktf";
import type { Construct } from "constructs";
import { ROLES } from "../vocabulary/roles";
import { Grant, type GrantOptions } from "./grant";
import { checkMember, checkNotReleased, grantBinding } from "./private/iam";

/** What the grants of a key need to know. */
interface TrustRootGrantsOptions {
  readonly scope: Construct;
  readonly cryptoKeyId: string;
  readonly provider?: TerraformProvider;
  /** What has to exist before a grant. */
  readonly after: () => readonly TerraformResource[];
  /** Whether the key was released. */
  readonly released: () => boolean;
}

/** Opens a signing key to its users, on the key itself and nowhere above it. */
export class TrustRootGrants {
  /** @internal */
  public static _of(options: TrustRootGrantsOptions): TrustRootGrants {
    return new TrustRootGrants(options);
  }

  private readonly scope: Construct;
  private readonly cryptoKeyId: string;
  private readonly provider?: TerraformProvider;
  private readonly after: () => readonly TerraformResource[];
  private readonly released: () => boolean;

  private constructor(options: TrustRootGrantsOptions) {
    this.scope = options.scope;
    this.cryptoKeyId = options.cryptoKeyId;
    this.provider = options.provider;
    this.after = options.after;
    this.released = options.released;
  }

  /**
   * Lets a member sign: `roles/cloudkms.signer`, and `roles/cloudkms.publicKeyViewer`, since gcloud reads the key's
   * algorithm before it signs. To attest, a member also needs `attestor.grants.attest`.
   *
   * @param member who, in IAM's form: `serviceAccount:EMAIL`
   * @param options what has to exist before
   */
  public sign(member: string, options: GrantOptions = {}): Grant {
    return this.grant(member, [ROLES.KMS_SIGNER, ROLES.KMS_PUBLIC_KEY_VIEWER], options);
  }

  /**
   * Lets a member read the public key: whoever plans a stack with attestors needs it.
   *
   * @param member who, in IAM's form: `serviceAccount:EMAIL`
   * @param options what has to exist before
   */
  public viewPublicKey(member: string, options: GrantOptions = {}): Grant {
    return this.grant(member, [ROLES.KMS_PUBLIC_KEY_VIEWER], options);
  }

  private grant(member: string, roles: readonly string[], options: GrantOptions): Grant {
    checkNotReleased(this.scope, this.released());
    checkMember(this.scope, member);
    const after = [...this.after(), ...(options.dependsOn ?? [])];
    const resources = roles.map((role) =>
      grantBinding(this.scope, {
        opened: { kind: "key", cryptoKeyId: this.cryptoKeyId },
        role,
        member,
        provider: this.provider,
        after,
      }),
    );
    return Grant._of(member, resources);
  }
}
