import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import {
  BmcAccountOrderSchema,
  BmcAccountOrder_Privilege as Privilege,
} from "../../../api/gen/ingot/agent/v1/orders_pb.js";
import type { HostDevice } from "../../../bmc/ipmi/host-transport.ts";
import { SimulatedChassis } from "../../../bmc/simulator/chassis.ts";
import { simulatedDevice } from "../../../bmc/simulator/ipmi/simulated-device.ts";
import { systemClock } from "../../../bmc/system-clock.ts";
import type { Progress } from "../order-runner.ts";
import { bmcAccountOrder } from "./bmc-account.ts";

const ordered = {
  userName: "ingot",
  password: "Aa2".padEnd(20, "x"),
  privilege: Privilege.ADMINISTRATOR,
} as const;

function carryOut(
  order: MessageInitShape<typeof BmcAccountOrderSchema>,
  openDevice: () => HostDevice,
  signal = new AbortController().signal,
) {
  const progress: Progress[] = [];
  const execute = bmcAccountOrder({ openDevice, clock: systemClock });
  return execute(create(BmcAccountOrderSchema, order), { progress: (it) => progress.push(it), signal });
}

describe("an order for an account on the machine's own BMC", () => {
  test("makes the account and answers where the BMC is", async () => {
    const chassis = new SimulatedChassis({ clock: systemClock });
    expect(await carryOut(ordered, () => simulatedDevice(chassis))).toEqual({
      is: "succeeded",
      result: {
        case: "bmcAccount",
        value: {
          addresses: ["192.0.2.10"],
          mac: "52:54:01:00:00:00",
          lanChannel: 1,
          userId: 3,
          manufacturer: "Ingot",
          firmwareVersion: "2.40",
        },
      },
    });
    expect(chassis.furniture.users[2]).toEqual({
      name: "ingot",
      password: ordered.password,
      privilege: "administrator",
      enabled: true,
    });
  });

  test("only looks when told so", async () => {
    const chassis = new SimulatedChassis({ clock: systemClock });
    const before = structuredClone(chassis.furniture);
    expect(await carryOut({ onlyLook: true }, () => simulatedDevice(chassis))).toMatchObject({
      is: "succeeded",
      result: { value: { userId: 0, addresses: ["192.0.2.10"] } },
    });
    expect(chassis.furniture).toEqual(before);
  });

  test.each([
    ["no user", { userName: "" }],
    ["no password", { password: "" }],
    ["no privilege", { privilege: Privilege.UNSPECIFIED }],
  ])("is refused with %s", async (_, missing) => {
    const chassis = new SimulatedChassis({ clock: systemClock });
    const outcome = await carryOut({ ...ordered, ...missing }, () => simulatedDevice(chassis));
    expect(outcome).toMatchObject({ is: "refused" });
  });

  test("is refused on a machine without a BMC", async () => {
    const none = () => {
      throw Object.assign(new Error("ENOENT: no such file or directory"), { code: "ENOENT" });
    };
    expect(await carryOut(ordered, none)).toEqual({
      is: "refused",
      why: "this machine has no BMC that answers from inside",
    });
  });

  test("stops when it is cancelled", async () => {
    const silent: HostDevice = {
      path: "/dev/ipmi0",
      send() {},
      listen: () => ({ [Symbol.dispose]() {} }),
      [Symbol.dispose]() {},
    };
    const abort = new AbortController();
    const stopped = carryOut(ordered, () => silent, abort.signal);
    abort.abort(new Error("the provisioner cancelled it"));
    await expect(stopped).rejects.toThrow("the provisioner cancelled it");
  });
});
