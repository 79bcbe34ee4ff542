import {
  Cloudbuildv2Connection,
  type Cloudbuildv2ConnectionConfig,
} from "@cdktf/provider-google/lib/cloudbuildv2-connection";
import { Cloudbuildv2Repository } from "@cdktf/provider-google/lib/cloudbuildv2-repository";
import { type TerraformProvider, type TerraformResource, TerraformStack } from "cdktf";
import { Construct, type IConstruct } from "constructs";
import { parseRegionOrZone } from "../vocabulary/location";
import { ProblemCode, show } from "../vocabulary/problem";
import { PROJECT_NUMBER } from "../vocabulary/resource-name";
import { ROLES } from "../vocabulary/roles";
import { claim, fixAddress, logicalId, provide, unclaim, waitFor } from "./private/addressing";
import { enabledApi } from "./private/apis";
import { grantBinding, releaseBindings } from "./private/iam";
import { checkSecretVersion, SECRET_VERSION } from "./private/pipeline";
import { resolveProject } from "./private/project";
import { pathOf, Refusals } from "./private/refusals";
import { forget } from "./private/terraform-block";

/** A connection of Cloud Build to where repositories are. */
export interface IRepositoryConnection extends IConstruct {
  /** The full name: `projects/P/locations/L/connections/C`. */
  readonly connectionId: string;
}

/** How Cloud Build gets at repositories of github.com. */
export interface GithubConnectionOptions {
  /** The number of the installation of the Cloud Build GitHub App, which somebody installs by hand first. */
  readonly appInstallationId: number;
  /** The version of the secret with the token, by number: `projects/P/secrets/S/versions/3`. */
  readonly tokenSecretVersion: string;
}

/** How Cloud Build gets at repositories of GitLab. */
export interface GitlabConnectionOptions {
  /** The version of the secret with the token of the scope `api`, by number: `projects/P/secrets/S/versions/3`. */
  readonly apiTokenSecretVersion: string;
  /** The version of the secret with the token of the scope `read_api`, by number. */
  readonly readTokenSecretVersion: string;
  /** The version of the secret that GitLab's requests are signed with, by number. */
  readonly webhookSecretVersion: string;
  /**
   * The address of a GitLab of one's own: `https://gitlab.example.com`.
   * @default - gitlab.com
   */
  readonly hostUri?: string;
}

/** Where the repositories of a connection are, not yet checked. */
export type ConnectionHostKind =
  | ({ readonly kind: "github" } & GithubConnectionOptions)
  | ({ readonly kind: "gitlab" } & GitlabConnectionOptions);

/** Where the repositories of a connection are. */
export class ConnectionHost {
  /**
   * Repositories of github.com.
   * @param options the app and the token
   */
  public static github(options: GithubConnectionOptions): ConnectionHost {
    return new ConnectionHost({ kind: "github", ...options });
  }

  /**
   * Repositories of gitlab.com, or of a GitLab of one's own.
   * @param options the tokens
   */
  public static gitlab(options: GitlabConnectionOptions): ConnectionHost {
    return new ConnectionHost({ kind: "gitlab", ...options });
  }

  /** @internal */
  public readonly _host: ConnectionHostKind;

  private constructor(host: ConnectionHostKind) {
    this._host = host;
  }
}

/** What a connection is made of. */
export interface RepositoryConnectionProps {
  /** The name of the connection. */
  readonly connectionName: string;

  /** The region of the connection, of its repositories, and of every trigger and worker pool that uses them. */
  readonly location: string;

  /** Where the repositories are. */
  readonly host: ConnectionHost;

  /** The number of the project, literal: its Cloud Build service agent is let read the secrets. */
  readonly projectNumber: string;

  /**
   * The project of the connection.
   * @default - the literal project of the google provider
   */
  readonly project?: string;

  /**
   * Whether cloudbuild.googleapis.com is enabled here; `false` where an organisation does it elsewhere.
   * @default true
   */
  readonly enableApis?: boolean;

  /**
   * The google provider, where the stack has several.
   * @default - the default provider of the stack
   */
  readonly provider?: TerraformProvider;
}

