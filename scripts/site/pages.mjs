import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, extname, join, posix } from "node:path";

const languages = { ".ts": "ts", ".sh": "bash", ".yaml": "yaml", ".yml": "yaml", ".json": "json" };

/**
 * The pages of the site as `[path, Markdown]`, and the side bar. The list in docs/README.md is the table of contents: a
 * page that is missing there is an error, so that nobody writes one that nobody finds.
 */
export function stagedPages(root) {
  const read = (path) => readFileSync(join(root, path), "utf8");
  const guides = readdirSync(join(root, "docs"))
    .filter((name) => name.endsWith(".md") && name !== "README.md")
    .map((name) => `docs/${name}`);
  const texts = ["CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"].filter((name) => existsSync(join(root, name)));
  const pages = new Map([...guides, ...texts].map((path) => [path, sitePath(path)]));
  pages.set("docs/README.md", "index.md");
  pages.set("API.md", "api/index.md");
  if (existsSync(join(root, "bench/README.md"))) pages.set("bench/README.md", "bench.md");

  const sidebar = tableOfContents(read("docs/README.md"));
  const listed = new Set(sidebar.flatMap(({ items }) => items.map(({ link }) => link.replace(/#.*$/, ""))));
  const missing = guides.filter((path) => !listed.has(`/${sitePath(path).replace(/\.md$/, "")}`));
  if (missing.length > 0) throw new Error(`docs/README.md does not name ${missing.join(", ")}`);

  const files = new Map();
  // Files that a page links to, and that are no pages, become pages that show them.
  const shown = new Set();
  for (const [source, target] of pages) {
    if (source === "API.md") continue;
    const text = relinked(read(source), source, target, (linked) => {
      const page = pages.get(linked);
      if (page !== undefined) return page;
      if (linked === "README.md") return "index.md";
      if (!existsSync(join(root, linked)) || linked.endsWith(".md")) return undefined;
      shown.add(linked);
      return sourcePage(linked);
    });
    files.set(target, text);
  }
  // A folder is a list of its files; a set is walked in the order of its growth.
  for (const path of shown) {
    const folder = statSync(join(root, path)).isDirectory();
    const inside = folder ? readdirSync(join(root, path)).map((name) => posix.join(path, name)) : [];
    for (const name of inside) shown.add(name);
    files.set(sourcePage(path), folder ? folderText(path, inside) : sourceText(path, read(path)));
  }
  sidebar.push({
    text: "The project",
    items: texts.map((path) => ({
      text: /^# (.*)$/m.exec(read(path))[1],
      link: `/${sitePath(path).replace(/\.md$/, "")}`,
    })),
  });
  return { files: [...files], sidebar };
}

/** API.md, one page for each type. Its anchors are `cdktf-binauthz.TYPE…`. */
export function apiPages(text) {
  const files = [];
  const groups = [];
  const [, ...sections] = text.split(/^## /m);
  for (const section of sections) {
    const [, ...types] = section.split(/^### /m);
    const group = { text: /^\w+/.exec(section)[0], collapsed: true, items: [] };
    for (const type of types) {
      const name = /^\w+/.exec(type)[0];
      group.items.push({ text: name, link: `/api/${name}` });
      files.push([`api/${name}.md`, type]);
    }
    groups.push(group);
  }
  const known = new Set(files.map(([path]) => basename(path, ".md")));
  const pages = files.map(([path, type]) => [path, `---\noutline: [2, 3]\n---\n\n${apiPage(type, known)}`]);
  const list = groups.map(
    ({ text, items }) =>
      `## ${text}\n\n${items.map((item) => `- [${item.text}](.${item.link.slice(4)}.md)`).join("\n")}\n`,
  );
  const intro = "Everything that `cdktf-binauthz` exports to other languages too, generated from the sources.";
  pages.push(["api/index.md", `# API reference\n\n${intro}\n\n${list.join("\n")}`]);
  return {
    files: pages,
    sidebar: { text: "API reference", collapsed: true, items: [{ text: "Overview", link: "/api/" }, ...groups] },
  };
}

function apiPage(type, known) {
  return (
    `# ${type}`
      .replace(/^####(#?) /gm, "##$1 ")
      .replace(/<a href="#cdktf-binauthz\.(\w+)([^"]*)">/g, (whole, name, member) => {
        if (!known.has(name)) return whole.replace(/<a [^>]*>/, "<a>");
        return `<a href="./${name}.html#cdktf-binauthz.${name}${member}">`;
      })
      // The generator gives the headings of groups the same short anchor in every type.
      .replace(/<a name="(\w+)" id="\1"><\/a>/g, "")
      // Inside a heading it would be a part of its name in the outline.
      .replace(/^(###? `[^`]+`)<sup>(\w+)<\/sup>(.*)$/gm, "$1$3\n\n*$2.*")
      // A type in braces would be read as attributes of the line.
      .replace(/(^|[^`\n])\{\[(.*?)\]: (.*?)\}/gm, "$1&#123;[$2]: $3&#125;")
  );
}

/** The lists of docs/README.md. */
function tableOfContents(text) {
  return text
    .split(/^## /m)
    .slice(1)
    .map((section) => ({
      text: section.split("\n")[0],
      items: [...section.matchAll(/^- \[([^\]]+)\]\(([\w-]+)\.md(#[\w-]+)?\)/gm)].map(
        ([, name, page, anchor = ""]) => ({
          text: name,
          link: `/${page}${anchor}`,
        }),
      ),
    }))
    .filter(({ items }) => items.length > 0);
}

/** Links of a page, outside of its code, from where they lead in the repository to where they lead on the site. */
function relinked(text, source, target, pageOf) {
  let fence;
  return text
    .split("\n")
    .map((line) => {
      const mark = /^\s*(`{3,}|~{3,})/.exec(line)?.[1];
      if (mark !== undefined && fence === undefined) fence = mark;
      else if (mark?.startsWith(fence)) fence = undefined;
      else if (fence === undefined) {
        return line.replace(/\]\(([^)\s]+)\)/g, (whole, link) => {
          if (/^([a-z][a-z0-9+.-]*:|#)/i.test(link)) return whole;
          const [path, anchor] = link.split("#");
          const linked = posix.join(posix.dirname(source), path);
          if (linked.startsWith("docs/images/")) return whole;
          const page = pageOf(linked);
          if (page === undefined) throw new Error(`${source}: nothing on the site shows ${linked}`);
          const relative = posix.relative(posix.dirname(target), page);
          return `](${relative.startsWith(".") ? relative : `./${relative}`}${anchor ? `#${anchor}` : ""})`;
        });
      }
      return line;
    })
    .join("\n");
}

function sitePath(source) {
  const name = basename(source);
  return source.startsWith("docs/") ? name : name.toLowerCase();
}

// The site leaves out what begins with a dot.
function sourcePage(path) {
  return `source/${path.replace(/^docs\//, "").replace(/(^|\/)\./g, "$1")}.md`;
}

function sourceText(path, text) {
  return `---\nsearch: false\noutline: false\n---\n\n# ${path}\n\n\`\`\`\`${languages[extname(path)] ?? "text"}\n${text}\`\`\`\`\n`;
}

function folderText(path, files) {
  const list = files.map((file) => `- [${basename(file)}](./${posix.relative(posix.dirname(path), file)}.md)`);
  return `---\nsearch: false\noutline: false\n---\n\n# ${path}\n\n${list.join("\n")}\n`;
}
