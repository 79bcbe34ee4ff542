import { Token } from "cdktf";
import { ProblemCode, show } from "../vocabulary/problem";
import type { Refusals } from "./private/refusals";

/** A webhook that notifications are posted to, with basic authentication. */
export interface WebhookOptions {
  /** The URL, which begins with `https://`. */
  readonly url: string;

  /** The user name. */
  readonly username: string;

  /** The password: a reference to a sensitive Terraform variable or to a secret, never a literal. Terraform's state holds it. */
  readonly password: string;
}

/** What a channel is, as data. */
type Description =
  | { readonly kind: "email"; readonly address: string }
  | { readonly kind: "pubsub"; readonly topic: string }
  | { readonly kind: "webhook"; readonly options: WebhookOptions }
  | { readonly kind: "existing"; readonly name: string };

/** A channel as the provider's resource takes it. */
interface ChannelConfig {
  readonly id: string[];
  readonly type: string;
  readonly displayName: string;
  readonly labels: { [key: string]: string };
  readonly sensitiveLabels?: { readonly password: string };
}

const ADDRESS = /^[^\s@]+@[A-Za-z0-9.-]+\.[A-Za-z]+$/;
const TOPIC = /^projects\/[^/]+\/topics\/[A-Za-z][A-Za-z0-9._~+%-]{2,254}$/;
const CHANNEL = /^projects\/([^/]+)\/notificationChannels\/[^/]+$/;

/**
 * Where an alert is sent: a notification channel of Cloud Monitoring, made for each watched project or there already.
 *
 * Source: https://docs.cloud.google.com/monitoring/support/notification-options
 */
export class AlertChannel {
  /**
   * A channel that sends e-mail.
   * @param address the address, of a group rather than a person
   */
  public static email(address: string): AlertChannel {
    return new AlertChannel({ kind: "email", address });
  }

  /**
   * A channel that publishes to a Pub/Sub topic. The notification agent of each watched project,
   * `service-NUMBER@gcp-sa-monitoring-notification.iam.gserviceaccount.com`, needs `roles/pubsub.publisher` on it.
   * @param topic the topic, as `projects/P/topics/T`
   */
  public static pubsub(topic: string): AlertChannel {
    return new AlertChannel({ kind: "pubsub", topic });
  }

  /**
   * A channel that posts to a webhook.
   * @param options the URL and how to authenticate there
   */
  public static webhook(options: WebhookOptions): AlertChannel {
    return new AlertChannel({ kind: "webhook", options });
  }

  /**
   * A channel that exists. An alert can use channels of its own project only: name one for each watched project.
   * @param channelName the channel, as `projects/P/notificationChannels/ID`
   */
  public static fromChannelName(channelName: string): AlertChannel {
    return new AlertChannel({ kind: "existing", name: channelName });
  }

  private constructor(private readonly description: Description) {}

  /**
   * Adds what is wrong with the channel.
   * @internal
   */
  public _check(refusals: Refusals, property: string): void {
    const { description } = this;
    switch (description.kind) {
      case "email":
        refusals.form(property, description.address, ADDRESS, "an e-mail address");
        break;
      case "pubsub":
        refusals.form(
          property,
          description.topic,
          TOPIC,
          "projects/PROJECT/topics/TOPIC, with a topic of 3 to 255 characters",
        );
        break;
      case "existing":
        refusals.form(property, description.name, CHANNEL, "projects/PROJECT/notificationChannels/ID");
        break;
      case "webhook":
        refusals.form(
          `${property}.url`,
          description.options.url,
          /^https:\/\/[^\s/]+/,
          "an address that begins with https://",
        );
        refusals.form(`${property}.username`, description.options.username, /\S/, "the name of a user");
        if (!Token.isUnresolved(description.options.password)) {
          refusals.add(
            ProblemCode.INVALID_OPTIONS,
            `"${property}.password" is written into the program, got a literal of ${show(String(description.options.password).length)} characters; allowed: a reference to a sensitive Terraform variable or to a secret`,
          );
        }
    }
  }

  /**
   * The project of a channel that exists.
   * @internal
   */
  public get _project(): string | undefined {
    return this.description.kind === "existing" ? CHANNEL.exec(this.description.name)?.[1] : undefined;
  }

  /**
   * The full name of a channel that exists.
   * @internal
   */
  public get _name(): string | undefined {
    return this.description.kind === "existing" ? this.description.name : undefined;
  }

  /**
   * What is to be made; undefined for a channel that exists.
   * @internal
   */
  public get _config(): ChannelConfig | undefined {
    const { description } = this;
    switch (description.kind) {
      case "email":
        return channel("email", description.address, { email_address: description.address });
      case "pubsub":
        return channel("pubsub", description.topic, { topic: description.topic });
      case "webhook": {
        const { url, username, password } = description.options;
        return { ...channel("webhook_basicauth", url, { url, username }), sensitiveLabels: { password } };
      }
      default:
        return undefined;
    }
  }
}

function channel(type: string, target: string, labels: { [key: string]: string }): ChannelConfig {
  return { id: [type, target], type, displayName: `Binary Authorization alerts: ${target}`, labels };
}
