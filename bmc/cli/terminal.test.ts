import { randomBytes } from "node:crypto";
import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { openLanPort } from "../ipmi/lan-port.ts";
import { openIpmi } from "../ipmi/open.ts";
import { SimulatedChassis } from "../simulator/chassis.ts";
import { openIpmiServer } from "../simulator/ipmi/server.ts";
import { systemClock } from "../system-clock.ts";
import { joinConsole } from "./terminal.ts";

test("a terminal shows the console, types on it and leaves it by ~.", async () => {
  const chassis = new SimulatedChassis({ clock: systemClock });
  const typed: string[] = [];
  chassis.serialConsole.attach((bytes) => typed.push(Buffer.from(bytes).toString()));
  await using server = await openIpmiServer({ chassis, randomBytes });
  await using port = await openLanPort({ randomU32: () => randomBytes(4).readUInt32LE() });
  await using bmc = await openIpmi({
    port,
    clock: systemClock,
    randomBytes,
    host: server.address,
    udpPort: server.port,
    user: "admin",
    password: "secret",
  });

  const [input, output] = [new PassThrough(), new PassThrough()];
  let shown = "";
  output.on("data", (chunk: Buffer) => (shown += chunk.toString()));
  const joined = joinConsole(bmc, { input, output });
  input.write("root\r");
  await expect.poll(() => typed.join("")).toBe("root\r");
  chassis.serialConsole.print(Buffer.from("Password: "));
  await expect.poll(() => shown).toBe("Password: ");
  input.write("pasted\r~.");
  await joined;
  expect(typed.join("")).toBe("root\rpasted\r");
});
