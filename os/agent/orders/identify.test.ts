import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { IdentifyOrderSchema } from "../../../api/gen/ingot/agent/v1/orders_pb.js";
import type { RawRequest } from "../../../bmc/ipmi/command.ts";
import { SimulatedChassis } from "../../../bmc/simulator/chassis.ts";
import { simulatedDevice } from "../../../bmc/simulator/ipmi/simulated-device.ts";
import { systemClock } from "../../../bmc/system-clock.ts";
import { identifyOrder } from "./identify.ts";

const signal = new AbortController().signal;

test.each([
  ["for a while", 30_000, "1e"],
  ["until told otherwise", 3_600_000, "0001"],
  ["no more", 0, "00"],
])("the light shines %s", async (_, ms, bytes) => {
  const device = simulatedDevice(new SimulatedChassis({ clock: systemClock }));
  const sent: RawRequest[] = [];
  const openDevice = () => ({
    ...device,
    send(id: number, request: RawRequest) {
      sent.push(request);
      device.send(id, request);
    },
  });
  const order = create(IdentifyOrderSchema, { light: durationFromMs(ms) });
  const outcome = await identifyOrder({ openDevice, clock: systemClock })(order, {
    progress: () => {},
    signal,
  });
  expect(outcome).toEqual({ is: "succeeded" });
  const lights = sent.filter(({ netFn, code }) => netFn === 0 && code === 4);
  expect(lights.map(({ data }) => Buffer.from(data).toString("hex"))).toEqual([bytes]);
});

test("a machine without a BMC has no light", async () => {
  const execute = identifyOrder({ openDevice: () => undefined, clock: systemClock });
  expect(await execute(create(IdentifyOrderSchema), { progress: () => {}, signal })).toMatchObject({
    is: "refused",
  });
});
