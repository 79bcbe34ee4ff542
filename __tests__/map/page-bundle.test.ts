import { resolve } from "node:path";
import { type BuildOptions, buildSync } from "esbuild";
import options from "../../lib/map/page/bundle.json";
import { pageBundle } from "../../lib/map/page-bundle";

const { metafile, outputFiles } = buildSync({
  absWorkingDir: resolve(__dirname, "../.."),
  ...(options as BuildOptions),
  metafile: true,
  write: false,
});

test("the page has nothing of Node in it, nor a library", () => {
  const imported = Object.values(metafile.outputs).flatMap(({ imports }) => imports);
  expect(imported).toEqual([]);
  const used = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.keys(inputs));
  expect(used.filter((file) => !file.startsWith("lib/"))).toEqual([]);
  const { script } = pageBundle();
  const found = /\brequire\(|\bprocess\.|["'`]node:|__dirname|\bimport\(/.exec(script)?.[0];
  expect(found).toBeUndefined();
});

test("the page decides with the simulator itself", () => {
  const used = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.keys(inputs));
  expect(used).toEqual(
    expect.arrayContaining(["lib/admission/admit.ts", "lib/admission/rules.ts", "lib/admission/patterns.ts"]),
  );
  expect(used).not.toContain("lib/admission/node-verifier.ts");
});

test("the page is small, and what it is bundled from is what it carries", () => {
  const { script, style } = pageBundle();
  expect(script).toBe(outputFiles?.find(({ path }) => path.endsWith(".js"))?.text);
  expect(style).toBe(outputFiles?.find(({ path }) => path.endsWith(".css"))?.text);
  expect(script.length).toBeLessThan(80_000);
  expect(style.length).toBeLessThan(20_000);
  // It would end the element that it stands in.
  expect(script).not.toMatch(/<\/script/i);
});
