import { known, type Power, type PowerKind, type Value } from "../../model";
import { powersOfPermissions, powersOfRole, type RoleScope } from "../../role-powers";
import { type Attribute, type AttributeMap, type Block, isRecord, NotKnown } from "../attribute";
import { completeName, fullNameIn, kmsName } from "../names";
import { behind, projectOf, type Resource, type Surroundings } from "../resource";
import { chainValue, mapValue } from "../values";

interface Target {
  readonly scope: RoleScope;
  /** The full name of what the role is given on. */
  readonly on: (resource: Resource) => Value<string> | undefined;
}

const RING = ["locations", "keyRings"];

const TARGETS: ReadonlyMap<string, Target> = new Map<string, Target>([
  [
    "google_kms_crypto_key",
    { scope: "key", on: (resource) => kms(resource, "crypto_key_id", [...RING, "cryptoKeys"]) },
  ],
  ["google_kms_key_ring", { scope: "key", on: (resource) => kms(resource, "key_ring_id", RING) }],
  ["google_container_analysis_note", { scope: "note", on: (resource) => fullNameIn(resource, "note", "notes") }],
  [
    "google_binary_authorization_attestor",
    { scope: "attestor", on: (resource) => fullNameIn(resource, "attestor", "attestors") },
  ],
  ["google_artifact_registry_repository", { scope: "repository", on: repositoryName }],
  [
    "google_service_account",
    { scope: "account", on: (resource) => fullNameIn(resource, "service_account_id", "serviceAccounts") },
  ],
  [
    "google_project",
    { scope: "project", on: (resource) => owner(resource, "project", "projects", projectOf(resource)) },
  ],
  ["google_folder", { scope: "project", on: (resource) => owner(resource, "folder", "folders") }],
  ["google_organization", { scope: "project", on: (resource) => owner(resource, "org_id", "organizations") }],
]);

/** Everything that grants name: one power for each principal and each thing the role lets it do. */
export function readPowers(around: Surroundings): Power[] {
  const roles = customRoles(around);
  return [...TARGETS].flatMap(([type, target]) => {
    const bindings = [
      ...around.ofType(`${type}_iam_member`).map((resource) => ({ resource, grants: [memberOf(resource)] })),
      ...around.ofType(`${type}_iam_binding`).map((resource) => ({ resource, grants: membersOf(resource.block) })),
      ...around.ofType(`${type}_iam_policy`).map((resource) => ({ resource, grants: policyOf(resource) })),
    ].filter(({ resource }) => resource.mode === "managed");
    return bindings.flatMap(({ resource, grants }) => {
      const on = target.on(resource) ?? behind(resource, "id");
      return grants.flatMap(({ role, ...grant }) =>
        kindsOf(role, target.scope, roles).map(
          (kind): Power => ({ kind, role, on, ...grant, origin: resource.origin }),
        ),
      );
    });
  });
}

interface GivenRole {
  readonly role: Value<string>;
  readonly principal: Value<string>;
  readonly conditional: boolean;
  readonly condition?: Value<string>;
}

function memberOf(resource: Resource): GivenRole {
  const { block } = resource;
  return {
    role: block.text("role") ?? behind(resource, "role"),
    principal: block.text("member") ?? behind(resource, "member"),
    ...conditionOf(block),
  };
}

function membersOf(block: Block): GivenRole[] {
  const role = block.text("role") ?? { state: "hidden", reference: `\${${block.at}.role}` };
  const members = block.texts("members") ?? known([]);
  const principals = members.state === "known" ? members.value : [members];
  return principals.map((principal) => ({ role, principal, ...conditionOf(block) }));
}

function policyOf(resource: Resource): GivenRole[] {
  const { block } = resource;
  const data = block.raw("policy_data");
  if (data === undefined || data instanceof NotKnown) {
    const value: Value<never> = data?.value ?? behind(resource, "policy_data");
    return [{ role: value, principal: value, conditional: false }];
  }
  const bindings = policyBindings(block, data);
  return bindings.flatMap(membersOf);
}

/** The bindings of `policy_data`: JSON text, or the blocks of the data source it was made with. */
function policyBindings(block: Block, data: Attribute): readonly Block[] {
  let policy: unknown = data;
  if (typeof data === "string") {
    try {
      policy = JSON.parse(data);
    } catch {
      throw block.wrong("policy_data", data, "an IAM policy in JSON");
    }
  }
  if (!isRecord(policy)) {
    throw block.wrong("policy_data", policy, "an IAM policy in JSON");
  }
  const bindings = block.within("policy_data", policy as AttributeMap).blocks("bindings");
  return bindings.state === "known" ? bindings.value : [];
}

function conditionOf(block: Block): Pick<GivenRole, "conditional" | "condition"> {
  const conditions = block.blocks("condition");
  const [first] = conditions.state === "known" ? conditions.value : [];
  return first === undefined
    ? { conditional: false }
    : { conditional: true, condition: first.text("expression") ?? known("") };
}

/** The permissions of the roles that the same source defines. */
function customRoles(around: Surroundings): Map<string, Value<readonly Value<string>[]>> {
  const result = new Map<string, Value<readonly Value<string>[]>>();
  const add = (resource: Resource, on: Value<string> | undefined) => {
    const id = resource.block.text("role_id");
    if (id?.state === "known" && on?.state === "known") {
      result.set(
        `${on.value}/roles/${id.value}`,
        resource.block.texts("permissions") ?? behind(resource, "permissions"),
      );
    }
  };
  for (const resource of around.ofType("google_project_iam_custom_role")) {
    add(resource, owner(resource, "project", "projects", projectOf(resource)));
  }
  for (const resource of around.ofType("google_organization_iam_custom_role")) {
    add(resource, owner(resource, "org_id", "organizations"));
  }
  return result;
}

function kindsOf(
  role: Value<string>,
  scope: RoleScope,
  custom: ReadonlyMap<string, Value<readonly Value<string>[]>>,
): PowerKind[] {
  if (role.state !== "known") {
    return ["unknown"];
  }
  const permissions = custom.get(role.value);
  if (permissions === undefined) {
    return powersOfRole(role.value, scope);
  }
  if (permissions.state !== "known") {
    return ["unknown"];
  }
  const named = permissions.value.flatMap((permission) => (permission.state === "known" ? [permission.value] : []));
  const kinds = powersOfPermissions(named, scope);
  return named.length === permissions.value.length ? kinds : [...kinds.filter((kind) => kind !== "none"), "unknown"];
}

function kms(resource: Resource, attribute: string, collections: readonly string[]): Value<string> | undefined {
  const id = resource.block.text(attribute);
  const project = resource.defaults.project ?? behind(resource, "project");
  return id && chainValue(id, (text) => kmsName(text, collections, project));
}

function repositoryName(resource: Resource): Value<string> | undefined {
  const { block, defaults } = resource;
  const repository = block.text("repository");
  const location = block.text("location") ?? defaults.region ?? behind(resource, "location");
  return (
    repository &&
    chainValue(repository, (text) =>
      text.startsWith("projects/")
        ? known(text)
        : chainValue(location, (place) => completeName(text, `locations/${place}/repositories`, projectOf(resource))),
    )
  );
}

function owner(resource: Resource, attribute: string, collection: string, otherwise?: Value<string>) {
  const id = resource.block.text(attribute) ?? otherwise;
  return id && mapValue(id, (text) => (text.startsWith(`${collection}/`) ? text : `${collection}/${text}`));
}
