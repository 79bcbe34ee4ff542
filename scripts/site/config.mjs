import { readFileSync } from "node:fs";
import GithubSlugger from "github-slugger";
import { withMermaid } from "vitepress-plugin-mermaid";

const sidebar = JSON.parse(readFileSync(new URL("sidebar.json", import.meta.url), "utf8"));

export default withMermaid({
  title: "cdktf-binauthz",
  description: "Binary Authorization under a program's control: constructs, a simulator, a reviewer and a sandbox.",
  lang: "en",
  cleanUrls: false,
  // Nothing on the site is loaded from elsewhere.
  head: [],
  markdown: {
    // The anchors of the sources are those that a repository's pages have.
    anchor: { slugify: (text) => new GithubSlugger().slug(text) },
  },
  themeConfig: {
    nav: [
      { text: "Getting started", link: "/getting-started" },
      { text: "Concepts", link: "/concepts" },
      { text: "Commands", link: "/commands" },
      { text: "API", link: "/api/" },
    ],
    sidebar,
    outline: [2, 3],
    search: { provider: "local" },
    docFooter: { prev: "Before", next: "Next" },
  },
});
