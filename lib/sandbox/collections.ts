import { members, page } from "./context";
import { notFound } from "./errors";
import { clone, type Json, type JsonObject } from "./json";
import type { Call } from "./routes";
import { lookup, type Table } from "./state";

/** One page of what a collection holds, under the name that its API gives the list. */
export function listed(table: Table<JsonObject>, call: Call, field: string): Json {
  const { items, nextPageToken } = page(call, members(table, call.name), { normal: 100, most: 1000 });
  return { [field]: items.map(([, item]) => clone(item)), nextPageToken };
}

/** The thing of a name, or Google's 404. */
export function found(table: Table<JsonObject>, name: string): JsonObject {
  const item = lookup(table, name);
  if (item === undefined) {
    throw notFound(name);
  }
  return item;
}

/** Takes a thing away, and answers as APIs do that have nothing to say. */
export function removed(table: Table<JsonObject>, name: string): Json {
  found(table, name);
  delete table[name];
  return {};
}
