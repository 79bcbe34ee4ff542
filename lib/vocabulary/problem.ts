/**
 * The machine-readable codes of everything this library refuses or warns about.
 *
 * A code never changes its meaning; tests and wrappers may rely on it.
 */
export enum ProblemCode {
  /** A value that has to be known when the program runs is a Terraform variable, reference or other token. */
  UNRESOLVED_VALUE = "UNRESOLVED_VALUE",
  /** No project was given, and the google provider of the stack has no literal one. */
  MISSING_PROJECT = "MISSING_PROJECT",
  /** A project id that Google Cloud does not accept. */
  INVALID_PROJECT = "INVALID_PROJECT",
  /** An empty name, or one with characters or a length that the API does not accept. */
  INVALID_NAME = "INVALID_NAME",
  /** A location that does not exist, is misspelled, or is of the wrong kind. */
  INVALID_LOCATION = "INVALID_LOCATION",
  /** A region or zone of the right form that this version of the library does not know. */
  UNKNOWN_LOCATION = "UNKNOWN_LOCATION",
  /** A signing algorithm that Binary Authorization or Cloud KMS does not take. */
  UNSUPPORTED_ALGORITHM = "UNSUPPORTED_ALGORITHM",
  /** Text that is no public key, or a public key that does not fit the algorithm. */
  INVALID_PUBLIC_KEY = "INVALID_PUBLIC_KEY",
  /** The list of key versions contradicts itself: signing versions, ids, numbers or gaps. */
  INVALID_KEY_VERSIONS = "INVALID_KEY_VERSIONS",
  /** An attestor without keys, with too many, or with one key id twice. */
  INVALID_ATTESTOR_KEYS = "INVALID_ATTESTOR_KEYS",
  /** An attestor that no pipeline can sign for, or for which the signing key is ambiguous. */
  NO_SIGNING_KEY = "NO_SIGNING_KEY",
  /** An IAM member of a form that IAM does not know, or one that opens the resource to everybody. */
  INVALID_MEMBER = "INVALID_MEMBER",
  /** An exempt image pattern outside the documented grammar. */
  INVALID_EXEMPT_IMAGE = "INVALID_EXEMPT_IMAGE",
  /** A valid exempt image pattern that probably says more, or less, than was meant. */
  DOUBTFUL_EXEMPT_IMAGE = "DOUBTFUL_EXEMPT_IMAGE",
  /** An exempt image pattern that switches verification off for what the app builds or mirrors, and signs. */
  EXEMPTION_COVERS_PIPELINE = "EXEMPTION_COVERS_PIPELINE",
  /** An acknowledgement without a reason, or for something that is not there. */
  INVALID_ACKNOWLEDGEMENT = "INVALID_ACKNOWLEDGEMENT",
  /** An admission rule that contradicts itself. */
  INVALID_ADMISSION_RULE = "INVALID_ADMISSION_RULE",
  /** Two attestors of one short name, of which the provider would drop one. */
  AMBIGUOUS_ATTESTOR_NAME = "AMBIGUOUS_ATTESTOR_NAME",
  /** A documented limit of the service is exceeded. */
  LIMIT_EXCEEDED = "LIMIT_EXCEEDED",
  /** A documented limit may be exceeded, depending on how the service counts. */
  LIMIT_UNCLEAR = "LIMIT_UNCLEAR",
  /** A policy export that cannot be read, or that holds what Terraform would erase. */
  UNSUPPORTED_POLICY_EXPORT = "UNSUPPORTED_POLICY_EXPORT",
  /** The same cloud resource is declared twice. */
  DUPLICATE_RESOURCE = "DUPLICATE_RESOURCE",
  /** Cluster and policy are in different projects. */
  PROJECT_MISMATCH = "PROJECT_MISMATCH",
  /** A cluster whose enforcement is, or could be, switched off behind the construct's back. */
  ENFORCEMENT_NOT_HELD = "ENFORCEMENT_NOT_HELD",
  /** Options of one call that exclude each other, or one that is missing. */
  INVALID_OPTIONS = "INVALID_OPTIONS",
  /** An image name that cannot be pushed and signed. */
  INVALID_IMAGE = "INVALID_IMAGE",
  /** A step image that is a tag, and so may change between two builds. */
  UNPINNED_STEP_IMAGE = "UNPINNED_STEP_IMAGE",
  /** A deployed image that is a tag, and so may be another one than was signed. */
  UNPINNED_IMAGE = "UNPINNED_IMAGE",
  /** A signer that is the builder, or an approver that is one of the two: nobody would check anybody. */
  SIGNER_NOT_SEPARATE = "SIGNER_NOT_SEPARATE",
  /** A gate whose evidence the signer itself could change. */
  EVIDENCE_NOT_INDEPENDENT = "EVIDENCE_NOT_INDEPENDENT",
  /** Two stacks that would have to wait for each other. */
  STACK_CYCLE = "STACK_CYCLE",
  /** A method that does not fit the state of the construct. */
  INVALID_STATE = "INVALID_STATE",
  /** A package that the construct needs, and that is no dependency of this one, is not installed. */
  MISSING_PACKAGE = "MISSING_PACKAGE",
  /** What needs a running cluster is declared in the stack that creates one. */
  CLUSTER_IN_SAME_STACK = "CLUSTER_IN_SAME_STACK",
}

