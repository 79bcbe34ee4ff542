import { ProblemCode, show } from "../../vocabulary/problem";
import type { ImagePlatform } from "../image-platform";
import type { BuildStep } from "./cloud-build-config";
import type { Refusals } from "./refusals";
import { repeated } from "./repeated";

/** What a build for several platforms is told. */
export interface PlatformProps {
  readonly platforms?: ImagePlatform[];
  readonly emulatorImage?: string;
}

/** The tag of one platform's image: Cloud Build pushes it, and makes provenance for it. */
export function platformTag(tag: string, platform: ImagePlatform): string {
  return `${tag}-${architectureOf(platform)}`;
}

/** The images that Cloud Build pushes: one, or one for each platform. */
export function builtImages(image: string, tag: string, platforms: readonly ImagePlatform[] | undefined): string[] {
  return platforms === undefined
    ? [`${image}:${tag}`]
    : platforms.map((platform) => `${image}:${platformTag(tag, platform)}`);
}

/** The step that lets commands of other architectures run, where an image for it is given. */
export function emulationSteps(props: PlatformProps, builderImage: string): BuildStep[] {
  if (props.platforms === undefined || props.emulatorImage === undefined) {
    return [];
  }
  // Loaded when first used: most builds are for one platform.
  const { EMULATION_SCRIPT } = require("./platform-scripts") as typeof import("./platform-scripts");
  const foreign = props.platforms.map(architectureOf).filter((architecture) => architecture !== "amd64");
  return [
    {
      id: "emulation",
      image: builderImage,
      script: EMULATION_SCRIPT,
      env: { EMULATOR_IMAGE: props.emulatorImage, ARCHITECTURES: foreign.join(",") },
    },
  ];
}

/** Several platforms, each once. */
export function checkPlatforms(refusals: Refusals, platforms: readonly string[] | undefined, property: string): void {
  if (platforms === undefined) {
    return;
  }
  if (platforms.length < 2) {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      `"${property}" has to name several platforms, got ${show(platforms)}; allowed: two or more, or none for a build of one platform`,
    );
  }
  checkEachOnce(refusals, platforms, property);
}

/** No platform twice. */
export function checkEachOnce(refusals: Refusals, platforms: readonly string[], property: string): void {
  for (const platform of repeated(platforms)) {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      `"${property}" is there twice for ${show(platform)}; allowed: each platform once`,
    );
  }
}

/** An option that only makes sense for a build of several platforms. */
export function checkOnlyWithPlatforms(
  refusals: Refusals,
  platforms: readonly string[] | undefined,
  property: string,
  value: unknown,
): void {
  if (value !== undefined && value !== false && platforms === undefined) {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      `"${property}" is given for a build of one platform, got ${show(value)}; allowed: together with "platforms"`,
    );
  }
}

/** The architecture alone: `arm64` of `linux/arm64`. */
export function architectureOf(platform: ImagePlatform): string {
  return platform.slice(platform.indexOf("/") + 1);
}
