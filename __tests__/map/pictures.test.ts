import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { binauthz } from "../cli/support";

const root = resolve(__dirname, "../..");

/** The SVG of a source. With `BINAUTHZ_WRITE_PICTURES=1` the one in the documentation is written anew. */
async function drawn(source: string, picture: string): Promise<string> {
  const { code, err, out } = await binauthz(["map", source, "--no-config", "--format", "svg"]);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  if (process.env.BINAUTHZ_WRITE_PICTURES === "1") {
    writeFileSync(join(root, picture), out);
  }
  return out;
}

test("the picture of the reference deployment is up to date", async () => {
  const outdir = mkdtempSync(join(tmpdir(), "binauthz-map-"));
  try {
    const { GOOGLE_PROJECT: _, ...env } = process.env;
    const { status, stderr } = spawnSync(process.execPath, [require.resolve("tsx/cli"), "main.ts"], {
      cwd: root,
      encoding: "utf8",
      env: { ...env, CDKTF_OUTDIR: outdir },
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const svg = await drawn(outdir, "docs/images/map.svg");
    expect(svg).toContain(">build-signer-key<");
    expect(svg).toContain(">Needs build-attestor<");
    expect(readFileSync(join(root, "docs/images/map.svg"), "utf8")).toBe(svg);
  } finally {
    rmSync(outdir, { recursive: true });
  }
}, 60_000);

test("the picture of a change is up to date", async () => {
  const svg = await drawn("__tests__/fixtures/plans/02-trust-chain-opened.plan.json", "docs/images/map-change.svg");
  expect(svg).toContain(">attacker<");
  expect(readFileSync(join(root, "docs/images/map-change.svg"), "utf8")).toBe(svg);
});
