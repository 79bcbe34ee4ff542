import { readFileSync, writeFileSync } from "node:fs";
import type { PredefinedRoles } from "./reference";
import type { Template } from "./template";

// Tables of who is granted what and what follows, written from what is synthesized. BINAUTHZ_WRITE_TABLES=1 writes them into
// their page.

/** What somebody may want to do, the permission that lets them, and the resource it is about. */
export type Action = readonly [action: string, permission: string, on: string];

export interface Bound {
  readonly role: string;
  readonly on: string;
  readonly member: string;
}

export function boundIn(synthesized: Template): Bound[] {
  return synthesized.bindings().map((binding) => {
    const [, role, on, member] = /^(\S+) on (\S+) to (.+)$/.exec(binding) ?? [];
    return { role, on, member };
  });
}

/** Whether a role is one of the app's own; all of these have the one permission to create attestations. */
export const isCustom = (role: string): boolean => role.startsWith("projects/");

export function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** Who of the identities can do what: on the resource itself, or by a grant on one of the projects. */
export function capable(
  roles: PredefinedRoles,
  bindings: readonly Bound[],
  identities: Readonly<Record<string, string>>,
  [, permission, on]: Action,
): string[] {
  const permits = (role: string) =>
    (isCustom(role) ? ["containeranalysis.occurrences.create"] : roles[role].permissions).includes(permission);
  const project = on.split("/", 2).join("/");
  const may = (member: string) =>
    bindings.some((one) => one.member === member && (one.on === on || one.on === project) && permits(one.role));
  return Object.keys(identities).filter((name) => may(identities[name]));
}

export function capabilities(
  roles: PredefinedRoles,
  bindings: readonly Bound[],
  identities: Readonly<Record<string, string>>,
  actions: readonly Action[],
): string {
  const names = Object.keys(identities);
  return markdown(
    ["", ...names],
    actions.map((action) => {
      const able = capable(roles, bindings, identities, action);
      return [action[0], ...names.map((name) => (able.includes(name) ? "**yes**" : "no"))];
    }),
  );
}

/** The table of a page between `<!-- name -->` and `<!-- /name -->`. */
export function tableOnPage(page: string, name: string, table: string): string {
  const section = new RegExp(`(<!-- ${name} -->\n)([\\s\\S]*?)(<!-- /${name} -->)`);
  const text = readFileSync(page, "utf8");
  if (process.env.BINAUTHZ_WRITE_TABLES === "1") {
    writeFileSync(
      page,
      text.replace(section, (_, begin, __, end) => `${begin}\n${table}\n\n${end}`),
    );
    return table;
  }
  return section.exec(text)?.[2].trim() ?? "";
}
