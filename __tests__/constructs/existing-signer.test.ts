import { ExistingSigner } from "../../lib";
import { ATTESTOR, attestorIn, IMAGE, KEY, MEMBER, NOTE, PROJECT, testStack } from "../support/synth";
import { template } from "../support/template";

test("a signer that exists: grants, and nothing else", () => {
  const stack = testStack();
  const attestors = [attestorIn(stack)];
  const before = template(stack).addresses();
  const signer = new ExistingSigner(stack, "Jenkins", { member: MEMBER, attestors });
  const t = template(stack);
  const custom = t.resource("google_project_iam_custom_role").role_id;
  expect(t.bindings()).toEqual(
    [
      `projects/${PROJECT}/roles/${custom} on projects/${PROJECT}`,
      `roles/binaryauthorization.attestorsVerifier on ${ATTESTOR}`,
      `roles/cloudkms.publicKeyViewer on ${KEY}`,
      `roles/cloudkms.signer on ${KEY}`,
      `roles/containeranalysis.notes.attacher on ${NOTE}`,
      `roles/containeranalysis.notes.occurrences.viewer on ${NOTE}`,
    ].map((binding) => `${binding} to ${MEMBER}`),
  );
  const added = t.addresses().filter((address) => !before.includes(address));
  expect(added.filter((address) => !/_iam_(?:member|custom_role)\.|^google_project_service\./.test(address))).toEqual(
    [],
  );
  expect(signer.grants).toHaveLength(6);
});

test("createOnly: false", () => {
  const stack = testStack();
  new ExistingSigner(stack, "Jenkins", { member: MEMBER, attestors: [attestorIn(stack)], createOnly: false });
  expect(template(stack).bindings()).toContain(
    `roles/containeranalysis.occurrences.editor on projects/${PROJECT} to ${MEMBER}`,
  );
});

test("the script has every attestor, its note and its signing version written into it", () => {
  const stack = testStack();
  const attestors = [attestorIn(stack), attestorIn(stack, { attestorName: "second" }, "Second")];
  const signer = new ExistingSigner(stack, "Jenkins", { member: MEMBER, attestors });
  const script = signer.renderSignScript({ imagePrefix: IMAGE });
  expect(script).toContain(`prefix='${IMAGE}'\n`);
  expect(script.match(/^sign_for .*$/gm)).toEqual([
    `sign_for '${PROJECT}' '${ATTESTOR}' '${NOTE}' '${KEY}/cryptoKeyVersions/1'`,
    `sign_for '${PROJECT}' 'projects/${PROJECT}/attestors/second' 'projects/${PROJECT}/notes/second' '${KEY.replace("build-signer-key", "second-key")}/cryptoKeyVersions/1'`,
  ]);
  expect(signer.renderSignScript()).not.toContain("prefix=");
});
