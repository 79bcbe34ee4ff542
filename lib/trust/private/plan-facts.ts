import type { FailedCheck, PlannedChange } from "../plan";
import { type AttributeMap, isRecord, type Json, own } from "./attribute";
import { listIn } from "./recorded";

/** A change with what is read of its values. */
export interface ReadChange extends PlannedChange {
  readonly before: AttributeMap | undefined;
  readonly after: AttributeMap | undefined;
  /** `after_unknown` of what is read. */
  readonly unknown: AttributeMap | boolean;
}

/** A change without its values, which are in the models. */
export function published({ after: _, before: __, unknown: ___, ...change }: ReadChange): PlannedChange {
  return change;
}

/** The attributes of which Terraform says that they are sensitive, in either state. */
export function sensitiveIn(change: Json): string[] {
  const names = ["before_sensitive", "after_sensitive"].flatMap((side) => {
    const mask = own(change, side);
    return isRecord(mask) ? Object.keys(mask).filter((name) => marks(mask[name], 0)) : mask === true ? ["*"] : [];
  });
  return [...new Set(names)].sort();
}

function marks(mask: unknown, depth: number): boolean {
  return (
    mask === true ||
    (depth < 100 &&
      typeof mask === "object" &&
      mask !== null &&
      Object.values(mask).some((inner) => marks(inner, depth + 1)))
  );
}

/** `["a", 0, "b"]` as `a.0.b`. */
export function pathText(path: unknown): string {
  return Array.isArray(path) ? path.map(String).join(".") : String(path);
}

export function readFailedChecks(source: string, json: Json): FailedCheck[] {
  return listIn(source, json, "checks").flatMap((entry) => {
    const status = isRecord(entry) ? own(entry, "status") : undefined;
    if (!isRecord(entry) || typeof status !== "string" || status === "pass") {
      return [];
    }
    const address = own(entry, "address");
    const shown = isRecord(address) ? own(address, "to_display") : undefined;
    const problems = listIn(source, entry, "instances").flatMap((instance) =>
      isRecord(instance) ? listIn(source, instance, "problems").map(messageOf) : [],
    );
    return [{ address: typeof shown === "string" ? shown : "a check", status, problems }];
  });
}

function messageOf(problem: unknown): string {
  const message = isRecord(problem) ? own(problem, "message") : undefined;
  return typeof message === "string" ? message : "no message";
}

export function readDeferred(source: string, json: Json): { readonly address: string; readonly reason: string }[] {
  return listIn(source, json, "deferred_changes").map((entry) => {
    const change = isRecord(entry) ? own(entry, "resource_change") : undefined;
    const [address, reason] = [
      isRecord(change) ? own(change, "address") : undefined,
      isRecord(entry) ? own(entry, "reason") : undefined,
    ];
    return {
      address: typeof address === "string" ? address : "a resource",
      reason: typeof reason === "string" ? reason : "unknown",
    };
  });
}