// As the API asks for; longer or other names are refused by it, and not by Terraform.
const NAME = {
  pattern: /^[a-zA-Z0-9](?:[a-zA-Z0-9_-]{0,61}[a-zA-Z0-9])?$/,
  allowed: "1 to 63 letters, digits, hyphens and underscores, starting and ending with a letter or digit",
};

abstract class RepositoryConnectionBase extends Construct implements IRepositoryConnection {
  public abstract readonly connectionId: string;
}

/**
 * A connection of Cloud Build to a host of repositories (second generation), and the repositories that it reaches. All of
 * them are in one region, with the triggers and worker pools that use them; `global` is not possible.
 *
 * Source: https://docs.cloud.google.com/build/docs/repositories
 *
 * @exampleMetadata fixture=part
 * @example
 * const connection = new RepositoryConnection(stack, "GitHub", {
 *   connectionName: "github",
 *   location: "us-central1",
 *   host: ConnectionHost.github({
 *     appInstallationId: 123123,
 *     tokenSecretVersion: "projects/my-secure-project/secrets/github-token/versions/3",
 *   }),
 *   projectNumber: "123456789012",
 * });
 * const repository = connection.addRepository("web", "https://github.com/my-org/web.git");
 * const source = PipelineSource.push({ repository, branch: "^main$" });
 */
export class RepositoryConnection extends RepositoryConnectionBase {
  public readonly connectionId: string;
  /** The project of the connection. */
  public readonly project: string;
  /** The resource of the connection. */
  public readonly resource: Cloudbuildv2Connection;

  private readonly location: string;
  private readonly provider?: TerraformProvider;
  private readonly repositories: Cloudbuildv2Repository[] = [];
  private released = false;

  /**
   * @param scope the construct's parent
   * @param id the construct's id; no part of any address
   * @param props the connection
   */
  public constructor(scope: Construct, id: string, props: RepositoryConnectionProps) {
    super(scope, id);
    this.project = validate(scope, id, props);
    this.location = props.location;
    this.provider = props.provider;
    this.connectionId = `projects/${this.project}/locations/${props.location}/connections/${props.connectionName}`;
    claim(this, "connection", this.connectionId);
    const { project, location } = this;
    this.resource = fixAddress(
      new Cloudbuildv2Connection(this, "Connection", {
        project,
        location,
        name: props.connectionName,
        ...hostConfig(props.host._host),
        provider: props.provider,
      }),
      logicalId(project, location, props.connectionName),
    );
    const here = TerraformStack.of(this);
    const grants = this.grant(props).filter((resource) => TerraformStack.of(resource) === here);
    const placement = { project, provider: props.provider, enableApis: props.enableApis };
    waitFor(this.resource, enabledApi(this, "cloudbuild", placement), ...grants);
  }

  /**
   * A repository of the connection; its full name, for a {@link PipelineSource}:
   * `projects/P/locations/L/connections/C/repositories/R`. Triggers that use it wait for it.
   *
   * @param repositoryName the repository's name in Cloud Build
   * @param remoteUri its address, as git clones it: `https://github.com/my-org/web.git`
   */
  public addRepository(repositoryName: string, remoteUri: string): string {
    const refusals = new Refusals(this.node.path);
    refusals.name("repositoryName", repositoryName, NAME);
    const form = /^https:\/\/[a-z0-9.-]+(?::[0-9]+)?(?:\/[A-Za-z0-9._-]+)+\.git$/;
    refusals.form("remoteUri", remoteUri, form, "https://HOST/PATH.git");
    if (this.released) {
      refusals.add(
        ProblemCode.INVALID_STATE,
        `a repository was added after release(), got ${show(repositoryName)}; allowed: repositories before it`,
      );
    }
    refusals.throwIfAny();
    const name = `${this.connectionId}/repositories/${repositoryName}`;
    claim(this, "connected repository", name);
    const { project, location } = this;
    const connection = this.connectionId.split("/").pop() ?? "";
    const resource = fixAddress(
      new Cloudbuildv2Repository(this, `Repository-${repositoryName}`, {
        project,
        location,
        name: repositoryName,
        parentConnection: this.connectionId,
        remoteUri,
        provider: this.provider,
      }),
      logicalId(project, location, connection, repositoryName),
    );
    waitFor(resource, this.resource);
    this.repositories.push(resource);
    provide(this, "connected repository", name, () => (this.released ? [] : [resource]));
    return name;
  }

