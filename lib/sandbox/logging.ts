import { alsoNeeds, type Context } from "./context";
import { ApiError, invalid } from "./errors";
import { clone, type Json, type JsonObject, num, str, strings } from "./json";
import { type LogFilter, readLogFilter } from "./log-filter";
import { ALSO_NEEDED } from "./permissions";
import { type Call, type Route, routesOf } from "./routes";

/** Source: https://docs.cloud.google.com/logging/docs/reference/v2/rest/v2/entries/list */
const PAGE = { normal: 50, most: 1000 };

/** Cloud Logging: the audit log can be read, nothing can be written. */
export function loggingRoutes(context: Context): Route[] {
  return routesOf("logging", (on) => {
    on("POST", "entries:list", "logging.entries.list", (call) => listEntries(context, call));
  });
}

function listEntries(context: Context, call: Call): Json {
  const names = strings(call.body.resourceNames);
  const projects = names.map((name) => /^projects\/([^/]+)/.exec(name)?.[1]);
  if (names.length === 0 || projects.includes(undefined)) {
    throw invalid("resource_names has to name projects: projects/PROJECT", "resource_names");
  }
  for (const project of projects) {
    alsoNeeds(context, call, ALSO_NEEDED.listLogEntries.permission, `projects/${project}`);
  }
  const filter = filterOf(context, str(call.body.filter));
  const found = context.state.logEntries.filter(
    (entry) => projects.some((project) => str(entry.logName).startsWith(`projects/${project}/`)) && filter(entry),
  );
  const ordered = /desc/i.test(str(call.body.orderBy)) ? [...found].reverse() : found;
  const start = num(call.body.pageToken);
  const end = start + Math.min(num(call.body.pageSize) || PAGE.normal, PAGE.most);
  if (!Number.isInteger(start) || start < 0 || !Number.isInteger(end) || end <= start) {
    throw new ApiError("INVALID_ARGUMENT", "page_size or page_token is not valid");
  }
  const nextPageToken = end < ordered.length ? String(end) : undefined;
  return { entries: ordered.slice(start, end).map((entry: JsonObject) => clone(entry)), nextPageToken };
}

function filterOf(context: Context, text: string): LogFilter {
  const filter = readLogFilter(text);
  if (filter === undefined) {
    throw context.unsupported(`logging filter ${text}`);
  }
  return filter;
}
