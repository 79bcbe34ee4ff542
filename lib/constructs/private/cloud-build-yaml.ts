import { stringifyYaml } from "../../vocabulary/private/yaml";
import { type BuildConfig, envList } from "./cloud-build-config";

/** The build as the text of a `cloudbuild.yaml`. */
export function toYaml(config: BuildConfig): string {
  return stringifyYaml({
    steps: config.steps.map((step) => ({
      id: step.id,
      name: step.image,
      env: envList(step),
      script: step.script,
      ...(step.secretEnv && { secretEnv: step.secretEnv }),
      ...(step.volume && { volumes: [step.volume] }),
    })),
    ...(config.images.length > 0 && { images: config.images }),
    ...(config.secrets && {
      availableSecrets: {
        secretManager: Object.entries(config.secrets).map(([env, versionName]) => ({ versionName, env })),
      },
    }),
    serviceAccount: config.serviceAccount,
    timeout: config.timeout,
    options: {
      logging: "CLOUD_LOGGING_ONLY",
      ...(config.machineType !== undefined && { machineType: config.machineType }),
      ...(config.workerPool !== undefined && { pool: { name: config.workerPool } }),
      ...(config.verified && { requestedVerifyOption: "VERIFIED" }),
    },
  });
}
