import { chmodSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { manifestFiles } from "../../lib/workloads/files";
import { scratch } from "../cli/support";
import { describeUnless } from "../support/terraform";

const { path: root, write } = scratch();

const names = (path: string) => [...manifestFiles(path)].map(({ source }) => source.slice(root.length + 1));

test("a folder is read with its folders, by the endings of manifests, in the order of names", () => {
  for (const name of ["a/z.yaml", "a/B.yml", "a/b/c.JSON", "a/readme.md", "a/.hidden.yaml", "a/.git/config.yaml"]) {
    write(name, "x: 1");
  }
  expect(names(join(root, "a"))).toEqual(["a/.hidden.yaml", "a/B.yml", "a/b/c.JSON", "a/z.yaml"]);
});

test("a file is read whatever it is called, and one at a time", () => {
  const file = write("list.txt", "x: 1");
  expect([...manifestFiles(file)]).toEqual([{ source: file, text: "x: 1" }]);
  write("lazy/a.yaml", "x: 1");
  symlinkSync(join(root, "nowhere"), join(root, "lazy/b.yaml"));
  const files = manifestFiles(join(root, "lazy"));
  expect(files.next().value).toMatchObject({ text: "x: 1" });
  expect(() => files.next()).toThrow(`${join(root, "lazy/b.yaml")}: does not exist; allowed: a file that can be read`);
});

test("links are followed, and those in a circle once", () => {
  write("loop/one/a.yaml", "x: 1");
  symlinkSync(join(root, "loop"), join(root, "loop/one/up"));
  symlinkSync(join(root, "loop/one"), join(root, "loop/two"));
  symlinkSync(join(root, "loop/self"), join(root, "loop/self"));
  symlinkSync(join(root, "loop/one/a.yaml"), join(root, "loop/linked.yaml"));
  expect(names(join(root, "loop"))).toEqual(["loop/linked.yaml", "loop/one/a.yaml"]);
});

test("text of other shells is read", () => {
  const file = write("utf16.yaml", "");
  require("node:fs").writeFileSync(file, Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from("x: é", "utf16le")]));
  expect([...manifestFiles(file)][0].text).toBe("x: é");
});

test.each([
  ["missing", "missing: does not exist; allowed: a file that can be read", () => {}],
  [
    "empty",
    "empty: is a folder without manifests; allowed: files that end in .yaml, .yml or .json",
    () => mkdirSync(join(root, "empty")),
  ],
  [
    "chart",
    "chart: is a Helm chart, and no manifests; allowed: what it is rendered to: helm template ROOT/chart | binauthz admit -f -",
    () => write("chart/Chart.yaml", "name: x"),
  ],
  [
    "kust",
    "kust/kustomization.yaml: makes the folder one of Kustomize, whose images and patches are not applied here; allowed: what it is built to: kubectl kustomize ROOT/kust | binauthz admit -f -",
    () => write("kust/kustomization.yaml", "resources: []"),
  ],
])("%s is an error", (name, message, prepare) => {
  prepare();
  expect(() => names(join(root, name))).toThrow(`${root}/${message.replaceAll("ROOT", root)}`);
});

const refusedNothing = process.getuid?.() === 0 ? "root is refused nothing" : undefined;
describeUnless(refusedNothing, "rights", () => {
  test("a folder that may not be read is an error", () => {
    write("secret/a.yaml", "x: 1");
    chmodSync(join(root, "secret"), 0);
    expect(() => names(join(root, "secret"))).toThrow(
      /secret: cannot be read \(EACCES\); allowed: a folder that can be read/,
    );
    chmodSync(join(root, "secret"), 0o700);
  });
});

test("a folder that is gone meanwhile is an error", () => {
  const fs = require("node:fs");
  mkdirSync(join(root, "gone"));
  const spy = jest.spyOn(fs, "realpathSync").mockImplementation(() => {
    throw Object.assign(new Error("gone"), { code: "ENOENT" });
  });
  expect(() => names(join(root, "gone"))).toThrow(/gone: cannot be read \(ENOENT\)/);
  spy.mockRestore();
});
