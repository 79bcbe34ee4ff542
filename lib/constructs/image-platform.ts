/**
 * What an image runs on: operating system and architecture, as an index of images names it.
 * Source: https://docs.cloud.google.com/kubernetes-engine/docs/concepts/arm-on-gke
 */
export enum ImagePlatform {
  /** x86, 64 bits. */
  LINUX_AMD64 = "linux/amd64",
  /** Arm, 64 bits. */
  LINUX_ARM64 = "linux/arm64",
}
