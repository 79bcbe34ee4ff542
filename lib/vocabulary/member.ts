/** How an IAM member has to look. Source: https://docs.cloud.google.com/iam/docs/principal-identifiers */
export const MEMBER_FORM =
  "user:EMAIL, serviceAccount:EMAIL, group:EMAIL, domain:DOMAIN, principal://… or principalSet://…";

const MEMBER =
  /^(?:(?:user|group):[^\s@:]+@[a-z0-9.-]+\.[a-z]+|serviceAccount:(?:[^\s@:[\]]+@[a-z0-9.-]+\.[a-z]+|[a-z][a-z0-9.:-]+\.svc\.id\.goog\[[a-z0-9./-]+\])|domain:[a-z0-9.-]+\.[a-z]+|principal(?:Set)?:\/\/[a-z]+\.googleapis\.com\/\S+)$/;

/** Why a member is refused; undefined where it is fine. */
export function memberError(member: string): string | undefined {
  if (member === "allUsers" || member === "allAuthenticatedUsers") {
    return "would let everybody in";
  }
  return MEMBER.test(member) ? undefined : "is no IAM member";
}

/** A short readable part of a member, for ids: the local part of an e-mail address, else its last path segment. */
export function memberLabel(member: string): string {
  const name = member.slice(member.indexOf(":") + 1);
  return name.includes("@") ? name.slice(0, name.indexOf("@")) : name.slice(name.lastIndexOf("/") + 1);
}