  /**
   * Leaves connection, repositories and the grants on the secrets alone from now on: the next apply forgets them and
   * destroys nothing. Terraform 1.7 or newer.
   */
  public release(): void {
    if (this.released) {
      return;
    }
    this.released = true;
    unclaim(this);
    releaseBindings(this);
    forget(...this.repositories, this.resource);
  }

  /** Cloud Build itself reads the tokens, and not the identity of a build. */
  private grant(props: RepositoryConnectionProps): TerraformResource[] {
    return Object.values(secretsOf(props.host._host)).map((version) => {
      const [, project, secret] = SECRET_VERSION.exec(version) as RegExpExecArray;
      return grantBinding(this, {
        opened: { kind: "secret", project, secret },
        role: ROLES.SECRET_ACCESSOR,
        member: `serviceAccount:service-${props.projectNumber}@gcp-sa-cloudbuild.iam.gserviceaccount.com`,
        provider: props.provider,
      });
    });
  }
}

function hostConfig(host: ConnectionHostKind): Partial<Cloudbuildv2ConnectionConfig> {
  switch (host.kind) {
    case "github":
      return {
        githubConfig: {
          appInstallationId: host.appInstallationId,
          authorizerCredential: { oauthTokenSecretVersion: host.tokenSecretVersion },
        },
      };
    case "gitlab":
      return {
        gitlabConfig: {
          hostUri: host.hostUri,
          authorizerCredential: { userTokenSecretVersion: host.apiTokenSecretVersion },
          readAuthorizerCredential: { userTokenSecretVersion: host.readTokenSecretVersion },
          webhookSecretSecretVersion: host.webhookSecretVersion,
        },
      };
  }
}

/** The versions of secrets that a connection names, by the option that names them. */
function secretsOf(host: ConnectionHostKind): Record<string, string> {
  switch (host.kind) {
    case "github":
      return { tokenSecretVersion: host.tokenSecretVersion };
    case "gitlab":
      return {
        apiTokenSecretVersion: host.apiTokenSecretVersion,
        readTokenSecretVersion: host.readTokenSecretVersion,
        webhookSecretVersion: host.webhookSecretVersion,
      };
  }
}

function validate(scope: Construct, id: string, props: RepositoryConnectionProps): string {
  const refusals = new Refusals(pathOf(scope, id));
  const project = resolveProject(refusals, scope, props);
  refusals.name("connectionName", props.connectionName, NAME);
  if (refusals.literal("location", props.location) && parseRegionOrZone(props.location)?.kind !== "region") {
    refusals.add(
      ProblemCode.INVALID_LOCATION,
      `"location" is no region, got ${show(props.location)}; allowed: a region such as "us-central1", never global`,
    );
  }
  refusals.name("projectNumber", props.projectNumber, PROJECT_NUMBER, ProblemCode.INVALID_PROJECT);
  const host = props.host._host;
  for (const [property, version] of Object.entries(secretsOf(host))) {
    checkSecretVersion(refusals, `host.${property}`, version);
  }
  if (host.kind === "github" && (!Number.isInteger(host.appInstallationId) || host.appInstallationId < 1)) {
    refusals.add(
      ProblemCode.INVALID_OPTIONS,
      `"host.appInstallationId" is no number of an installation, got ${show(host.appInstallationId)}; allowed: the number in the address of the app's settings`,
    );
  }
  if (host.kind === "gitlab" && host.hostUri !== undefined) {
    refusals.form("host.hostUri", host.hostUri, /^https:\/\/[a-z0-9.-]+(?::[0-9]+)?$/, "https://HOST");
  }
  refusals.throwIfAny();
  return project;
}
