// A machine's console from a terminal to its BMC: the command, the API and a simulated BMC, over real sockets.
import { randomBytes } from "node:crypto";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openLanPort } from "../../bmc/ipmi/lan-port.ts";
import { SimulatedChassis } from "../../bmc/simulator/chassis.ts";
import { openIpmiServer } from "../../bmc/simulator/ipmi/server.ts";
import { systemClock } from "../../bmc/system-clock.ts";
import { joinRemoteConsole } from "../cli/console.ts";
import { AuditEntry } from "../resources/audit-entry.ts";
import { BmcConfig } from "../resources/bmc-config.ts";
import { openMachineBmc } from "../services/open-machine-bmc.ts";
import { openMachineConsole } from "../services/open-machine-console.ts";
import { openTestApi, type TestApi } from "./api-client.conformance.ts";

let opened: AsyncDisposableStack;
let api: TestApi;
let chassis: SimulatedChassis;
let bmcPort: number;
beforeEach(async () => {
  opened = new AsyncDisposableStack();
  chassis = new SimulatedChassis({ clock: systemClock });
  bmcPort = opened.use(await openIpmiServer({ chassis, randomBytes })).port;
  const port = opened.use(await openLanPort({ randomU32: () => randomBytes(4).readUInt32LE() }));
  api = opened.use(
    await openTestApi({
      openConsole: openMachineConsole((config, machine) =>
        openMachineBmc(config, { port, systemUuid: machine, onWarning: () => {} }),
      ),
    }),
  );
  await api.call("/api/v1/machines", {
    method: "POST",
    token: await api.token("admin"),
    body: { id: "m1", identity: { macs: ["52:54:00:00:00:01"] }, labels: { tenant: "a" } },
  });
});
afterEach(() => opened.disposeAsync());

const withBmc = (password = "secret") =>
  api.state.create(BmcConfig, "m1", {
    spec: {
      address: "127.0.0.1",
      port: bmcPort,
      driver: "ipmi",
      user: "admin",
      password,
      tls: { verify: "off" },
      origin: "given",
    },
  });

function join(token: string, path = "/api/v1/machines/m1/console") {
  const [input, output] = [new PassThrough(), new PassThrough()];
  let shown = "";
  output.on("data", (chunk: Buffer) => (shown += chunk.toString()));
  const reaching = {
    environment: { INGOT_TOKEN: token },
    readFile: async () => api.ca,
    signal: new AbortController().signal,
  };
  const connection = { server: `https://127.0.0.1:${api.port}`, ca: "ca.pem" };
  return {
    input,
    shown: () => shown,
    left: joinRemoteConsole(connection, path, reaching, { input, output }),
  };
}

describe("a console", () => {
  test("shows what the machine prints, types on it, is left by ~. and is in the audit log", async () => {
    await withBmc();
    const typed: string[] = [];
    chassis.serialConsole.attach((bytes) => typed.push(Buffer.from(bytes).toString()));
    const { input, shown, left } = join(await api.token("operator"));
    input.write("root\r");
    await expect.poll(() => typed.join("")).toBe("root\r");
    chassis.serialConsole.print(Buffer.from("Password: "));
    await expect.poll(shown).toBe("Password: ");
    input.write("x\r~.");
    await left;
    expect(typed.join("")).toBe("root\rx\r");
    const entries = (await api.state.list(AuditEntry)).resources.map(({ spec }) => spec);
    expect(entries.map(({ action, target, outcome }) => `${action} ${target} ${outcome.is}`)).toContain(
      "machines.console m1 done",
    );
  });

  test.each<[what: string, token: () => Promise<string>, path: string | undefined, why: string]>([
    ["a reader", () => api.token("reader"), undefined, "this needs the role operator"],
    ["somebody without a token", async () => "", undefined, "the token is unknown"],
    ["a token for other machines", () => api.token("admin", { tenant: "b" }), undefined, "Cannot find"],
    [
      "a path that is not there",
      () => api.token("admin"),
      "/api/v1/consoles",
      "there is nothing at this path",
    ],
    ["a machine without a BMC", () => api.token("admin"), undefined, "there is no account to its BMC"],
  ])("refuses %s", async (_, token, path, why) => {
    await expect(join(await token(), path).left).rejects.toThrow(why);
  });

  test("of a BMC that refuses us says so", async () => {
    await withBmc("wrong");
    await expect(join(await api.token("operator")).left).rejects.toThrow("its BMC: ");
  });

  test("is not for what a browser sends along by itself, nor for what is no WebSocket", async () => {
    await withBmc();
    const basic = `Basic ${Buffer.from(`:${await api.token("admin")}`).toString("base64")}`;
    const headers = { connection: "upgrade", upgrade: "websocket", authorization: basic };
    expect((await api.call("/api/v1/machines/m1/console", { headers })).status).toBe(401);
    const token = await api.token("admin");
    const other = { connection: "upgrade", upgrade: "h2c" };
    expect((await api.call("/api/v1/machines/m1/console", { token, headers: other })).status).toBe(400);
  });

  test("ends with the provisioner", async () => {
    await withBmc();
    const { left, input } = join(await api.token("operator"));
    const typed: Uint8Array[] = [];
    chassis.serialConsole.attach((bytes) => typed.push(bytes));
    input.write("x");
    await expect.poll(() => typed.length).toBe(1);
    await opened.disposeAsync();
    await left;
  });
});
