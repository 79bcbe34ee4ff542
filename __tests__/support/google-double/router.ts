import type { Json, JsonObject } from "./json";

/** One request, its address taken apart. */
export interface Call {
  readonly method: string;
  /** `cloudkms`, `container`, …: the first part of the path. */
  readonly service: string;
  /** The innermost version of the address: `v1`, `v1beta1`. */
  readonly version: string;
  /** What follows the version, percent-decoded: `projects/p/policy`. */
  readonly name: string;
  /** The name without a verb: `projects/p/attestors/a` of `projects/p/attestors/a:getIamPolicy`. */
  readonly resource: string;
  readonly query: URLSearchParams;
  readonly body: JsonObject;
  readonly params: Readonly<Record<string, string>>;
}

export type Handler = (call: Call) => Json | Promise<Json>;

interface Route {
  readonly method: string;
  readonly service: string;
  readonly pattern: RegExp;
  readonly handler: Handler;
}

const VERSION = /^v\d+((alpha|beta)\d*)?$/;

/**
 * Takes `/cloudkms/v1/v1/projects/p` apart. Clients differ in whether they add the version to a base address
 * that already ends in one, so any number of version parts is taken and the last one counts.
 */
export function parsePath(path: string): { service: string; version: string; name: string } {
  const parts = path.split("/").filter((p) => p !== "");
  const service = parts.shift() ?? "";
  let version = "";
  while (parts[0] !== undefined && VERSION.test(parts[0])) {
    version = parts.shift() ?? "";
  }
  return { service, version, name: parts.map(decodeURIComponent).join("/") };
}

/** `projects/{project}/keyRings/{ring}:getIamPolicy`; a parameter stops at a slash and at the verb's colon. */
function compile(pattern: string): RegExp {
  const source = pattern.replace(/[.]/g, "\\.").replace(/\{(\w+)\}/g, "(?<$1>[^/:]+)");
  return new RegExp(`^${source}$`);
}

export class Router {
  private readonly routes: Route[] = [];

  add(service: string, method: string, pattern: string, handler: Handler): void {
    this.routes.push({ service, method, pattern: compile(pattern), handler });
  }

  /** A registrar for one service, so that its file reads as a table of routes. */
  forService(service: string): ServiceRouter {
    return (method, pattern, handler) => this.add(service, method, pattern, handler);
  }

  find(call: Call): { handler: Handler; call: Call } | undefined {
    for (const route of this.routes) {
      const found = route.service === call.service && route.method === call.method;
      const match = found ? route.pattern.exec(call.name) : null;
      if (match) {
        return { handler: route.handler, call: { ...call, params: { ...match.groups } } };
      }
    }
    return undefined;
  }
}

export type ServiceRouter = (method: string, pattern: string, handler: Handler) => void;
