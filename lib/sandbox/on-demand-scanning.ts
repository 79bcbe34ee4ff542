import { type Context, doneOperation, newId, page } from "./context";
import { invalid, notFound } from "./errors";
import { clone, type JsonObject, list, str } from "./json";
import { type Route, routesOf } from "./routes";
import { lookup } from "./state";
import { findingOf, type PackageVulnerability } from "./vulnerabilities";

const LOCATION = "projects/{project}/locations/{location}";

/** Source: https://docs.cloud.google.com/artifact-analysis/docs/reference/on-demand-scanning/rest */
const PAGE = { normal: 50, most: 1000 };

/** On-Demand Scanning: packages that gcloud found in an image on the caller's computer, and what is known of them. */
export function onDemandScanningRoutes({ state }: Context): Route[] {
  return routesOf("ondemandscanning", (on) => {
    on("POST", `${LOCATION}/scans:analyzePackages`, "ondemandscanning.scans.analyzePackages", (call) => {
      const resourceUri = str(call.body.resourceUri);
      const packages = list(call.body.packages);
      if (resourceUri === "" || packages.length === 0) {
        throw invalid("resource_uri and packages are required.", resourceUri === "" ? "resource_uri" : "packages");
      }
      const found = packages.flatMap((one) => {
        const known: readonly JsonObject[] = lookup(state.packageVulnerabilities, str(one.package)) ?? [];
        return known
          .filter(({ version }) => (version ?? one.version) === one.version)
          .map((vulnerability) => findingOf(vulnerability as unknown as PackageVulnerability, resourceUri));
      });
      const id = newId();
      const scan = `${call.resource}/${id}`;
      const { project, location } = call.params;
      const parent = `projects/${project}/locations/${location}`;
      state.scans[scan] = found.map((one) => ({ ...one, name: `${parent}/occurrences/${newId()}` }));
      return operation(parent, id);
    });
    on("GET", `${LOCATION}/scans/{scan}/vulnerabilities`, "ondemandscanning.scans.vulnerabilities.list", (call) => {
      const scan = call.name.replace(/\/vulnerabilities$/, "");
      const found: JsonObject[] | undefined = lookup(state.scans, scan);
      if (found === undefined) {
        throw notFound(`scan ${scan}`);
      }
      const { items, nextPageToken } = page(call, found, PAGE);
      return { occurrences: items.map(clone), nextPageToken };
    });
    on("GET", `${LOCATION}/operations/{operation}`, "ondemandscanning.operations.get", (call) => {
      const [parent = "", id = ""] = call.name.split("/operations/");
      if (lookup(state.scans, `${parent}/scans/${id}`) === undefined) {
        throw notFound(`operation ${call.name}`);
      }
      return operation(parent, id);
    });
  });
}

/** The operation of a scan, under the scan's id; gcloud reads the scan's name from the operation that it asks for again. */
function operation(parent: string, id: string): JsonObject {
  return doneOperation(`${parent}/operations/${id}`, {
    "@type": "type.googleapis.com/google.cloud.ondemandscanning.v1.AnalyzePackagesResponse",
    scan: `${parent}/scans/${id}`,
  });
}
