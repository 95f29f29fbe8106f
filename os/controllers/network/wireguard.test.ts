import { expect, test } from "vitest";
import { TestBench } from "../../../cosi/engine/test-bench.ts";
import { LinkStatus } from "../../resources/network/link.ts";
import { WireguardSpec } from "../../resources/network/wireguard.ts";
import { wireguardSpecs } from "./wireguard.ts";

const status = (index: number, mtu = 1420) => ({
  ...{ index, mtu, type: "none", kind: "wireguard", slaveKind: "", linkIndex: 0, masterIndex: 0 },
  ...{ hardwareAddr: "", permanentAddr: "", operationalState: "unknown", multicast: false, up: true },
  ...{ linkState: true, physical: false, driver: "", busPath: "", pciID: "", speedMbit: 0, duplex: "" },
});
const keys = (privateKey: string) => ({ spec: { privateKey, listenPort: 0, firewallMark: 0, peers: [] } });

test("a link is told its keys when it is there, and again when they or the link are others", async () => {
  const told: string[] = [];
  const bench = new TestBench();
  await using _ = bench.run([
    wireguardSpecs(async (index, { privateKey }) => void told.push(`${index} ${privateKey}`)),
  ]);
  const then = async (change: Promise<unknown>) => {
    await change;
    await bench.settle();
    return told.splice(0);
  };
  expect(await then(bench.state.set(WireguardSpec, "wg0", keys("one")))).toEqual([]);
  expect(await then(bench.state.set(LinkStatus, "wg0", { spec: status(5) }))).toEqual(["5 one"]);
  expect(await then(bench.state.set(LinkStatus, "wg0", { spec: status(5, 1400) }))).toEqual([]);
  expect(await then(bench.state.set(WireguardSpec, "wg0", keys("two")))).toEqual(["5 two"]);
  expect(await then(bench.state.set(LinkStatus, "wg0", { spec: status(6) }))).toEqual(["6 two"]);
});
