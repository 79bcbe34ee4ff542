// The documentation as a web site, from docs/, the README's neighbours and API.md.
//   node scripts/site/build.mjs                 writes dist-site/out, and checks its links
//   node scripts/site/build.mjs --check FOLDER  checks the links of a folder of HTML
// The sources stay pages that can be read in the repository: what differs on the site is written into copies of them.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { brokenLinks } from "./links.mjs";
import { apiPages, stagedPages } from "./pages.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, "../..");
const [mode, folder] = process.argv.slice(2);

if (mode === undefined) {
  try {
    buildSite(join(root, "dist-site"));
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
} else if (mode === "--check" && folder !== undefined) report(folder);
else {
  console.error("usage: node scripts/site/build.mjs [--check FOLDER]");
  process.exitCode = 1;
}

function buildSite(target) {
  rmSync(target, { recursive: true, force: true });
  const pages = join(target, "pages");
  const { files, sidebar } = stagedPages(root);
  const api = apiPages(readFileSync(join(root, "API.md"), "utf8"));
  for (const [path, text] of [...files, ...api.files]) {
    mkdirSync(dirname(join(pages, path)), { recursive: true });
    writeFileSync(join(pages, path), text);
  }
  for (const asset of ["docs/images"].filter((name) => existsSync(join(root, name)))) {
    cpSync(join(root, asset), join(pages, "images"), { recursive: true });
  }
  mkdirSync(join(pages, ".vitepress/theme"), { recursive: true });
  cpSync(join(here, "config.mjs"), join(pages, ".vitepress/config.mjs"));
  cpSync(join(here, "theme.mjs"), join(pages, ".vitepress/theme/index.mjs"));
  cpSync(join(here, "theme.css"), join(pages, ".vitepress/theme/theme.css"));
  writeFileSync(join(pages, ".vitepress/sidebar.json"), JSON.stringify([...sidebar, api.sidebar]));

  const vitepress = join(root, "node_modules/vitepress/bin/vitepress.js");
  const args = [vitepress, "build", pages, "--outDir", join(target, "out")];
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
  if (status !== 0) {
    process.exitCode = 1;
    return;
  }
  report(join(target, "out"));
}

function report(folder) {
  if (!existsSync(folder) || extname(folder) !== "") {
    console.error(`${folder}: there is no such folder`);
    process.exitCode = 1;
    return;
  }
  const { pages, links, broken } = brokenLinks(folder);
  for (const line of broken) console.log(line);
  console.log(`${pages} pages, ${links} links inside the site, ${broken.length} broken`);
  if (broken.length > 0 || pages === 0) process.exitCode = 1;
}
