import { expect, test } from "vitest";
import { IpmiDevice } from "./ipmi-device.ts";

// What it says to a real driver is proven in a machine with a BMC: test/qemu.
test("a machine without a BMC has no such device, and says so by its code", () => {
  expect(() => new IpmiDevice("/no/such/ipmi0")).toThrow(expect.objectContaining({ code: "ENOENT" }));
});
