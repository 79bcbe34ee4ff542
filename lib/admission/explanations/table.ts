import { DENIALS } from "./denials";
import { PERMISSION_MESSAGES } from "./permissions";
import { SIGNING } from "./signing";
import { TERRAFORM_MESSAGES } from "./terraform";
import type { KnownMessage } from "./types";

/** Every message that is explained. Of two that fit the same words, the one that stands first counts. */
export const KNOWN_MESSAGES: readonly KnownMessage[] = [
  ...DENIALS,
  ...PERMISSION_MESSAGES,
  ...SIGNING,
  ...TERRAFORM_MESSAGES,
];

/** Words that are a denial or an error of the chain for sure, whatever follows them. */
export interface Signal {
  readonly text: string;
  /** How far behind it an explained message may begin and still be the one that it announces. */
  readonly reach: number;
}

/** Where no explained message covers one of these, the text has something in it that is not explained. */
export const SIGNALS: readonly Signal[] = [
  { text: "Image {image} denied by attestor {attestor}:", reach: 0 },
  { text: "Image {image} denied by {attestor}:", reach: 0 },
  { text: "Image {image} denied by Binary Authorization", reach: 0 },
  { text: "Container image '{image}' is not authorized by policy.", reach: 0 },
  { text: "Revision {revision} uses unauthorized container image", reach: 0 },
  { text: "Permission '{permission}' denied", reach: 0 },
  { text: 'permission "{permission}" denied', reach: 0 },
  { text: "is not enabled, current state is:", reach: 0 },
  { text: "Error creating Policy:", reach: 160 },
  { text: 'Error updating Policy "{name}":', reach: 160 },
  { text: "Error creating Attestor:", reach: 160 },
  { text: 'Error updating Attestor "{name}":', reach: 160 },
  { text: "Error creating Note:", reach: 160 },
];
