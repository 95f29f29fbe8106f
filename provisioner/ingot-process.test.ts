// `ingot serve` and command lines that ask it, as processes: what a data center runs.
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { BootService } from "../api/gen/ingot/boot/v1/boot_pb.js";
import { openChannel } from "../api/grpc/channel.ts";
import { client } from "../api/grpc/client.ts";
import { ClientTlsCredentials } from "../api/grpc/client-tls.ts";
import { exitCodes } from "./cli/exit-codes.ts";
import { ingot, serving } from "./ingot-process.conformance.ts";

// Every command line is a process, and a machine under load starts them slowly.
vi.setConfig({ testTimeout: 180_000 });

let folder: string;
let stateDir: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ingot-process-"));
  stateDir = join(folder, "state");
});
afterEach(() => rm(folder, { recursive: true }));

const csv = `name,macs,bmc.address,bmc.user,bmc.password,bmc.tls,labels.rack
node-1,52:54:00:00:00:01,192.0.2.1,root,correct horse,off,r1
node-2,52:54:00:00:00:02,,,,,r2
`;

describe("ingot serve", () => {
  test("says what listens where, whom to trust and the first token, once; and stops when told", async () => {
    await using first = await serving({ stateDir });
    expect(first.said.join("\n")).toMatch(/machines and pxe-servers: 127\.0\.0\.1:[1-9]\d*\n/);
    expect(first.token).toMatch(/^ingot_/);
    expect(await first.ask("machines")).toMatchObject({ code: 0, noted: "there are none\n" });
    const noToken = await first.ask("machines", "ingot_000000000000_x");
    expect(noToken.code).toBe(exitCodes.forbidden[0]);
    expect(await first.stop()).toBe(0);

    await using second = await serving({ stateDir });
    expect(second.fingerprint).toBe(first.fingerprint);
    expect(second.token).toBeUndefined();
    expect(await second.ask("machines", first.token)).toMatchObject({ code: 0 });
    expect((await stat(stateDir)).mode & 0o077).toBe(0);
  });

  test("stops although somebody watches", async () => {
    await using server = await serving({ stateDir });
    const watching = server.ask("machines watch");
    await server.ask("machines label none a=b");
    expect(await server.stop()).toBe(0);
    await watching;
  });

  test("is believed under its own authority alone", async () => {
    await using server = await serving({ stateDir });
    const environment = { INGOT_SERVER: server.url, INGOT_TOKEN: server.token! };
    const stranger = { ...environment, INGOT_FINGERPRINT: "0".repeat(64) };
    expect(await ingot(["machines"], stranger)).toMatchObject({ code: exitCodes.unreachable[0] });
    expect(await ingot(["machines"], environment)).toMatchObject({ code: exitCodes.unreachable[0] });
    const told = { ...environment, INGOT_CA: join(stateDir, "ca.pem") };
    expect(await ingot(["machines"], told)).toMatchObject({ code: 0 });
  });

  test("logs nothing that a machine says but as text in a line of ours", async () => {
    await using server = await serving({ stateDir, options: ["--enrol", "rack-1"] });
    const file = (name: string) => readFile(join(stateDir, "segments", "rack-1", name), "utf8");
    const identity = { certificate: await file("certificate.pem"), key: await file("key.pem") };
    const address = server.said
      .map((line) => /machines and pxe-servers: (\S+)$/.exec(line)?.[1])
      .find(Boolean)!;
    const credentials = new ClientTlsCredentials({ authorities: await file("ca.pem"), identity });
    using channel = openChannel({ address, credentials });
    const boot = client(BootService, channel);
    const evil = "\u001b[2J\u009b31m\ningot: ready\u202e";
    const uuid = "4c4c4544-0044-4310-8052-b4c04f564231";
    const macs = ["52:54:00:00:00:01", "52:54:00:00:00:02", `52:54:00:00:00:03${evil}`] as const;
    const ask = (mac: string, serial: string) => boot.plan({ client: { mac, uuid, serial }, bootId: evil });
    await ask(macs[0], `S1${evil}`);
    // Another that says to be the same one.
    await ask(macs[1], `S2${evil}`);
    await ask(macs[2], evil);
    const { plan } = await boot.plan({ client: { mac: evil.repeat(10_000) } });
    expect(plan?.why).toContain("no MAC address");
    await server.ask(`machines accept ${uuid}`);
    expect(await server.stop()).toBe(0);
    expect(server.said.join("\n")).toContain("may not boot: it has the");
    for (const line of server.said) {
      expect(line).toMatch(/^ingot: /);
      // oxlint-disable-next-line no-control-regex -- that there is none is what is tested
      expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
    }
    expect(server.said.filter((line) => line === "ingot: ready")).toHaveLength(1);
  });

  test.each([
    [["--listen", "0.0.0.0:0"], "give --announce"],
    [["--interface", "nowhere0"], "no interface of that name"],
    [["--dhcp", "perhaps"], "it is proxy, off, or FIRST-LAST"],
    [["--tls-key", "key.pem"], "without the other"],
  ])("with %j ends at once and says why", async (options, why) => {
    const { code, noted } = await ingot(["serve", "--state-dir", stateDir, ...options]);
    expect(code).toBe(exitCodes.failed[0]);
    expect(noted).toContain(why);
  });
});

