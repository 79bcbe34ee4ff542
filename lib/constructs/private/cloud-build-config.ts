import type { CloudbuildTriggerBuild } from "@cdktf/provider-google/lib/cloudbuild-trigger";
import { escapeTemplate } from "./template";

/** One step of a build, always a script: arguments would be substituted and escaped once more. */
export interface BuildStep {
  readonly id: string;
  readonly image: string;
  readonly script: string;
  /** What the script may read, by name; values may hold substitutions of Cloud Build. */
  readonly env: Readonly<Record<string, string>>;
  /** The secrets of the build that the step gets, by the names of their variables. */
  readonly secretEnv?: readonly string[];
  /** The folder that steps share without the source, by name. */
  readonly volume?: { readonly name: string; readonly path: string };
}

/** A build as Cloud Build takes it, independent of how it is written down. */
export interface BuildConfig {
  readonly steps: readonly BuildStep[];
  readonly images: readonly string[];
  /** Secrets by the names of their variables: `projects/P/secrets/S/versions/N`. */
  readonly secrets?: Readonly<Record<string, string>>;
  readonly serviceAccount: string;
  readonly timeout: string;
  readonly machineType?: string;
  readonly workerPool?: string;
  /** Whether the build fails where Cloud Build cannot make provenance of what it pushes. */
  readonly verified?: boolean;
}

/** The build as an argument of `google_cloudbuild_trigger`. */
export function toTriggerBuild(config: BuildConfig): CloudbuildTriggerBuild {
  return {
    step: config.steps.map((step) => ({
      id: step.id,
      name: step.image,
      script: escapeTemplate(step.script),
      env: envList(step).map(escapeTemplate),
      secretEnv: step.secretEnv && [...step.secretEnv],
      volumes: step.volume && [step.volume],
    })),
    images: config.images.length === 0 ? undefined : config.images.map(escapeTemplate),
    availableSecrets: config.secrets && {
      secretManager: Object.entries(config.secrets).map(([env, versionName]) => ({ env, versionName })),
    },
    timeout: config.timeout,
    options: {
      logging: "CLOUD_LOGGING_ONLY",
      machineType: config.machineType,
      workerPool: config.workerPool,
      requestedVerifyOption: config.verified ? "VERIFIED" : undefined,
    },
  };
}

/** The environment of a step as Cloud Build writes it. */
export function envList(step: BuildStep): string[] {
  return Object.entries(step.env).map(([name, value]) => `${name}=${value}`);
}
