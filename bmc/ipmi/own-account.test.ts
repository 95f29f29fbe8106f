import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { Clock } from "../clock.ts";
import { newPassword } from "../new-password.ts";
import { SimulatedChassis } from "../simulator/chassis.ts";
import { openIpmiServer } from "../simulator/ipmi/server.ts";
import { simulatedDevice } from "../simulator/ipmi/simulated-device.ts";
import { profiles, type Quirks } from "../simulator/quirks.ts";
import { systemClock } from "../system-clock.ts";
import { hostTransport } from "./host-transport.ts";
import { openLanPort } from "./lan-port.ts";
import { openIpmi } from "./open.ts";
import { type OwnAccountOrder, setUpOwnAccount } from "./own-account.ts";

/** A BMC that is busy passes sooner than in the field. */
const hurried: Clock = { ...systemClock, after: (ms, call) => systemClock.after(ms / 50, call) };

function machine(quirks: Quirks = {}) {
  const chassis = new SimulatedChassis({ clock: systemClock, quirks });
  const setUp = async (order: Partial<OwnAccountOrder> & { password: string }) => {
    await using inside = hostTransport({ device: simulatedDevice(chassis), clock: hurried });
    return await setUpOwnAccount(inside, {
      userName: "ingot",
      privilege: "administrator",
      onlyLook: false,
      ...order,
    });
  };
  return { chassis, setUp, users: () => chassis.furniture.users.map(({ name }) => name) };
}

async function outside(chassis: SimulatedChassis) {
  const stack = new AsyncDisposableStack();
  const server = stack.use(await openIpmiServer({ chassis, randomBytes }));
  const port = stack.use(await openLanPort({ randomU32: () => randomBytes(4).readUInt32LE() }));
  return {
    open: (password: string, more: { privilege?: "user" } = {}) =>
      openIpmi({
        port,
        clock: systemClock,
        randomBytes,
        host: server.address,
        udpPort: server.port,
        user: "ingot",
        password,
        patience: { firstMs: 100, tries: 2 },
        ...more,
      }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

describe("an account set up from inside the machine", () => {
  test.each(["honest", "LAN on channel 8", "free users have a name", "node busy"] as const)(
    "works from outside, and again after rotation: %s",
    async (profile) => {
      const { chassis, setUp } = machine(profiles[profile]);
      await using network = await outside(chassis);

      const [first, second] = [newPassword(randomBytes), newPassword(randomBytes)];
      const found = await setUp({ password: first });
      expect(found).toEqual({
        addresses: ["192.0.2.10"],
        mac: "52:54:01:00:00:00",
        lanChannel: profile === "LAN on channel 8" ? 8 : 1,
        userId: 3,
        manufacturer: "Ingot",
        firmwareVersion: "2.40",
      });
      {
        await using bmc = await network.open(first);
        expect(await bmc.power.read()).toBe("off");
      }
      expect((await setUp({ password: second })).userId).toBe(3);
      await expect(network.open(first)).rejects.toThrow("wrong password");
      await using again = await network.open(second);
      expect(again.protocol).toBe("ipmi");
    },
  );

  test("opens a LAN channel that left the factory closed, or limited to users", async () => {
    const { chassis, setUp } = machine();
    const password = newPassword(randomBytes);
    chassis.furniture.lanAccess = { mode: 0, privilege: 2 };
    await using network = await outside(chassis);
    await setUp({ password, onlyLook: true });
    await expect(network.open(password)).rejects.toThrow("did not answer");
    await setUp({ password });
    expect(chassis.furniture.lanAccess).toEqual({ mode: 2, privilege: 4 });
    await using bmc = await network.open(password);
    expect(await bmc.power.press("on")).toBeUndefined();
  });

  test("has the privilege that was ordered and no other", async () => {
    const { chassis, setUp } = machine();
    const password = newPassword(randomBytes);
    await setUp({ password, privilege: "readOnly" });
    await using network = await outside(chassis);
    await expect(network.open(password)).rejects.toThrow("privilege");
    await using bmc = await network.open(password, { privilege: "user" });
    await expect(bmc.power.press("on")).rejects.toThrow("privilege does not suffice");
  });

  test("leaves everybody else's account as it was", async () => {
    const { chassis, setUp } = machine();
    const admin = { ...chassis.furniture.users[1] };
    await setUp({ password: newPassword(randomBytes) });
    expect(chassis.furniture.users[1]).toEqual(admin);
  });

  test("is refused where the BMC refuses it, and says so", async () => {
    const { setUp } = machine(profiles["users refused"]);
    await expect(setUp({ password: "x".repeat(20) })).rejects.toThrow("Cannot run Set User Name");
  });

  test("is refused when no user is free", async () => {
    const { chassis, setUp } = machine();
    for (const [index, user] of chassis.furniture.users.entries()) user.name ||= `user${index}`;
    await expect(setUp({ password: "x".repeat(20) })).rejects.toThrow("all 10 users are taken");
  });
});

describe("only looking", () => {
  test("changes nothing, and finds an account of that name", async () => {
    const { setUp, users, chassis } = machine();
    const before = structuredClone(chassis.furniture);
    expect(await setUp({ password: "", onlyLook: true })).toMatchObject({ userId: undefined, lanChannel: 1 });
    expect(await setUp({ password: "", onlyLook: true, userName: "admin" })).toMatchObject({ userId: 2 });
    expect(chassis.furniture).toEqual(before);
    expect(users()).not.toContain("ingot");
  });

  test("tells every address that others can dial", async () => {
    const { setUp, chassis } = machine();
    chassis.furniture.network.ipv6 = { fixed: ["2001:db8::10"], learned: ["fe80::1", "2001:db8::20"] };
    const look = () => setUp({ password: "", onlyLook: true });
    expect((await look()).addresses).toEqual(["192.0.2.10", "2001:db8::10", "2001:db8::20"]);
    chassis.furniture.network.address = "0.0.0.0";
    chassis.furniture.network.ipv6 = { fixed: [], learned: [] };
    expect((await look()).addresses).toEqual([]);
  });
});
