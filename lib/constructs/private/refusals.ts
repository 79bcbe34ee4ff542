import { Annotations, Token } from "cdktf";
import type { IConstruct } from "constructs";
import { MEMBER_FORM, memberError } from "../../vocabulary/member";
import { type Problem, ProblemCode, ProblemError, show } from "../../vocabulary/problem";
import type { NameGrammar } from "../../vocabulary/resource-name";

const EMAIL = /^[^\s@]+@[a-z0-9.-]+\.[a-z]+$/;

/** Collects everything that is wrong with one construct, so that independent errors are reported together. */
export class Refusals {
  private readonly problems: Problem[] = [];

  public constructor(private readonly constructPath: string) {}

  public add(code: ProblemCode, message: string): void {
    this.problems.push({ code, constructPath: this.constructPath, message });
  }

  public get any(): boolean {
    return this.problems.length > 0;
  }

  /** How much is wrong so far. */
  public get count(): number {
    return this.problems.length;
  }

  /** Ends a validation: throws one error with every problem found so far. */
  public throwIfAny(): void {
    if (this.any) {
      throw new ProblemError(this.problems);
    }
  }

  /** A value that names or addresses something has to be known while the program runs. */
  public literal(property: string, value: unknown): boolean {
    if (Token.isUnresolved(value) || (typeof value === "string" && value.includes("${"))) {
      this.add(
        ProblemCode.UNRESOLVED_VALUE,
        `"${property}" has to be a literal value, got a Terraform variable, reference or other token; allowed: a string known when the program runs`,
      );
      return false;
    }
    return true;
  }

  /** A literal e-mail address of a service account. */
  public email(property: string, value: string): void {
    if (this.literal(property, value) && !EMAIL.test(value)) {
      this.add(
        ProblemCode.INVALID_MEMBER,
        `"${property}" is no e-mail address, got ${show(value)}; allowed: NAME@PROJECT.iam.gserviceaccount.com`,
      );
    }
  }

  /** A literal text of a form. */
  public form(property: string, value: string, form: RegExp, allowed: string): boolean {
    if (!this.literal(property, value)) {
      return false;
    }
    if (typeof value !== "string" || !form.test(value)) {
      this.add(ProblemCode.INVALID_OPTIONS, `"${property}" is not valid, got ${show(value)}; allowed: ${allowed}`);
      return false;
    }
    return true;
  }

  /** A literal IAM member; none that would let everybody in. */
  public member(property: string, member: string): void {
    const error = this.literal(property, member) ? memberError(member) : undefined;
    if (error) {
      this.add(ProblemCode.INVALID_MEMBER, `${property} ${show(member)} ${error}; allowed: ${MEMBER_FORM}`);
    }
  }

  /** A literal name of a grammar. */
  public name(property: string, value: string, grammar: NameGrammar, code = ProblemCode.INVALID_NAME): boolean {
    if (!this.literal(property, value)) {
      return false;
    }
    if (typeof value !== "string" || !grammar.pattern.test(value)) {
      this.add(code, `"${property}" is not valid, got ${show(value)}; allowed: ${grammar.allowed}`);
      return false;
    }
    return true;
  }
}

/** Refuses for one reason. */
export function refuse(constructPath: string, code: ProblemCode, message: string): never {
  throw new ProblemError([{ code, constructPath, message }]);
}

/** Says what is only likely to be wrong; `cdktf synth` prints it and goes on. */
export function warn(construct: IConstruct, code: ProblemCode, message: string): void {
  // CDKTF puts the path before it.
  Annotations.of(construct).addWarning(`[${code}] ${message}`);
}

/** The path that a construct is about to have; validation runs before its children exist. */
export function pathOf(scope: IConstruct, id: string): string {
  return scope.node.path ? `${scope.node.path}/${id}` : id;
}
