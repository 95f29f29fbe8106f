import { randomBytes } from "node:crypto";
import { beforeEach, describe, expect, test } from "vitest";
import type { Bmc } from "../bmc.ts";
import { ipmiBmc } from "../ipmi/driver.ts";
import { IpmiError } from "../ipmi/error.ts";
import { RedfishError } from "../redfish/error.ts";
import { SimulatedChassis } from "../simulator/chassis.ts";
import { insideTransport } from "../simulator/ipmi/simulated-device.ts";
import { systemClock } from "../system-clock.ts";
import { bmcCommand, type Target } from "./command.ts";
import { exitCodeOf } from "./exit-codes.ts";

let files: Map<string, string>;
let targets: Target[];
let printed: string[];
beforeEach(() => {
  printed = [];
  files = new Map([["p", "from-file\n"]]);
  targets = [];
});

interface World {
  readonly environment?: Readonly<Record<string, string>>;
  readonly poweredOn?: boolean;
  readonly bent?: (bmc: Bmc) => Bmc;
  readonly refuses?: (target: Target) => Error | undefined;
  readonly signal?: AbortSignal;
}

async function ingot(args: string, world: World = {}) {
  const {
    environment = { INGOT_BMC_PASSWORD: "from-env", INGOT_BMC_NEW_PASSWORD: "new" },
    poweredOn = false,
    bent = (bmc) => bmc,
    refuses = () => undefined,
    signal = new AbortController().signal,
  } = world;
  const chassis = new SimulatedChassis({ clock: systemClock, poweredOn });
  chassis.log({ sensor: "CPU Temp", message: "hot", grade: "warning" });
  const command = bmcCommand({
    clock: systemClock,
    environment,
    signal,
    randomBytes,
    print: (text) => printed.push(text),
    readFile: async (path) => files.get(path) ?? "",
    files: {
      write: async (path, text) => void files.set(path, text),
      async rename(from, to) {
        files.set(to, files.get(from)!);
        files.delete(from);
      },
      remove: async (path) => void files.delete(path),
    },
    promptPassword: async () => "from-prompt",
    joinConsole: async (_, { takeOver }) => void printed.push(takeOver ? "taken over" : "joined"),
    open: async (target) => {
      targets.push(target);
      const refusal = refuses(target);
      if (refusal) throw refusal;
      return bent(await ipmiBmc(insideTransport(chassis)));
    },
  });
  for (const each of [command, ...command.commands])
    each.exitOverride().configureOutput({ writeErr: () => {}, writeOut: (text) => printed.push(text) });
  await command.parseAsync([...args.split(" "), "--address", "bmc1"], { from: "user" });
  return { chassis, output: printed.join("\n"), target: targets[0]! };
}

test.each([
  ["on", false, true],
  ["off", true, false],
  ["off --soft 5", true, false],
  ["cycle", false, true],
  ["reset", true, true],
])("%s, and tells so", async (args, poweredOn, powered) => {
  const { chassis, output } = await ingot(args, { poweredOn });
  expect(chassis.powered).toBe(powered);
  expect(output).toBe(powered ? "power  on" : "power  off");
});

test.each([
  ["status -o json", '"power": "off"'],
  ["status", /^power\s+off$/m],
  ["sensors", /^CPU Temp\s+temperature\s+41\s+degrees C\s+ok/m],
  ["sensors -o yaml", "- name: CPU Temp"],
  ["sel", /CPU Temp\s+Upper non-critical going high\s+warning/],
  ["facts", /^serial\s+SIM000000$/m],
  ["users", /^2\s+admin\s+true\s+administrator$/m],
  ["network", /^address\s+192.0.2.10$/m],
  ["boot pxe --firmware uefi --persistent", /^lasting\s+persistent$/m],
  ["set-network 10.0.0.5/22 --gateway 10.0.0.1", /^netmask\s+255\.255\.252\.0$/m],
  ["sol --take-over", "taken over"],
])("%s prints", async (args, expected) => {
  expect((await ingot(args)).output).toMatch(expected);
});

