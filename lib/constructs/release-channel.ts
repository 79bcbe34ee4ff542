/** The release channel of a new cluster. */
export enum ReleaseChannel {
  /** New versions first. */
  RAPID = "RAPID",
  /** Versions that have proved themselves in RAPID. */
  REGULAR = "REGULAR",
  /** Versions that have proved themselves in REGULAR. */
  STABLE = "STABLE",
  /** Versions with longer support. */
  EXTENDED = "EXTENDED",
}
