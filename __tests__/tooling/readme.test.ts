import { readFileSync } from "node:fs";
import { join } from "node:path";
import { binauthz } from "../cli/support";
import { root } from "../support/build";

test("the README shows a review as it is written, two levels of headings deeper", async () => {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const [, plan, shown] = /<!-- review of (\S+) -->\n\n([\s\S]*?)\n\n<!-- \/review -->/.exec(readme) ?? [];
  const { code, out } = await binauthz(["review", plan, "--format", "markdown"]);
  expect(code).toBe(2);
  expect(shown).toBe(out.trim().replace(/^#/gm, "###"));
  // What a reader has to see of it.
  expect(shown).toContain("🔴 critical | opens | **Enforcement turned into a dry run** (P009)");
});
