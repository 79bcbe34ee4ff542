import { existsSync } from "node:fs";
import { type Browser, launch } from "puppeteer-core";
import { describeUnless, findProgram } from "./terraform";

/** Chromium: what `BINAUTHZ_CHROMIUM` names, or one of its usual names on the PATH. */
function findChromium(): string | undefined {
  const asked = process.env.BINAUTHZ_CHROMIUM;
  if (asked) {
    return existsSync(asked) ? asked : undefined;
  }
  for (const name of ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]) {
    const found = findProgram(name);
    if (found) {
      return found.path;
    }
  }
  return undefined;
}

const chromium = findChromium();

/** `describe` with a real browser, or a skipped one that says why. */
export function describeInBrowser(name: string, tests: (browser: () => Browser) => void): void {
  describeUnless(chromium === undefined ? "chromium was not found" : undefined, name, () => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await launch({ executablePath: chromium, headless: true, args: ["--no-sandbox", "--disable-gpu"] });
    }, 60_000);
    afterAll(() => browser?.close());
    tests(() => browser);
  });
}
