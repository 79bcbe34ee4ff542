import { type Context, newId, now, requireProject } from "./context";
import { alreadyExists, invalid, notFound, precondition } from "./errors";
import { applyMask, clone, type Json, type JsonObject, list, obj, str, strings } from "./json";
import type { Call, ServiceRouter } from "./router";

const ACCOUNT = "projects/{project}/serviceAccounts/{email}";
const ROLE = "projects/{project}/roles/{role}";

/** IAM: service accounts and the custom roles of projects. */
export class Iam {
  private readonly accounts = new Map<string, JsonObject>();
  private readonly roles = new Map<string, JsonObject>();

  constructor(private readonly context: Context) {
    const on = context.router.forService("iam");
    this.accountRoutes(on);
    this.roleRoutes(on);
    context.iam.routes(on, ACCOUNT, (name) => void this.requireAccount(name));
  }

  serviceAccount(email: string): JsonObject | undefined {
    return clone(this.accounts.get(email));
  }

  role(name: string): JsonObject | undefined {
    return clone(this.roles.get(name));
  }

  /** Refuses grants to accounts, and of custom roles, that do not exist. */
  checkPolicy(policy: JsonObject): void {
    for (const binding of list(policy.bindings)) {
      const role = str(binding.role);
      const custom = role.startsWith("projects/") ? this.roles.get(role) : {};
      if (custom === undefined || custom.deleted === true) {
        throw invalid(`Role ${role} does not exist in the resource's hierarchy.`);
      }
      strings(binding.members).forEach((member) => {
        this.checkMember(member);
      });
    }
  }

  private checkMember(member: string): void {
    const email = /^serviceAccount:([^@]+@(?!gcp-sa-)[^.]+\.iam\.gserviceaccount\.com)$/.exec(member)?.[1];
    if (email !== undefined && !this.accounts.has(email)) {
      throw invalid(`Service account ${email} does not exist.`);
    }
  }

  private accountRoutes(on: ServiceRouter): void {
    on("POST", "projects/{project}/serviceAccounts", (call) => this.createAccount(call));
    on("GET", "projects/{project}/serviceAccounts", (call) => {
      const inside = [...this.accounts.values()].filter((a) => a.projectId === call.params.project);
      return { accounts: inside.map(clone) };
    });
    on("GET", ACCOUNT, (call) => clone(this.requireAccount(call.name)));
    on("PATCH", ACCOUNT, (call) => {
      const account = this.requireAccount(call.name);
      applyMask(account, obj(call.body.serviceAccount), str(call.body.updateMask));
      return clone(account);
    });
    on("DELETE", ACCOUNT, (call) => {
      const email = str(this.requireAccount(call.name).email);
      this.accounts.delete(email);
      this.context.iam.delete(call.name);
      return {};
    });
    on("POST", `${ACCOUNT}:enable`, (call) => this.setDisabled(call, false));
    on("POST", `${ACCOUNT}:disable`, (call) => this.setDisabled(call, true));
  }

  private setDisabled(call: Call, disabled: boolean): Json {
    this.requireAccount(call.resource).disabled = disabled;
    return {};
  }

  private requireAccount(name: string): JsonObject {
    // The project may be a dash: the address is unique without it.
    const email = name.split("/").pop() ?? "";
    const account = this.accounts.get(email);
    if (account === undefined) {
      throw notFound(`Unknown service account: ${email}`);
    }
    return account;
  }

  private createAccount(call: Call): Json {
    const project = call.params.project ?? "";
    requireProject(this.context, project);
    const id = str(call.body.accountId);
    const email = `${id}@${project}.iam.gserviceaccount.com`;
    const name = `projects/${project}/serviceAccounts/${email}`;
    if (!/^[a-z][-a-z0-9]{4,28}[a-z0-9]$/.test(id)) {
      throw invalid(`The account ID "${id}" does not have a length between 6 and 30.`);
    }
    if (this.accounts.has(email)) {
      throw alreadyExists(`Service account ${id} within project projects/${project}`);
    }
    const uniqueId = `1${String(this.accounts.size + 1).padStart(20, "0")}`;
    const account: JsonObject = {
      ...obj(call.body.serviceAccount),
      name,
      email,
      projectId: project,
      uniqueId,
      oauth2ClientId: uniqueId,
      etag: Buffer.from(newId()).toString("base64"),
    };
    this.accounts.set(email, account);
    return clone(account);
  }

  private roleRoutes(on: ServiceRouter): void {
    on("POST", "projects/{project}/roles", (call) => this.createRole(call));
    on("GET", ROLE, (call) => clone(this.requireRole(call.name)));
    on("PATCH", ROLE, (call) => this.updateRole(call));
    on("DELETE", ROLE, (call) => this.deleteRole(call));
    on("POST", `${ROLE}:undelete`, (call) => {
      const role = this.requireRole(call.resource);
      if (role.deleted !== true) {
        throw precondition(`You can't undelete role ${str(role.name)}, it is not deleted.`);
      }
      role.deleted = undefined;
      return clone(role);
    });
  }

  private requireRole(name: string): JsonObject {
    const role = this.roles.get(name);
    if (role === undefined) {
      throw notFound(`The role named ${name}`);
    }
    return role;
  }

  private createRole(call: Call): Json {
    requireProject(this.context, call.params.project ?? "");
    const name = `${call.name}/${str(call.body.roleId)}`;
    // A deleted role keeps its id for a week: making it anew is refused, undeleting it is the way.
    if (this.roles.has(name)) {
      throw alreadyExists(`A role named ${str(call.body.roleId)} in projects/${call.params.project}`);
    }
    const role: JsonObject = { ...obj(call.body.role), name, etag: etag() };
    this.roles.set(name, role);
    return clone(role);
  }

  private updateRole(call: Call): Json {
    const role = this.requireRole(call.name);
    if (role.deleted === true) {
      throw precondition(`You can't update role ${call.name}, it is deleted.`);
    }
    const mask = call.query.get("updateMask") ?? Object.keys(call.body).join(",");
    applyMask(role, call.body, mask);
    role.etag = etag();
    return clone(role);
  }

  private deleteRole(call: Call): Json {
    const role = this.requireRole(call.name);
    role.deleted = true;
    role.etag = etag();
    return clone(role);
  }
}

function etag(): string {
  return Buffer.from(now() + newId())
    .toString("base64")
    .slice(0, 12);
}
