import { expect, test } from "vitest";
import type { Resource } from "../../../cosi/resource.ts";
import { mergeLayers } from "./layers.ts";

const said = (id: string, spec: object): Resource<object> => ({
  metadata: {
    ...{ namespace: "network-config", type: "Links", id, version: 1n, owner: "", phase: "running" },
    ...{ finalizers: [], labels: {}, annotations: {}, created: new Date(0), updated: new Date(0) },
  },
  spec,
});

test("what a later layer says replaces what an earlier one said, field by field", () => {
  expect(
    mergeLayers([
      said("configuration/eth0", { mtu: 9000 }),
      said("default/eth0", { up: true, mtu: 1500 }),
      said("operator/eth0", { up: true, mtu: 1400 }),
      said("cmdline/bond0/x", { up: false }),
    ]),
  ).toEqual({ eth0: { spec: { up: true, mtu: 9000 } }, "bond0/x": { spec: { up: false } } });
});
