import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { Parser } from "htmlparser2";

/**
 * Every link of a built site that leads nowhere: to a file that is not there, or to an anchor that the page does not have.
 * Links to other sites are left out; nothing here asks the network.
 */
export function brokenLinks(folder) {
  const pages = readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith(".html"))
    .map((name) => join(folder, name))
    .sort();
  const contents = new Map(pages.map((page) => [page, read(page)]));
  const broken = [];
  let links = 0;
  for (const [page, { targets }] of contents) {
    for (const target of targets) {
      if (/^([a-z][a-z0-9+.-]*:|\/\/)/i.test(target)) continue;
      links++;
      const [path, anchor] = target.split("#");
      const file = fileOf(folder, page, decodeURI(path.replace(/\?.*$/, "")));
      const at = relative(folder, page);
      if (file === undefined) broken.push(`${at}: the link leads nowhere: ${target}`);
      else if (anchor && file.endsWith(".html") && !contents.get(file).ids.has(decodeURIComponent(anchor))) {
        broken.push(`${at}: ${relative(folder, file)} has no anchor #${anchor}`);
      }
    }
  }
  return { pages: pages.length, links, broken: [...new Set(broken)] };
}

/** The file that a path means, as a static web server finds it. */
function fileOf(folder, page, path) {
  if (path === "") return page;
  const base = path.startsWith("/") ? join(folder, path) : join(dirname(page), path);
  return [base, `${base}.html`, join(base, "index.html")].find((file) => existsSync(file) && statSync(file).isFile());
}

function read(page) {
  const ids = new Set();
  const targets = [];
  const parser = new Parser({
    onopentag(name, attributes) {
      for (const key of ["id", "name"]) if (attributes[key] && (key === "id" || name === "a")) ids.add(attributes[key]);
      for (const key of ["href", "src"]) if (attributes[key]) targets.push(attributes[key]);
    },
  });
  parser.end(readFileSync(page, "utf8"));
  return { ids, targets };
}
