import { memoized } from "./memo";

/** The parts of an image as a pod writes it. */
export interface ImageParts {
  /** What is before tag and digest. */
  readonly repository: string;
  readonly tag?: string;
  /** What follows the `@`, whatever it is. */
  readonly reference?: string;
  /** `sha256:` and 64 lower-case hexadecimal digits: the only form that attestations can be about. */
  readonly digest?: string;
  /**
   * Whether the text can name an image at all. What cannot, such as a path with `..` or a look-alike of a letter, is
   * compared with no pattern and taken for no digest: no node could pull it, so that admitting it could only be a mistake.
   */
  readonly possible: boolean;
}

const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** Whether a text is `sha256:` and 64 lower-case hexadecimal digits. */
export function isDigest(text: string): boolean {
  return DIGEST.test(text);
}

/**
 * Takes an image apart without judging it; the digest counts only where there is exactly one `@`.
 *
 * Not `parseImageReference`: that one refuses what the service accepts as text, and this has to cope with every text in
 * linear time.
 */
export const imageParts = memoized({ entries: 4096, keyLength: 1024 }, (image): ImageParts => {
  const at = image.indexOf("@");
  const named = at < 0 ? image : image.slice(0, at);
  const reference = at < 0 ? undefined : image.slice(at + 1);
  const colon = named.lastIndexOf(":");
  const tagged = colon > named.lastIndexOf("/");
  const repository = tagged ? named.slice(0, colon) : named;
  const possible = isImageText(image);
  return {
    repository,
    tag: tagged ? named.slice(colon + 1) : undefined,
    reference,
    digest: reference !== undefined && isDigest(reference) && possible && repository !== "" ? reference : undefined,
    possible,
  };
});

/** In UTF-16 units. A reference has at most 255 of name, 128 of tag and 71 of digest; this leaves room. */
const LONGEST_IMAGE = 1024;

function isImageText(image: string): boolean {
  return (
    image.length <= LONGEST_IMAGE &&
    /^[A-Za-z0-9._:/@+-]+$/.test(image) &&
    // A segment ends at a slash, or where a tag or digest begins.
    !/(?:^|\/)\.{0,2}(?:[/:@]|$)/.test(image)
  );
}

/** An image without the scheme that `resourceUri` may carry. */
export function withoutScheme(uri: string): string {
  return uri.startsWith("http") ? uri.replace(/^https?:\/\//, "") : uri;
}
