import { expect, test } from "@jest/globals";
import { trustChainOf } from "../../lib/testing";
import { smallStack } from "./support";

test("the matchers are there, with their types, for those who import expect", () => {
  const prod = trustChainOf(smallStack()).cluster("us-central1.prod");
  expect(prod).toDeny("nginx", { reason: /digest/ });
  expect(prod).not.toAdmit("nginx");
  // @ts-expect-error a reason is a text or a regular expression
  expect(() => expect(prod).toDeny("nginx", { reason: 7 })).toThrow();
});
