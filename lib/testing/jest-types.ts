import type { Images, PodOptions } from "./chain-target";
import type { FindingsExpectation } from "./findings";
import type { AdmitExpectation, DenyExpectation } from "./matchers";

/**
 * The matchers as they are called. With `@types/jest` or `@jest/globals` they are on `expect` already. A package manager that
 * hides from a package what it does not depend on, as Yarn's Plug'n'Play does, hides `expect` from this one: install it, and
 * declare `declare module "expect" { interface Matchers<R extends void | Promise<void>, T> extends TrustMatchers<R> {} }`.
 */
export interface TrustMatchers<R> {
  /**
   * A pod with these images runs on the target.
   * @param images one image, or the images of the containers of one pod
   */
  toAdmit(images: Images, options?: AdmitExpectation): R;
  /**
   * A pod with these images is refused on the target.
   * @param images one image, or the images of the containers of one pod
   */
  toDeny(images: Images, options?: DenyExpectation): R;
  /**
   * Whether a pod with these images runs on the target depends on what is not known.
   * @param images one image, or the images of the containers of one pod
   */
  toBeUndecided(images: Images, options?: PodOptions): R;
  /**
   * In the chain of trust a member is given exactly these roles on exactly these resources.
   * @param member in IAM's form: `serviceAccount:EMAIL`
   * @param grants for example `roles/cloudkms.signer on key build-signer-key`, or with the full name of the resource
   */
  toGrantOnly(member: string, grants: readonly string[]): R;
  /** `binauthz check` has nothing to say about the chain of trust. What is undecided and could count is a finding too. */
  toHaveNoFindings(options?: FindingsExpectation): R;
}

// Both may be missing: a namespace of its own is declared then, or a module that is not found is passed over.
declare global {
  namespace jest {
    interface Matchers<R, T> extends TrustMatchers<R> {}
  }
}

// For `import { expect } from "@jest/globals"`.
declare module "expect" {
  interface Matchers<R extends void | Promise<void>, T> extends TrustMatchers<R> {}
}
