/**
 * Exempt image patterns for the images that GKE itself runs.
 *
 * Only for policies whose `globalPolicyEvaluationMode` is `DISABLE`: with `ENABLE`, the default here, Google's own
 * system policy exempts them, and is kept up to date by Google.
 */
export class SystemImages {
  /**
   * What Google documents as needed for a cluster to start while the system policy is off.
   *
   * `k8s.gcr.io` was frozen in April 2023 and is served from `registry.k8s.io`; images that name the new host need
   * `registry.k8s.io/**` as well (https://kubernetes.io/blog/2023/02/06/k8s-gcr-io-freeze-announcement/).
   * Source: https://docs.cloud.google.com/binary-authorization/docs/policy-yaml-reference
   */
  public static readonly GKE_DOCUMENTED: string[] = [
    "gcr.io/google-containers/*",
    "k8s.gcr.io/**",
    "gke.gcr.io/**",
    "gcr.io/gke-release/asm/*",
    "gcr.io/stackdriver-agents/*",
  ];

  private constructor() {}
}
