import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { Json } from "./template";
import { type CommandResult, findProgram, run } from "./terraform";

/** What a recorded API answers to one request: a body, or a status with one. */
export type Answer = (url: URL) => Json | { readonly status: number; readonly body?: Json } | undefined;

/** Why the scripts of a signing build cannot be run here, or undefined when they can. */
export function pythonMissing(): string | undefined {
  return findProgram("python3") === undefined ? "python3 was not found" : undefined;
}

/**
 * Recorded answers of Google's APIs on loopback, and a gcloud that knows only where they are, and what a file `scan.sh` says
 * that a scan does: scripts are run for real, by
 * bash and python3, without an account and in a fraction of the time that the real gcloud takes.
 */
export class RecordedApis {
  public static async start(answer: Answer): Promise<RecordedApis> {
    const apis = new RecordedApis(answer);
    await new Promise<void>((resolve) => {
      apis.server.listen(0, "127.0.0.1", resolve);
    });
    apis.writeGcloud();
    return apis;
  }

  /** Everything that was asked for, as `METHOD /path`. */
  public readonly requests: string[] = [];
  /** The only token that is taken; gcloud has it as well. */
  public get token(): string {
    return this.read("token") ?? "";
  }
  /** The folder of the scripts' files. */
  public readonly folder = mkdtempSync(join(tmpdir(), "recorded-"));
  private readonly server: Server;

  private constructor(public answer: Answer) {
    this.server = createServer((request, response) => {
      const url = new URL(request.url ?? "/", "http://127.0.0.1");
      this.requests.push(`${request.method} ${decodeURIComponent(url.pathname)}`);
      const found = request.headers.authorization === `Bearer ${this.token}` ? this.answer(url) : { status: 401 };
      const status = found === undefined ? 404 : typeof found.status === "number" ? found.status : 200;
      const body = found !== undefined && typeof found.status === "number" ? found.body : found;
      if (found?.cut === true) {
        // As when a connection is lost in the middle of an answer.
        response.writeHead(200, { "content-length": "1000" });
        response.write("{", () => request.socket.destroy());
        return;
      }
      response.writeHead(status, { "content-type": "application/json" });
      response.end(typeof body === "string" ? body : JSON.stringify(body ?? { error: { code: status } }));
    });
  }

  public get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Runs the script of a step in the folder; files are named by their last part. */
  public run(script: string, env: Record<string, string> = {}): Promise<CommandResult> {
    const file = join(this.folder, "step.sh");
    writeFileSync(file, script, { mode: 0o755 });
    const files = Object.fromEntries(
      Object.entries({ IMAGES_FILE: "images", BUILT_FILE: "built", BUILD_FILE: "build.json" }).map(([name, base]) => [
        name,
        join(this.folder, base),
      ]),
    );
    const path = [join(this.folder, "bin"), process.env.PATH].join(delimiter);
    return run("bash", [file], { cwd: this.folder, env: { ...files, ...env, PATH: path }, timeout: 60_000 });
  }

  public write(name: string, content: string): void {
    writeFileSync(join(this.folder, name), content);
  }

  /** A file that a step wrote; undefined where it did not. */
  public read(name: string): string | undefined {
    try {
      return readFileSync(join(this.folder, name), "utf8");
    } catch {
      return undefined;
    }
  }

  public stop(): Promise<void> {
    rmSync(this.folder, { recursive: true, force: true });
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private writeGcloud(): void {
    this.write("token", "recorded");
    const bin = join(this.folder, "bin");
    mkdirSync(bin);
    const file = join(bin, "gcloud");
    writeFileSync(
      file,
      `#!/bin/sh
case "$1 $2 $3" in
  "auth print-access-token "*) cat "${this.folder}/token" ;;
  "config get-value api_endpoint_overrides/"*) echo "${this.url}/\${3#*/}/" ;;
  "artifacts docker images") echo "$*" >> "${this.folder}/gcloud.log"; . "${this.folder}/scan.sh" ;;
  *) echo "gcloud $*: not recorded" >&2; exit 1 ;;
esac
`,
    );
    chmodSync(file, 0o755);
  }
}
