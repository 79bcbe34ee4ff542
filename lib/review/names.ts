/** `projects/…/cryptoKeyVersions/N` of the id by which an attestor names a version of Cloud KMS; undefined for another id. */
export function kmsKeyOfId(id: string): string | undefined {
  return /^(?:(?:https:)?\/\/cloudkms\.googleapis\.com\/v1\/)?(projects\/.+\/cryptoKeyVersions\/[^/]+)$/.exec(id)?.[1];
}

/** `HOST/PROJECT/REPOSITORY` of a repository, `HOST/PROJECT` of a project's repositories, whatever the location of the host. */
export function repositoryPath(on: string): string | undefined {
  const match = /^projects\/([^/]+)\/locations\/([^/]+)\/repositories\/([^/]+)$/.exec(on);
  // A domain-scoped project `example.com:app` is written `example.com/app` in a path.
  return match ? `${match[2]}-docker.pkg.dev/${match[1].replace(":", "/")}/${match[3]}` : undefined;
}

/** Whether a role that is given on the first holds for the second: the same, what is in it, or above it. */
export function reaches(on: string, thing: string): boolean {
  // Where a project lies in its organization is in no file: what is given above may hold for everything.
  return on === thing || thing.startsWith(`${on}/`) || /^(?:folders|organizations)\//.test(on);
}
