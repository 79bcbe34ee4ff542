// biome-ignore-all lint/performance/useDomNodeTextContent: what a reader sees is asked for
/// <reference lib="dom" />
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, KeyInput, Page } from "puppeteer-core";
import { admit } from "../../lib/admission";
import { nodeVerifier } from "../../lib/admission/node-verifier";
import { targetNamed } from "../../lib/admission/targets";
import { type MapInput, renderMap } from "../../lib/map";
import { describeInBrowser } from "../support/browser";
import { estateInput, HOSTILE, hostileInput, planInput } from "./models";

const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const mermaid = readFileSync(require.resolve("mermaid/dist/mermaid.min.js"), "utf8");

const DESKTOP = { width: 1440, height: 900 };
const PHONE = { width: 360, height: 740, isMobile: true, hasTouch: true };

jest.setTimeout(60_000);

describeInBrowser("the page", (browser) => {
  const folder = mkdtempSync(join(tmpdir(), "binauthz-map-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const pages = new Map<MapInput, string>();
  let page: Page;
  /** Everything that went wrong, and every address that was asked for. */
  let troubles: string[];
  let requested: string[];

  /** Opens the page of a map as a file, as a reader would. */
  async function open(input: MapInput, { dark = false, viewport = DESKTOP as typeof DESKTOP | typeof PHONE } = {}) {
    let file = pages.get(input);
    if (file === undefined) {
      file = join(folder, `map-${pages.size}.html`);
      writeFileSync(file, renderMap(input).html);
      pages.set(input, file);
    }
    page = await newPage(browser());
    await page.setViewport(viewport);
    await page.emulateMediaFeatures([
      { name: "prefers-color-scheme", value: dark ? "dark" : "light" },
      { name: "prefers-reduced-motion", value: "reduce" },
    ]);
    await page.goto(pathToFileURL(file).href);
  }

  async function newPage(owner: Browser): Promise<Page> {
    const opened = await owner.newPage();
    troubles = [];
    requested = [];
    opened.on("pageerror", (error) => troubles.push(String(error)));
    opened.on("console", (message) => troubles.push(message.text()));
    opened.on("dialog", (dialog) => {
      troubles.push(`dialog ${dialog.message()}`);
      void dialog.dismiss();
    });
    opened.on("request", (request) => requested.push(request.url()));
    return opened;
  }

  afterEach(async () => {
    expect(troubles).toEqual([]);
    // The file itself, and nothing else.
    expect(requested.filter((url) => !url.startsWith("file://") && url !== "about:blank")).toEqual([]);
    expect(requested.length).toBeLessThanOrEqual(1);
    await page.close();
  });

  const press = async (...keys: readonly KeyInput[]) => {
    for (const key of keys) {
      await page.keyboard.press(key);
    }
  };
  const textOf = (selector: string) => page.$eval(selector, (element) => (element as HTMLElement).innerText);
  const focused = () =>
    page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.id);
  const isHidden = (selector: string) => page.$eval(selector, (element) => (element as HTMLElement).hidden);
  const small = estateInput(3);
  const large = estateInput(300);
  const plan = planInput();
  const hostile = hostileInput();

  describe.each([
    ["light", false],
    ["dark", true],
  ])("in %s", (_, dark) => {
    test.each<[string, MapInput]>([
      ["3 clusters", small],
      ["300 clusters", large],
      ["a plan", plan],
      ["hostile names", hostile],
    ])(
      "%s: axe finds nothing to mend, with the panel closed and open, as a picture and as a list",
      async (__, input) => {
        await open(input, { dark });
        await page.evaluate(axe);
        expect(await violations()).toEqual([]);
        await page.click(".node");
        expect(await isHidden("#panel")).toBe(false);
        await page.type("#trial-image", "nginx:latest");
        await page.click("#trial button");
        await page.evaluate(() =>
          document.querySelectorAll("details").forEach((details) => {
            details.open = true;
          }),
        );
        expect(await violations()).toEqual([]);
        await page.click("#panel-close");
        await page.click("#as-list");
        expect(await violations()).toEqual([]);
      },
    );

    test("a phone: axe finds nothing to mend, and nothing is wider than the screen", async () => {
      for (const input of [small, large, plan, hostile]) {
        if (page && !page.isClosed()) await page.close();
        await open(input, { dark, viewport: PHONE });
        const wide = () =>
          page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        expect(await wide()).toBeLessThanOrEqual(0);
        await page.evaluate(axe);
        expect(await violations()).toEqual([]);
        // A list is what a phone shows first; the picture is there when it is asked for.
        expect(await page.$eval("#list", (list) => list.checkVisibility())).toBe(true);
        expect(await page.$eval("#picture", (picture) => picture.checkVisibility())).toBe(false);
        await page.tap("#list .card");
        expect(await wide()).toBeLessThanOrEqual(0);
        expect(await isHidden("#panel")).toBe(false);
        await page.tap("#panel-close");
        await page.tap("#as-picture");
        expect(await page.$eval("#picture", (picture) => picture.checkVisibility())).toBe(true);
        expect(await wide()).toBeLessThanOrEqual(0);
      }
    });
  });

  async function violations(): Promise<string[]> {
    return page.evaluate(async () => {
      const { violations: found } = await (
        window as unknown as { axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> } }
      ).axe.run();
      return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`);
    });
  }

  test("no text in the picture is wider than its box, in the font that is there", async () => {
    for (const input of [small, large, plan, hostile]) {
      if (page && !page.isClosed()) await page.close();
      await open(input);
      const cut = await page.$$eval(".map .node", (nodes) =>
        nodes.flatMap((node) => {
          const box = (node.querySelector(".box") as SVGRectElement).getBBox();
          return Array.from(
            node.querySelectorAll<SVGGraphicsElement>(".now text, .now .chip, .kind, .tag, .badge"),
          ).flatMap((part) => {
            const inner = part.getBBox();
            const moved =
              part instanceof SVGGElement ? new DOMMatrix(getComputedStyle(part).transform).e + inner.x : inner.x;
            const shift = part.parentElement?.classList.contains("chip") ? 16 : 0;
            return moved + shift + inner.width > box.width - 4 && !part.closest(".tag text, .badge text")
              ? [`${part.textContent}: ${Math.round(moved + shift + inner.width)}`]
              : [];
          });
        }),
      );
      expect(cut).toEqual([]);
    }
  });

  describe("trying an image", () => {
    const digest = `@sha256:${"a".repeat(64)}`;
    const images = [
      "nginx:latest",
      `nginx${digest}`,
      `europe-docker.pkg.dev/acme-mirror/a/b${digest}`,
      "europe-docker.pkg.dev/acme-mirror/x:1",
      "gke.gcr.io/pause:3.9",
      "us-docker.pkg.dev/anything/at:all",
      "nonsense image",
      "<b>",
    ];
    const answers = async () =>
      page.$$eval("#verdict .verdict", (parts) =>
        parts.map((part) => ({
          verdict: (part as HTMLElement).dataset.verdict,
          message: part.querySelector("pre")?.textContent ?? undefined,
        })),
      );
    const tryImage = async (image: string, target: string) => {
      await page.$eval("#trial-image", (input, text) => ((input as HTMLInputElement).value = text), image);
      const value = await page.$$eval(
        "#trial-target option",
        (options, name) => (options.find((option) => option.textContent === name) as HTMLOptionElement).value,
        target,
      );
      await page.select("#trial-target", value);
      await page.click("#trial button");
    };
    const expected = (input: MapInput["model"], image: string, target: string) => {
      const pod = { images: [{ image, container: "image", kind: "container" as const }] };
      const { message, verdict } = admit({ target: targetNamed(input, target), pod }, input, undefined, nodeVerifier());
      return { verdict, message };
    };

    test.each<[string, MapInput, readonly string[]]>([
      [
        "an estate",
        small,
        [
          "gke:acme-prod/europe-west1.prod-001",
          "gke:acme-prod/us-central1.sandbox-003",
          "run:acme-prod/europe-west1/shop",
          "default:acme-prod",
        ],
      ],
      [
        "three hundred clusters",
        large,
        ["gke:acme-prod/asia-northeast1.prod-100", "gke:acme-prod/europe-west4.staging-002"],
      ],
    ])("in %s gives what the simulator gives, with its message", async (_, input, targets) => {
      await open(input);
      const seen = new Set<string | undefined>();
      for (const target of targets) {
        for (const image of images) {
          await tryImage(image, target);
          const [answer] = await answers();
          const { message, verdict } = expected(input.model, image, target);
          expect({ image, target, ...answer }).toEqual({ image, target, verdict, message });
          seen.add(verdict);
        }
      }
      expect(seen).toContain("admitted");
      expect(seen).toContain("undecided");
    });

    test("in a plan is decided before and after, side by side", async () => {
      await open(plan);
      const target = "gke:sec-proj/us-central1.prod";
      await tryImage("nginx:latest", target);
      expect((await answers()).map(({ verdict }) => verdict)).toEqual(["denied", "admitted"]);
      expect(expected(plan.before as MapInput["model"], "nginx:latest", target).verdict).toBe("denied");
      await page.click('input[value="before"]');
      expect((await answers()).map(({ verdict }) => verdict)).toEqual(["denied"]);
      await page.click('input[value="after"]');
      expect((await answers()).map(({ verdict }) => verdict)).toEqual(["admitted"]);
    });

    test("a digest that needs an attestation is not decided: the page has none and verifies none", async () => {
      await open(small);
      await tryImage(`nginx${digest}`, "gke:acme-prod/europe-west4.staging-002");
      expect(await answers()).toEqual([{ verdict: "undecided", message: undefined }]);
      expect(await textOf("#verdict")).toContain("nobody looked for attestations");
    });

    test("no image asks for one", async () => {
      await open(small);
      await page.click("#trial button");
      expect(await textOf("#verdict")).toContain("Name an image");
    });
  });

  test("the switch shows what was, what will be, and what changes", async () => {
    await open(plan);
    const shown = () =>
      page.$$eval(".map .node", (nodes) =>
        nodes
          .filter((node) => node.getClientRects().length > 0)
          .map((node) => {
            const content = Array.from(node.querySelectorAll(".now, .was")).find(
              (part) => part.getClientRects().length > 0,
            );
            return `${content?.querySelector(".title")?.textContent}: ${content?.querySelector(".chip")?.textContent ?? ""}`;
          }),
      );
    const tags = () =>
      page.$$eval(".map .tag", (found) => found.filter((tag) => tag.getClientRects().length > 0).length);
    expect(await shown()).toHaveLength(13);
    expect(await tags()).toBe(10);
    await page.click('input[value="before"]');
    const before = await shown();
    expect(before).toContain("ci: May sign");
    expect(before).toContain("prod: Needs build");
    expect(before).toContain("Everything else: Denies every image");
    expect(before.join()).not.toContain("attacker");
    expect(await tags()).toBe(0);
    await page.click('input[value="after"]');
    const after = await shown();
    expect(after).toContain("attacker: May sign");
    expect(after).toContain("prod: Admits every image");
    expect(after).toContain("Everything else: Admits every image");
    expect(after.join()).not.toContain("FPR0001");
  });

  test("without a plan there is no switch", async () => {
    await open(small);
    expect(await page.$('input[name="view"]')).toBeNull();
  });

  test("the keyboard reaches everything: from box to box, into the panel, and back to where it was", async () => {
    await open(small);
    await press("Tab");
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Skip the picture");
    // Print, dark, findings, search, picture, list, three sizes, the frame, and then the first box.
    await press(...Array.from({ length: 11 }, (): KeyInput => "Tab"));
    expect(await focused()).toMatch(/^(?:Principal|Key version|Attestor|Policy|Rule|Cluster)/);
    const [first] = await page.$$eval(".node", (nodes) =>
      nodes.map((node) => node.querySelector(".hit")?.getAttribute("aria-label")),
    );
    expect(await focused()).toBe(first);
    const ring = await page.$eval(".hit:focus", (hit) => getComputedStyle(hit).strokeWidth);
    expect(ring).toBe("3px");

    await page.$$eval(".node", (nodes) =>
      nodes
        .find((node) => node.querySelector(".hit")?.getAttribute("aria-label")?.startsWith("Principal built"))
        ?.querySelector<SVGElement>(".hit")
        ?.focus(),
    );
    await press("ArrowRight");
    expect(await focused()).toMatch(/^Key version built-by-ci/);
    await press("ArrowRight");
    expect(await focused()).toMatch(/^Attestor built-by-ci/);
    await press("ArrowDown");
    expect(await focused()).toMatch(/^Attestor released/);
    await press("ArrowUp", "ArrowLeft");
    expect(await focused()).toMatch(/^Key version built-by-ci/);

    await press("Enter");
    expect(await isHidden("#panel")).toBe(false);
    expect(await focused()).toBe("panel-title");
    expect(await textOf("#panel")).toMatch(/Public key\s+not known here: behind \$\{var\.pem\}/);
    await press("Escape");
    expect(await isHidden("#panel")).toBe(true);
    expect(await focused()).toMatch(/^Key version built-by-ci/);

    await press("Space");
    expect(await isHidden("#panel")).toBe(false);
    // On along a connection, and Escape still leads back to the box.
    await page.focus(".connections .link");
    await press("Enter", "Escape");
    expect(await focused()).toMatch(/^Key version built-by-ci/);
  });

  test("the panel says what a node is: facts, addresses, findings, connections", async () => {
    await open(plan);
    await page.$$eval(".node", (nodes) => {
      nodes
        .find((node) => node.querySelector(".hit")?.getAttribute("aria-label")?.startsWith("Cluster prod"))
        ?.querySelector(".hit")
        ?.dispatchEvent(new MouseEvent("click", { bubbles: true }));
    });
    const panel = await textOf("#panel");
    expect(panel).toContain("Every image runs here, signed or not.");
    expect(panel).toContain("google_container_cluster.prod");
    expect(panel).toContain("P010");
    expect(panel).toMatch(/new\s*allow all/);
    expect(panel).toMatch(/gone\s*attested by sec-proj\/build/);
    expect(panel).toMatch(/Rule Default rule applies to this/);
    // What hangs together with it stands out.
    expect(
      await page.$$eval(".node.near .now .title", (titles) => titles.map(({ textContent }) => textContent)),
    ).toContain("Default rule");
    expect(
      await page.$$eval(".node.near .now .title", (titles) => titles.map(({ textContent }) => textContent)),
    ).not.toContain("staging");
  });

  test("any of three hundred clusters is found by its name, and has a panel of its own", async () => {
    await open(large);
    await page.type("#search", "sandbox-042");
    // The cluster and the rule that names it.
    expect(await textOf("#search-status")).toBe("2 found");
    await press("Enter");
    expect(await textOf("#panel-title")).toMatch(/Cluster\s+sandbox-042/);
    expect(await textOf("#panel")).toContain("google_container_cluster.c41");
    await press("Escape");
    expect(await focused()).toBe("search");
    await page.$eval("#search", (input) => ((input as HTMLInputElement).value = ""));
    await page.type("#search", "no such thing");
    expect(await textOf("#search-status")).toBe("0 found");

    await page.$$eval(".node", (nodes) => {
      nodes
        .find((node) => node.querySelector(".hit")?.getAttribute("aria-label")?.startsWith("Cluster 99 clusters"))
        ?.querySelector(".hit")
        ?.dispatchEvent(new MouseEvent("click", { bubbles: true }));
    });
    await page.type("#member-search", "prod-298");
    expect(await page.$$eval(".members .name", (names) => names.map(({ textContent }) => textContent))).toEqual([
      "prod-298",
    ]);
    await page.click(".members .card");
    expect(await textOf("#panel-title")).toMatch(/prod-298/);
  });

  test("light and dark follow the system, until one is chosen", async () => {
    await open(small, { dark: true });
    const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const dark = await background();
    expect(await textOf("#theme")).toBe("Light");
    await page.click("#theme");
    const light = await background();
    expect(light).not.toBe(dark);
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "light" }]);
    expect(await background()).toBe(light);
    await page.click("#theme");
    expect(await background()).toBe(dark);
  });

  test("paper gets the picture, every table and every finding, in the colours of paper", async () => {
    await open(large, { dark: true });
    await page.emulateMediaType("print");
    await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
    const shown = await page.evaluate(() => ({
      background: getComputedStyle(document.documentElement).backgroundColor,
      visible: ["#picture", "#targets", "#signers", "#findings", "#try", ".bar", "#list", "#panel"].filter((selector) =>
        document.querySelector(selector)?.checkVisibility(),
      ),
      closed: document.querySelectorAll("details:not([open])").length,
      frame: getComputedStyle(document.querySelector("#picture") as Element).overflow,
    }));
    expect(shown).toEqual({
      background: "rgb(255, 255, 255)",
      visible: ["#picture", "#targets", "#signers", "#findings"],
      closed: 0,
      frame: "visible",
    });
    const pdf = await page.pdf({ format: "A4" });
    expect(Buffer.from(pdf).subarray(0, 5).toString()).toBe("%PDF-");
    await page.emulateMediaType("screen");
  });

  describe("on A4", () => {
    /** With the margins that browsers give it. */
    const A4 = { ...DESKTOP, width: 718 };

    test.each([
      ["3 clusters", small],
      ["300 clusters", large],
      ["a plan", plan],
    ])("every verdict of %s is in one line, and nothing is wider than the page", async (_, input) => {
      await open(input, { viewport: A4 });
      await page.emulateMediaType("print");
      const lines = await page.$$eval("td .chip", (chips) =>
        chips.map((chip) => {
          const words = document.createRange();
          words.selectNodeContents(chip);
          return new Set(Array.from(words.getClientRects()).map(({ top }) => top)).size;
        }),
      );
      expect(lines.length).toBeGreaterThan(3);
      expect(await page.$eval("td", (cell) => getComputedStyle(cell).display)).toBe("table-cell");
      expect(new Set(lines)).toEqual(new Set([1]));
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(A4.width);
    });

    test("no title stays behind at the foot of a page, and a finding at many places goes on at the next", async () => {
      await open(large, { viewport: A4 });
      await page.emulateMediaType("print");
      const style = (selector: string, property: "breakAfter" | "breakInside") =>
        page.$eval(selector, (element, name) => getComputedStyle(element)[name], property);
      expect(await style("#targets h2", "breakAfter")).toBe("avoid");
      expect(await style("#signers h2 + p", "breakAfter")).toBe("avoid");
      expect(await style(".finding:has(details)", "breakInside")).toBe("auto");
      expect(await style(".places > li", "breakInside")).toBe("avoid");
    });
  });

  test("hostile names are text, wherever they stand", async () => {
    await open(hostile);
    const check = async () => {
      const { elements, hacked } = await page.evaluate(() => ({
        hacked: (window as unknown as { hacked?: number }).hacked,
        elements: document.querySelectorAll(
          "img, iframe, object, embed, link, svg svg, script:not(#data):not(:last-of-type), [onload], [onerror], [onmouseover]",
        ).length,
      }));
      expect({ elements, hacked }).toEqual({ elements: 0, hacked: undefined });
    };
    await check();
    const nodes = await page.$$eval(".node", (found) => found.length);
    for (let index = 0; index < nodes; index += 1) {
      await page.$$eval(
        ".node",
        (found, number) => {
          found[number].querySelector(".hit")?.dispatchEvent(new MouseEvent("click", { bubbles: true }));
        },
        index,
      );
    }
    await page.type("#search", "script");
    await page.click("#as-list");
    await page.$eval("#trial-image", (input, text) => ((input as HTMLInputElement).value = text), HOSTILE[1]);
    await page.click("#trial button");
    await check();
    expect(await page.evaluate(() => document.body.innerText)).toContain("</script><script>window.hacked=1</script>");
    expect(await page.evaluate(() => /\p{Cf}|(?!\s)\p{Cc}/u.test(document.body.innerText))).toBe(false);
  });

  test("Mermaid reads every chart, with every name in it as it is", async () => {
    page = await newPage(browser());
    await page.evaluate(mermaid);
    for (const input of [small, large, plan, hostile]) {
      const svg = await page.evaluate(async (text) => {
        const library = (
          window as unknown as {
            mermaid: {
              initialize(o: object): void;
              parse(t: string): Promise<unknown>;
              render(id: string, t: string): Promise<{ svg: string }>;
            };
          }
        ).mermaid;
        library.initialize({ startOnLoad: false });
        await library.parse(text);
        return (await library.render(`m${Math.random().toString(36).slice(2)}`, text)).svg;
      }, renderMap(input).mermaid);
      expect(svg).toContain("Identities");
      const found = await page.evaluate((text) => {
        const drawn = new DOMParser().parseFromString(text, "text/html");
        return {
          text: drawn.body.textContent ?? "",
          active: drawn.querySelectorAll("script, img, a[href], iframe, [onload], [onerror], [onmouseover]").length,
          nodes: drawn.querySelectorAll("g.node").length,
        };
      }, svg);
      expect(found.active).toBe(0);
      expect(found.nodes).toBe(JSON.parse(renderMap(input).json).nodes.length);
      if (input === hostile) {
        expect(found.text).toContain("<img src=x onerror=");
        expect(found.text).toContain('click n0 href "javascript:');
      }
    }
    expect(await page.evaluate(() => (window as unknown as { hacked?: number }).hacked)).toBeUndefined();
  });

  test("the picture by itself is sound XML that a browser draws", async () => {
    for (const input of [small, large, plan, hostile]) {
      const file = join(folder, "map.svg");
      writeFileSync(file, renderMap(input).svg);
      if (page && !page.isClosed()) await page.close();
      page = await newPage(browser());
      await page.goto(pathToFileURL(file).href);
      expect(
        await page.evaluate(() => [document.documentElement.nodeName, document.querySelector("parsererror")]),
      ).toEqual(["svg", null]);
    }
  });
});