test.each([
  ["--help", /rotate-password[\s\S]*INGOT_BMC_PASSWORD[\s\S]*Exit codes:\n {2}0 {2}it is done/],
  ["boot --help", /"none",\s+"pxe", "disk"[\s\S]*--timeout <seconds>/],
])("%s tells what one has to know", async (args, expected) => {
  await expect(ingot(args)).rejects.toMatchObject({ exitCode: 0 });
  expect(printed.join("")).toMatch(expected);
});

test("sets users, network, LED and log", async () => {
  const { chassis } = await ingot("set-user eve --privilege operator");
  expect(chassis.furniture.users).toContainEqual(
    expect.objectContaining({ name: "eve", password: "new", privilege: "operator" }),
  );
  const { network } = (await ingot("set-network 10.0.0.5/24 --gateway 10.0.0.1")).chassis.furniture;
  expect(network).toMatchObject({ address: "10.0.0.5", netmask: "255.255.255.0", gateway: "10.0.0.1" });
  expect((await ingot("identify on")).chassis.led).toBe("on");
  expect((await ingot("identify 30")).chassis.led).toMatchObject({ until: expect.any(Number) });
  expect((await ingot("sel --clear")).chassis.furniture.events).toEqual([]);
  expect(
    (await ingot("remove-user admin")).chassis.furniture.users.filter(({ name }) => name === "admin"),
  ).toEqual([]);
});

test.each([
  ["the system's authorities", "status", { by: "system" }],
  ["those of a file", "status --ca-file p", { by: "authorities", pem: "from-file\n" }],
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

  test("is changed on the BMC, proven by logging in with it, and then kept in its file", async () => {
    const { chassis, output } = await ingot("rotate-password --password-file p");
    const password = files.get("p")!.trim();
    expect(password).toMatch(/^[A-Za-z2-9]{20}$/);
    expect(chassis.furniture.users[1]).toMatchObject({ name: "admin", password, privilege: "administrator" });
    expect(targets.at(-1)).toMatchObject({ password });
    expect([...files.keys()]).toEqual(["p"]);
    expect(output).toBe("");
  });

  test("that may hold or not is kept beside the old one", async () => {
    const refuses = ({ password }: Target) =>
      password === "from-file"
        ? undefined
        : new IpmiError({ kind: "credentials", message: "wrong password" });
    await expect(ingot("rotate-password --password-file p", { refuses })).rejects.toThrow(
      "the new one is in p.new, the old one still in p",
    );
    expect(files.get("p")).toBe("from-file\n");
    expect(files.get("p.new")).toMatch(/^\w{20}\n$/);
  });
});

describe("the exit code", () => {
  const stuck = (bmc: Bmc): Bmc => ({
    ...bmc,
    chassis: { ...bmc.chassis, facts: () => new Promise(() => {}) },
  });
  const failing = (error: Error): World => ({ refuses: () => error });
  const ended = AbortSignal.abort(new Error("Cannot finish: ended by SIGINT"));
  test.each<[number, string, string, World, RegExp]>([
    [1, "a BMC that is endless", "facts --timeout 0.05", { bent: stuck }, /took longer than 0.05 s/],
    [1, "an interruption", "facts", { signal: ended }, /ended by SIGINT/],
    [2, "no such device", "boot floppy", {}, /Allowed choices are none, pxe/],
    [2, "no such wish", "identify maybe", {}, /Say on, off or seconds/],
    [2, "no such network", "set-network 10.0.0.5", {}, /with its prefix/],
    [3, "something the BMC has not", "firmware", {}, /no firmware inventory/],
    [
      4,
      "a wrong password",
      "status",
      failing(new RedfishError({ kind: "credentials", message: "wrong password" })),
      /wrong password/,
    ],
    [
      7,
      "silence by every protocol",
      "status",
      failing(
        new AggregateError(
          [
            new RedfishError({ kind: "noAnswer", message: "refused" }),
            new IpmiError({ kind: "noAnswer", message: "silent" }),
          ],
          "neither",
        ),
      ),
      /neither/,
    ],
  ])("is %i for %s", async (code, _, args, world, message) => {
    const error = await ingot(args, world).then(
      () => undefined,
      (error: Error) => error,
    );
    expect(error?.message).toMatch(message);
    expect(exitCodeOf(error)).toBe(code);
  });
});
