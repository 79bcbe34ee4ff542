// Holds the public API to its conventions, by reading the assembly that jsii wrote. One line per finding:
//   lib/constructs/trust-root.ts:21  default-doc  TrustRootProps.algorithm: …
// Usage: node scripts/lint-api.mjs [ASSEMBLY [EXCEPTIONS]]
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(fileURLToPath(import.meta.url), "../..");
const [assemblyFile = resolve(root, ".jsii"), exceptionsFile = resolve(root, "scripts/lint-api.exceptions.json")] =
  process.argv.slice(2);
const assembly = JSON.parse(readFileSync(assemblyFile, "utf8"));
/** Rule → "Type.member" → why the rule does not hold there. */
const exceptions = JSON.parse(readFileSync(exceptionsFile, "utf8"));

const types = Object.values(assembly.types ?? {});
const findings = [];
const used = new Set();

for (const type of types) {
  checkSummaries(type);
  checkParameters(type);
  checkUnions(type);
  if (isStruct(type)) checkStruct(type);
  if (type.kind === "class") checkClass(type);
}
checkExceptions();
for (const { place, rule, name, message } of findings) console.log(`${place}  ${rule}  ${name}: ${message}`);
if (findings.length > 0) process.exitCode = 1;

function checkSummaries(type) {
  const documented = [type, ...(type.members ?? []), ...propertiesOf(type), ...methodsOf(type)];
  for (const item of documented) {
    if (!item.docs?.summary) report("doc-summary", type, item, "has no description");
  }
}

function checkParameters(type) {
  for (const callable of [...(type.initializer ? [type.initializer] : []), ...methodsOf(type)]) {
    for (const parameter of callable.parameters ?? []) {
      if (parameter.optional && !parameter.docs?.summary) {
        report("param-doc", type, callable, `the optional parameter "${parameter.name}" has no @param`);
      }
    }
  }
}

/** Other languages get `Object` for a union: an enum, or a class with a factory per alternative, says what is allowed. */
function checkUnions(type) {
  for (const item of [...propertiesOf(type), ...methodsOf(type), ...(type.initializer ? [type.initializer] : [])]) {
    const references = [item.type, item.returns?.type, ...(item.parameters ?? []).map((parameter) => parameter.type)];
    if (references.some((reference) => partsOf(reference).some((part) => part.union))) {
      report("no-union", type, item, "has a union type");
    }
  }
}

function checkStruct(type) {
  const isProps = /(Props|Options)$/.test(type.name);
  for (const member of propertiesOf(type)) {
    const byDefault = member.docs?.default;
    if (member.optional && !byDefault) report("default-doc", type, member, "is optional and has no @default");
    if (/^(-\s*)?undefined\b/.test(byDefault ?? "")) {
      report("default-undefined", type, member, "@default must say what happens, not that the value is undefined");
    }
    const l1 = partsOf(member.type).find((part) => part.fqn?.startsWith("@cdktf/provider-"));
    if (isProps && l1) report("l1-in-props", type, member, `takes the provider's ${l1.fqn}`);
  }
}

function checkClass(type) {
  const isConstruct = reaches(type.fqn, /^(constructs\.Construct|cdktf\.Terraform\w+)$/);
  const itsInterface = `${assembly.name}.${[type.namespace, `I${type.name}`].filter(Boolean).join(".")}`;
  if (isConstruct && !reaches(type.fqn, itsInterface)) {
    report("construct-interface", type, type, `is a construct and does not implement I${type.name}`);
  }
  for (const method of methodsOf(type).filter(({ name, static: isStatic }) => isStatic && /^from[A-Z]/.test(name))) {
    const returned = method.returns?.type?.fqn;
    // Factories of plain values have nothing to be scoped by.
    if (!isConstruct && !reaches(returned, /^constructs\.IConstruct$|^constructs\.Construct$/)) continue;
    const [scope, id] = method.parameters ?? [];
    const isScoped = scope?.name === "scope" && /^constructs\.I?Construct$/.test(scope.type.fqn);
    if (!isScoped || id?.name !== "id" || id.type.primitive !== "string") {
      report("from-signature", type, method, "does not begin with (scope: Construct, id: string)");
    }
    const target = assembly.types[returned];
    if (!target || isStruct(target) || target.kind !== "interface") {
      report("from-return", type, method, "does not return a behavioural interface of this package");
    }
  }
}

/** An exception without a reason, or one that nothing needs any more, is a finding itself. */
function checkExceptions() {
  for (const [rule, entries] of Object.entries(exceptions)) {
    for (const [name, reason] of Object.entries(entries)) {
      const problem = !String(reason).trim() ? "gives no reason" : !used.has(`${rule} ${name}`) && "is not needed";
      if (problem) findings.push({ place: "exceptions", rule: "exception", name, message: `${rule} ${problem}` });
    }
  }
}

function report(rule, type, item, message) {
  const typeName = [type.namespace, type.name].filter(Boolean).join(".");
  const name = item === type ? typeName : `${typeName}.${item.name ?? "constructor"}`;
  if (exceptions[rule]?.[name] !== undefined) {
    used.add(`${rule} ${name}`);
    return;
  }
  const { filename = assembly.name, line = 0 } = item.locationInModule ?? type.locationInModule ?? {};
  findings.push({ place: `${filename}:${line}`, rule, name, message });
}

function isStruct(type) {
  return type.kind === "interface" && type.datatype === true;
}

function propertiesOf(type) {
  return (type.properties ?? []).filter((property) => !property.protected);
}

function methodsOf(type) {
  return (type.methods ?? []).filter((method) => !method.protected);
}

/** Whether a type is, extends or implements one with a matching name. Types of other packages have no bases here. */
function reaches(fqn, wanted) {
  if (!fqn) return false;
  if (wanted instanceof RegExp ? wanted.test(fqn) : wanted === fqn) return true;
  const { base, interfaces = [] } = assembly.types[fqn] ?? {};
  return [base, ...interfaces].some((parent) => reaches(parent, wanted));
}

/** A type reference with all references inside it. */
function partsOf(reference) {
  if (!reference) return [];
  const inner = [
    reference.collection?.elementtype,
    ...(reference.union?.types ?? []),
    ...(reference.intersection?.types ?? []),
  ];
  return [reference, ...inner.flatMap(partsOf)];
}
