import { existsSync, readFileSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { putCluster } from "../../lib/sandbox";
import { describeUnless, findProgram, run } from "../support/terraform";
import { PROJECT, useSandbox } from "./support";

const sandbox = useSandbox();

/** The provider's arguments that move a service, `cloud_run_v2_custom_endpoint`, from the declarations of its bindings. */
function endpointArguments(): string[] {
  const declarations = readFileSync(require.resolve("@cdktf/provider-google/lib/provider/index.d.ts"), "utf8");
  return [...new Set(declarations.match(/(?<=#)[a-z0-9_]+(?=_custom_endpoint)/g) ?? [])];
}

describe("the environment of a sandbox", () => {
  test("moves every service of the provider: what is not spoken is refused here, and never asked of Google", () => {
    const { url } = sandbox.sandbox;
    const env = sandbox.sandbox.environment();
    const services = endpointArguments().map((name) => name.toUpperCase());
    expect(services.length).toBeGreaterThan(150);
    // The provider reads these two without the second underscore.
    const variables = services.map(
      (name) => `GOOGLE_${name.replace(/^CONTAINER_(AWS|AZURE)$/, "CONTAINER$1")}_CUSTOM_ENDPOINT`,
    );
    expect(variables.filter((name) => !env[name]?.startsWith(`${url}/`) || !env[name]?.endsWith("/"))).toEqual([]);
  });

  test("a service that is not spoken is named in the answer", async () => {
    const env = sandbox.sandbox.environment();
    const answer = await fetch(`${env.GOOGLE_DNS_CUSTOM_ENDPOINT}projects/${PROJECT}/managedZones`, {
      headers: { Authorization: `Bearer ${env.GOOGLE_OAUTH_ACCESS_TOKEN}` },
    });
    expect(answer.status).toBe(501);
    expect(await answer.text()).toContain(`GET dns/v1/projects/${PROJECT}/managedZones`);
  });

  test("gcloud writes its entries for kubectl into a file of the sandbox; kubectl still finds the user's own", () => {
    const { KUBECONFIG = "", CLOUDSDK_CONFIG = "" } = sandbox.sandbox.environment();
    const [first, ...own] = KUBECONFIG.split(delimiter);
    expect(first.startsWith(CLOUDSDK_CONFIG)).toBe(true);
    expect(own.join(delimiter)).toBe(process.env.KUBECONFIG || join(homedir(), ".kube", "config"));
  });
});

const program = findProgram("gcloud");

function gcloud(...args: string[]) {
  return run("gcloud", args, { env: { ...sandbox.sandbox.environment(), CLOUDSDK_CORE_PROJECT: PROJECT } });
}

/** A newer gcloud may have services that nobody has listed yet. */
function notListed(): string | undefined {
  if (program === undefined) {
    return "gcloud was not found";
  }
  const file = join(dirname(realpathSync(program.path)), "../VERSION");
  const version = existsSync(file) ? readFileSync(file, "utf8").trim() : "of a version that it does not say";
  return version.startsWith("528.") ? undefined : `the services of gcloud 528 are listed, this one is ${version}`;
}

describeUnless(notListed(), "the environment of a sandbox and the services of gcloud", () => {
  test("every service that gcloud 528 can be pointed elsewhere for is pointed at the sandbox", async () => {
    const { stdout } = await gcloud("config", "list", "api_endpoint_overrides/", "--all", "--format=json");
    const overrides = (JSON.parse(stdout) as Record<string, Record<string, string | null>>).api_endpoint_overrides;
    expect(Object.keys(overrides).length).toBeGreaterThan(100);
    const elsewhere = Object.entries(overrides).filter(
      ([, address]) => !address?.startsWith(`${sandbox.sandbox.url}/`),
    );
    expect(elsewhere).toEqual([]);
  }, 60_000);
});

describeUnless(program ? undefined : "gcloud was not found", "the environment of a sandbox and gcloud", () => {
  test("organization policies and alert policies are asked of the sandbox", async () => {
    const policies = await gcloud("org-policies", "list", `--project=${PROJECT}`, "--format=json");
    expect(policies).toMatchObject({ exitCode: 0, stdout: "[]\n" });
    const alerts = await gcloud("alpha", "monitoring", "policies", "list", "--format=json");
    expect(alerts).toMatchObject({ exitCode: 0, stdout: "[]\n" });
  }, 120_000);

  test("credentials of a cluster go into the sandbox's own file", async () => {
    const { state } = sandbox.sandbox;
    const own = join(sandbox.sandbox.environment().CLOUDSDK_CONFIG, "kubeconfig");
    putCluster(state, PROJECT, "us-central1", "my-cluster");
    const fetched = await gcloud("container", "clusters", "get-credentials", "my-cluster", "--location=us-central1");
    expect(fetched.exitCode).toBe(0);
    expect(readFileSync(own, "utf8")).toContain(`gke_${PROJECT}_us-central1_my-cluster`);
  }, 60_000);
});