describe("a backup", () => {
  test("of a provisioner at work is restored elsewhere, with everything in it; its secrets stay sealed", async () => {
    const list = join(folder, "machines.csv");
    await writeFile(list, csv);
    const backup = join(folder, "backup.sqlite");
    let told: string;
    let token: string;
    {
      await using server = await serving({ stateDir });
      token = server.token!;
      await server.ask(`machines import ${list}`);
      told = (await server.ask("machines export")).output;
      expect(told).toContain("node-2");
      // Others write meanwhile.
      const stop = new AbortController();
      const written: string[] = [];
      const writers = [0, 1, 2, 3].map(async (writer) => {
        const client = server.client();
        for (let count = 0; !stop.signal.aborted; count++) {
          await client.call("POST", "/api/v1/tokens", { name: `w${writer}-${count}`, role: "reader" });
          written.push(`w${writer}-${count}`);
        }
      });
      const made = await ingot(["backup", backup, "--state-dir", stateDir]);
      stop.abort();
      await Promise.all(writers);
      expect(written.length).toBeGreaterThan(0);
      expect(made).toMatchObject({ code: 0 });
      expect(made.noted).toContain("master.keys");
    }
    expect((await readFile(backup)).includes("correct horse")).toBe(false);
    expect((await stat(backup)).mode & 0o077).toBe(0);

    const elsewhere = join(folder, "elsewhere");
    const refused = await ingot(["restore", backup, "--state-dir", stateDir]);
    expect(refused).toMatchObject({ code: exitCodes.failed[0] });
    expect(refused.noted).toContain("there is a state already");
    const keys = ["--master-keys", join(stateDir, "master.keys")];
    expect(await ingot(["restore", backup, "--state-dir", elsewhere, ...keys])).toMatchObject({ code: 0 });
    await using restored = await serving({ stateDir: elsewhere });
    expect((await restored.ask("machines export", token)).output).toBe(told);
    const tokens = JSON.parse((await restored.ask("-o json tokens", token)).output) as {
      spec: { name: string };
    }[];
    // Of each writer, all that it wrote up to one moment.
    for (const writer of [0, 1, 2, 3]) {
      const counts = tokens.flatMap(({ spec }) =>
        spec.name.startsWith(`w${writer}-`) ? [Number(spec.name.split("-")[1])] : [],
      );
      expect(counts.toSorted((a, b) => a - b)).toEqual(counts.map((_, index) => index));
    }
    const bmcs = JSON.parse((await restored.ask("-o json bmcs", token)).output) as object[];
    expect(bmcs).toMatchObject([{ spec: { user: "root", password: "(secret)" } }]);
  });
});
