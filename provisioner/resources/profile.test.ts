import { expect, test } from "vitest";
import { Profile } from "./profile.ts";

test.each([
  ["a blank", "quiet splash"],
  ["a line break", "a\nb"],
  ["a quote", 'a"b'],
  ["an escape", "a\u001b[2J"],
])("a kernel argument with %s is refused: it would become another one", (_, value) => {
  const boots = { what: "kernel", kernel: "k", initrds: [], arguments: [{ name: "x", value }] };
  const profile = { boots, installDisk: {}, installedBy: { evidence: "operator" } };
  expect(Profile.spec.safeParse(profile).success).toBe(false);
});

test.each<[string, object, boolean]>([
  ["a worker that nobody told where its control plane is", { cluster: "a", as: "worker" }, false],
  ["a worker that knows it", { cluster: "a", as: "worker", endpoint: "https://a:6443" }, true],
  ["a control plane that is its own", { cluster: "a", as: "controlplane" }, true],
  ["a cluster of no name", { cluster: "", as: "controlplane" }, false],
  ["a patch that is no template", { cluster: "a", as: "controlplane", patches: ["{{ 1 }}"] }, false],
])("a node may be %s: %s is %s", (_, memberOf, isRight) => {
  const profile = {
    boots: { what: "chain", url: "https://a/" },
    memberOf,
    installDisk: {},
    installedBy: { evidence: "nodeApi" },
  };
  expect(Profile.spec.safeParse(profile).success).toBe(isRight);
  expect(Profile.spec.safeParse({ ...profile, config: { template: "" } }).success).toBe(false);
});

test.each(["file:///etc/shadow", "ftp://x/y", "javascript:alert(1)"])("%s is no boot script", (url) => {
  const profile = { boots: { what: "chain", url }, installDisk: {}, installedBy: { evidence: "operator" } };
  expect(Profile.spec.safeParse(profile).success).toBe(false);
});
