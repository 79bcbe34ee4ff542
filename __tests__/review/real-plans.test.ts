import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { CHECKS } from "../../lib/review/checks";
import { review } from "../../lib/review/engine";
import { readPlan } from "../../lib/trust";
import { differences, EXPECTED, REAL_PLAN_NAMES, recordedPlan } from "../support/real-plans";

test.each(REAL_PLAN_NAMES)("%s: the findings that were derived by hand, and no others", (name) => {
  expect(differences(name, recordedPlan(name))).toEqual({ missing: [], unexpected: [] });
});

test("every plan has expectations, and was planned by the provider", () => {
  expect(Object.keys(EXPECTED).filter((name) => name !== "//")).toEqual(REAL_PLAN_NAMES);
  for (const name of REAL_PLAN_NAMES) {
    const { errored, resource_changes: changes, terraform_version: version } = recordedPlan(name);
    expect({ errored, version }).toEqual({ errored: false, version: "1.11.4" });
    const providers = changes.map(({ provider_name: provider }: { provider_name: string }) => provider);
    // terraform_data, which makes values that are not known, is Terraform's own.
    const others = providers.filter((provider: string) => provider !== "terraform.io/builtin/terraform");
    expect(new Set(others)).toEqual(new Set(["registry.terraform.io/hashicorp/google"]));
  }
});

describe("docs/review-rules.md says which checks the provider's own plans have triggered", () => {
  const page = readFileSync(join(__dirname, "../../docs/review-rules.md"), "utf8");
  const older: Record<string, readonly { readonly id: string }[]> = JSON.parse(
    readFileSync(join(__dirname, "../fixtures/review/expected.json"), "utf8"),
  );
  const plansOf = (id: string) =>
    [...Object.entries(EXPECTED), ...Object.entries(older)]
      .filter(([, found]) => Array.isArray(found) && found.some((finding) => finding.id === id))
      .map(([name]) => name);

  test.each(CHECKS)("$id", ({ id }) => {
    const [row] = page.split("\n").filter((line) => line.startsWith(`| ${id} | `));
    const cell = row.split(" | ")[6];
    const named = cell.startsWith("no: ") ? [] : (cell.match(/`[^`]+`/g) ?? []).map((name) => name.slice(1, -1));
    expect(named).toEqual(plansOf(id).slice(0, 2));
  });

  test("and how many", () => {
    const seen = CHECKS.filter(({ id }) => plansOf(id).length > 0);
    expect(page).toContain(`Of ${CHECKS.length} rules ${seen.length}\n`);
  });
});

describe("what each target will do", () => {
  const changes = (name: string) =>
    review({ plans: [{ plan: readPlan("plan.json", recordedPlan(name)) }] })
      .targets.filter(({ changed }) => changed)
      .map(({ after, before, target }) => `${target}: ${before} -> ${after}`);
  const P = "my-secure-project";
  const build = `${P}/build`;

  test("a cluster that only a rule names was there before the rule, and is there after it", () => {
    // The rule of dev goes, and the default rule says the same: nothing changes for it.
    expect(changes("policy-weakened")).toEqual([
      `gke:${P}/us-central1.prod: attested by ${build} and ${P}/qa -> allow all`,
      `gke:${P}/us-central1.stage: attested by ${build} and ${P}/qa -> attested by ${build}`,
      `default:${P}: deny -> attested by ${build}`,
      `gke:${P}/us-central1.lab: deny -> allow all`,
    ]);
  });

  test("a cluster that is made was not there", () => {
    expect(changes("clusters-weakened")).toContainEqual(
      `gke:${P}/us-central1.fresh: undefined -> allow all (not enforced there)`,
    );
  });

  test("of a policy that nobody looked at nothing is said", () => {
    expect(changes("policy-other-project")).toEqual([
      `default:${P}: deny -> allow all`,
      "default:other-project: not decided: deny to allow all (the policy of the project is not in these files) -> deny",
    ]);
  });
});

test("each configuration is one of a plan", () => {
  const folder = join(__dirname, "../fixtures/real-plans");
  for (const name of REAL_PLAN_NAMES) {
    expect(readdirSync(join(folder, name))).toEqual(expect.arrayContaining(["after.tf", "before.tf", "plan.json"]));
  }
});
