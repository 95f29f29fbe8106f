import { describe, expect, test } from "vitest";
import { ipmiBmc } from "../ipmi/driver.ts";
import { SimulatedChassis } from "../simulator/chassis.ts";
import { insideTransport } from "../simulator/ipmi/simulated-device.ts";
import { systemClock } from "../system-clock.ts";
import { bmcCommand, type Target } from "./command.ts";

async function ingot(
  args: string,
  {
    environment = { INGOT_BMC_PASSWORD: "from-env" },
    poweredOn = false,
  }: { environment?: Readonly<Record<string, string>>; poweredOn?: boolean } = {},
) {
  const chassis = new SimulatedChassis({ clock: systemClock, poweredOn });
  chassis.log({ sensor: "CPU Temp", message: "hot", grade: "warning" });
  const printed: string[] = [];
  const targets: Target[] = [];
  const command = bmcCommand({
    clock: systemClock,
    environment,
    print: (text) => printed.push(text),
    readFile: async () => "from-file\n",
    promptPassword: async () => "from-prompt",
    joinConsole: async () => {},
    open: async (target) => {
      targets.push(target);
      return ipmiBmc(insideTransport(chassis));
    },
  });
  for (const each of [command, ...command.commands])
    each.exitOverride().configureOutput({ writeErr: () => {} });
  await command.parseAsync([...args.split(" "), "--address", "bmc1"], { from: "user" });
  return { chassis, output: printed.join("\n"), target: targets[0]! };
}

test.each([
  ["on", false, true],
  ["off", true, false],
  ["off --soft 5", true, false],
  ["cycle", false, true],
  ["reset", true, true],
])("%s", async (args, poweredOn, powered) => {
  expect((await ingot(args, { poweredOn })).chassis.powered).toBe(powered);
});

test.each([
  ["status -o json", '"power": "off"'],
  ["status", /^power\s+off$/m],
  ["sensors", /^CPU Temp\s+temperature\s+degrees C\s+41\s+ok/m],
  ["sensors -o yaml", "- name: CPU Temp"],
  ["sel", /CPU Temp\s+Upper non-critical going high\s+warning/],
  ["facts", /^serial\s+SIM000000$/m],
  ["users", /^2\s+admin\s+true\s+administrator$/m],
  ["network", /^address\s+192.0.2.10$/m],
  ["boot pxe --firmware uefi --persistent", /^lasting\s+persistent$/m],
])("%s prints", async (args, expected) => {
  expect((await ingot(args)).output).toMatch(expected);
});

test.each([
  ["the system's authorities", "status", { by: "system" }],
  ["those of a file", "status --ca-file ca.pem", { by: "authorities", pem: "from-file\n" }],
  ["a pinned certificate", "status --fingerprint aa", { by: "fingerprint", sha256: "aa" }],
  ["nobody in particular", "status --insecure", { by: "nothing" }],
])("trusts %s", async (_, args, trust) => {
  expect((await ingot(args)).target.trust).toEqual(trust);
});

test.each([
  ["status --protocol redfish", "redfish"],
  ["status", "auto"],
  ["sol", "ipmi"],
])("%s goes over %s", async (args, protocol) => {
  expect((await ingot(args)).target.protocol).toBe(protocol);
});

describe("the password", () => {
  test.each([
    ["a file", "status --password-file p", {}, "from-file"],
    ["the environment", "status", { INGOT_BMC_PASSWORD: "from-env" }, "from-env"],
    ["a prompt", "status", {}, "from-prompt"],
  ])("comes from %s", async (_, args, environment, password) => {
    expect((await ingot(args, { environment })).target.password).toBe(password);
  });

  test("is never an argument", async () => {
    await expect(ingot("status --password x")).rejects.toThrow("unknown option");
  });
});

test.each([
  ["boot floppy", "none of none, pxe"],
  ["identify maybe", "say on, off or seconds"],
])("%s is refused", async (args, message) => {
  await expect(ingot(args)).rejects.toThrow(message);
});
