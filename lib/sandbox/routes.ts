import type { Caller } from "./authorization";
import type { Json, JsonObject } from "./json";
import type { MethodId } from "./permissions";

/** One request, its address taken apart. */
export interface Call {
  /** `cloudkms`, `container`, …: the first part of the path. */
  readonly service: string;
  /** The innermost version of the address: `v1`, `v1beta1`. */
  readonly version: string;
  /** What follows the version, percent-decoded: `projects/p/attestors/a:getIamPolicy`. */
  readonly name: string;
  /** The name without a verb: `projects/p/attestors/a`. */
  readonly resource: string;
  readonly query: URLSearchParams;
  readonly body: JsonObject;
  readonly params: Readonly<Record<string, string>>;
  readonly caller: Caller;
}

export type HttpVerb = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** One method of an API. */
export interface Route {
  readonly service: string;
  readonly verb: HttpVerb;
  /** `projects/{project}/attestors/{attestor}:getIamPolicy`. */
  readonly path: string;
  readonly method: MethodId;
  readonly handler: (call: Call) => Json | TextAnswer | Promise<Json | TextAnswer>;
}

/** An answer that is sent as it is, to the byte. */
export class TextAnswer {
  constructor(
    readonly text: string,
    readonly contentType: string,
  ) {}
}

/** Adds one route of a service; a file of an API reads as a table of its methods. */
export type AddRoute = (verb: HttpVerb, path: string, method: MethodId, handler: Route["handler"]) => void;

/** The routes that `build` adds, all of one service. */
export function routesOf(service: string, build: (on: AddRoute) => void): Route[] {
  const routes: Route[] = [];
  build((verb, path, method, handler) => routes.push({ service, verb, path, method, handler }));
  return routes;
}

const VERSION = /^v\d+((alpha|beta)\d*)?$/;

/** An address taken apart. */
export interface Address {
  readonly service: string;
  readonly version: string;
  readonly name: string;
}

/**
 * Takes `/cloudkms/v1/v1/projects/p` apart. Clients differ in whether they add the version to a base address that already
 * ends in one, so any number of version parts is taken and the last one counts. Undefined where the percent encoding is
 * broken.
 */
export function parsePath(path: string): Address | undefined {
  const parts = path.split("/").filter((part) => part !== "");
  const service = parts.shift() ?? "";
  let version = "";
  while (parts[0] !== undefined && VERSION.test(parts[0])) {
    version = parts.shift() ?? "";
  }
  try {
    return { service, version, name: parts.map(decodeURIComponent).join("/") };
  } catch {
    return undefined;
  }
}

/**
 * A template in the router's own form: a parameter stops at a slash and at the colon of a verb, which stays with it, unless
 * it has an expression of its own, `{name=.+}`.
 */
export function routerPath(service: string, template: string): string {
  const path = template
    .replace(/\{(\w+)\}(:\w+)?/g, (_, name: string, verb = "") => `:${name}{[^/:]+${verb}}`)
    .replace(/\{(\w+)=([^}]+)\}/g, ":$1{$2}");
  return `/${service}/${path}`;
}

/** What the router found, without the verb that the last part was matched with. */
export function withoutVerbs(params: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, value.replace(/:\w+$/, "")]));
}
