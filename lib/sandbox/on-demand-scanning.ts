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
      const known = state.packageVulnerabilities as unknown as readonly PackageVulnerability[];
      const found = packages.flatMap((one) =>
        known
          .filter(({ packageName, version }) => packageName === one.package && (version ?? one.version) === one.version)
          .map((vulnerability) => findingOf(vulnerability, resourceUri)),
      );
      const scan = `${call.resource}/${newId()}`;
      const { project, location } = call.params;
      const parent = `projects/${project}/locations/${location}`;
      state.scans[scan] = found.map((one) => ({ ...one, name: `${parent}/occurrences/${newId()}` }));
      return doneOperation(`${parent}/operations/${newId()}`, {
        "@type": "type.googleapis.com/google.cloud.ondemandscanning.v1.AnalyzePackagesResponse",
        scan,
      });
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
    on("GET", `${LOCATION}/operations/{operation}`, "ondemandscanning.operations.get", (call) =>
      doneOperation(call.name),
    );
  });
}
