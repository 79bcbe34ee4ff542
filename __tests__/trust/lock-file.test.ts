import { lockedIn, ReadError } from "../../lib/trust";

const LOCK = `# This file is maintained automatically by "terraform init".
# Manual edits may be lost in future updates.

provider "registry.terraform.io/hashicorp/google" {
  version     = "6.50.0"
  constraints = "6.50.0"
  hashes = [
    "h1:79CwMTsp3Ud1nOl5hFS5mxQHyT0fGVye7pqpU0PPlHI=",
  ]
}

provider "registry.terraform.io/hashicorp/random" {
  version = "3.7.2"
  hashes = [
    "h1:356j/3XnXEKr9nyicLUufzoF4Yr6hRy481KIxRVpK0c=",
  ]
}
`;

test("the versions that terraform init chose", () => {
  const versions = [
    ["registry.terraform.io/hashicorp/google", "6.50.0"],
    ["registry.terraform.io/hashicorp/random", "3.7.2"],
  ];
  expect([...lockedIn("lock", LOCK)]).toEqual(versions);
  expect([...lockedIn("lock", LOCK.replaceAll("\n", "\r\n"))]).toEqual(versions);
});

test.each([
  ["empty", "", "line 1", "no provider"],
  ["another file", '{"a": 1}\n', "line 2", "no provider"],
  ["cut off", LOCK.slice(0, LOCK.indexOf("hashes")), "line 7", "no end of registry.terraform.io/hashicorp/google"],
  [
    "without a version",
    LOCK.replace(/ +version .*\n/, ""),
    "line 9",
    "no version of registry.terraform.io/hashicorp/google",
  ],
])("what is no lock file is one sentence: %s", (_, text, line, problem) => {
  expect(() => lockedIn(".terraform.lock.hcl", text)).toThrow(ReadError);
  expect(() => lockedIn(".terraform.lock.hcl", text)).toThrow(
    `.terraform.lock.hcl, ${line}: is no lock file: it has ${problem}; allowed: `,
  );
});
