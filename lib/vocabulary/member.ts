/** How an IAM member has to look. Source: https://docs.cloud.google.com/iam/docs/principal-identifiers */
export const MEMBER_FORM =
  "user:EMAIL, serviceAccount:EMAIL, group:EMAIL, domain:DOMAIN, principal://… or principalSet://…";

/** The most characters of `google.subject`. Source: https://docs.cloud.google.com/iam/docs/workload-identity-federation */
export const MAX_SUBJECT = 127;

const MEMBER =
  /^(?:(?:user|group):[^\s@:]+@[a-z0-9.-]+\.[a-z]+|serviceAccount:(?:[^\s@:[\]]+@[a-z0-9.-]+\.[a-z]+|[a-z][a-z0-9.:-]+\.svc\.id\.goog\[[a-z0-9./-]+\])|domain:[a-z0-9.-]+\.[a-z]+|principal(?:Set)?:\/\/[a-z]+\.googleapis\.com\/\S+)$/;

/** Why a member is refused; undefined where it is fine. */
export function memberError(member: string): string | undefined {
  if (member === "allUsers" || member === "allAuthenticatedUsers") {
    return "would let everybody in";
  }
  if (!MEMBER.test(member)) {
    return "is no IAM member";
  }
  return federatedMemberError(member);
}

/**
 * Why a member of a pool is refused. A set is one of an attribute or group; one person or job is a `principal`.
 * Source: https://docs.cloud.google.com/iam/docs/workload-identity-federation (principal identifiers, attribute limits)
 */
function federatedMemberError(member: string): string | undefined {
  const [, kind, inside] =
    /^(principal(?:Set)?):\/\/iam\.googleapis\.com\/.*\/work(?:load|force)\w*Pools\/[^/]+\/(.*)$/.exec(member) ?? [];
  if (inside === undefined) {
    return undefined;
  }
  if (kind === "principalSet" && /^(?:\*.*|attribute\.[^/]+\/\**)$/.test(inside)) {
    return "would let in everybody of the pool";
  }
  const [, subject] = /^subject\/(.*)$/.exec(inside) ?? [];
  if ((kind === "principal") !== (subject !== undefined)) {
    return kind === "principal"
      ? "is a principal without a subject, which a principalSet is for"
      : "is a principalSet with a subject, which a principal is for";
  }
  return subject !== undefined && subject.length > MAX_SUBJECT
    ? `has a subject of ${subject.length} characters, and ${MAX_SUBJECT} are the most that a pool takes`
    : undefined;
}

/** A short readable part of a member, for ids: the local part of an e-mail address, else its last path segment. */
export function memberLabel(member: string): string {
  const name = member.slice(member.indexOf(":") + 1);
  return name.includes("@") ? name.slice(0, name.indexOf("@")) : name.slice(name.lastIndexOf("/") + 1);
}