/** What is wrong, in parts, so that a program can act on it and a person can read it. */
export interface Problem {
  /** The machine-readable code. */
  readonly code: ProblemCode;
  /** The path of the construct the problem was found at, for example `Stack/Policy`. */
  readonly constructPath: string;
  /** One clear sentence without a full stop. */
  readonly message: string;
}

const PROBLEMS = Symbol.for("cdktf-binauthz/Problems");

/**
 * Reads the problems out of an error that one of the constructs threw.
 *
 * @exampleMetadata fixture=part
 * @example
 * declare const error: unknown; // what a constructor threw
 * for (const problem of Problems.of(error)) {
 *   console.error(problem.code, problem.constructPath, problem.message);
 * }
 */
export class Problems {
  /**
   * The problems an error carries; empty for an error of another origin.
   * @param error what was caught
   */
  public static of(error: unknown): Problem[] {
    return typeof error === "object" && error !== null && PROBLEMS in error ? (error[PROBLEMS] as Problem[]) : [];
  }

  private constructor() {}
}

/** The error of every refusal. Not exported: jsii cannot carry subclasses of Error; use {@link Problems}. */
export class ProblemError extends Error {
  public constructor(problems: readonly Problem[]) {
    super(
      problems.length === 1
        ? renderProblem(problems[0])
        : `${problems.length} problems:\n${problems.map((problem) => `  ${renderProblem(problem)}`).join("\n")}`,
    );
    this.name = "ProblemError";
    this.stack = withoutOwnFrames(this.stack);
    // Recognized by symbol and not by class: two copies of the package may be installed.
    Object.defineProperty(this, PROBLEMS, { value: [...problems] });
  }
}

/** The lines of the caller's program come first: where in this package it was noticed helps nobody. */
function withoutOwnFrames(stack: string | undefined): string | undefined {
  // The folder of the package's code, compiled or not. Asked for only here: the vocabulary is also read in browsers.
  const own = __dirname.replace(/[^/\\]*$/, "");
  return stack
    ?.split("\n")
    .filter((line) => !/^\s+at /.test(line) || !line.includes(own))
    .join("\n");
}

/** One problem as the one line that a person reads. */
export function renderProblem(problem: Problem): string {
  return `[${problem.code}] ${problem.constructPath}: ${problem.message}`;
}

/** A value as it is shown in a message: quoted, and never longer than a line. */
export function show(value: unknown): string {
  if (value === undefined) {
    return "nothing";
  }
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}
