// The program itself, asking a provisioner: another process, on loopback, with every port one that was free before.
import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { makeTestAuthority, type TestAuthority } from "../workshop/test-certificates.ts";
import { loaderFiles } from "./firmware.ts";
import { digestOf, kernelBytes, ScriptedProvisioner } from "./scripted-provisioner.ts";

const patience = { timeout: 15_000, interval: 20 };

let folder: string;
let authority: TestAuthority;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ingot-remote-program-"));
  authority = await makeTestAuthority();
});
afterEach(async () => {
  await authority[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function run(...more: readonly string[]) {
  const [http, tftp] = [await freePort(), await freePort()];
  const config = {
    segments: [{ interface: "lo", address: "127.0.0.1", dhcp: { mode: "off" } }],
    http: { port: http },
    tftp: { port: tftp, workers: 0 },
  };
  await writeFile(join(folder, "boot.yaml"), JSON.stringify(config));
  await writeFile(join(folder, "manifest.json"), JSON.stringify(await loaders()));
  const child = spawn(process.execPath, [
    ...[join(import.meta.dirname, "main.ts"), "--config", join(folder, "boot.yaml")],
    ...["--manifest", join(folder, "manifest.json"), "--loaders", folder, "--cache", join(folder, "cache")],
    ...more,
  ]);
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  return {
    http: `http://127.0.0.1:${http}`,
    said: () => said,
    ended: once(child, "close"),
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      if (child.exitCode === null && child.signalCode === null) await once(child, "close");
    },
  };
}

async function loaders() {
  const files: Record<string, string> = {};
  for (const file of loaderFiles(["snponly", "ipxe"])) {
    await writeFile(join(folder, file), file);
    files[file] = digestOf(Buffer.from(file)).toHex();
  }
  return { package: "ipxe", version: "test", files };
}

test("boots a machine as the provisioner says, and after kill -9 without it", async () => {
  const segment = await authority.issue("rack-7");
  await using provisioner = new ScriptedProvisioner({
    identity: await authority.issue("server"),
    clientAuthorities: authority.certificate,
  });
  await provisioner.start();
  provisioner.answer = {
    plan: { why: "in the pool", do: { case: "kernel", value: { kernel: "vmlinuz" } } },
  };
  const dial = [
    ...["--provisioner", `https://127.0.0.1:${provisioner.port}`, "--ca", authority.certificateFile],
    ...["--cert", segment.certificateFile, "--key", segment.keyFile],
  ];
  for (const isAway of [false, true]) {
    if (isAway) await provisioner.kill();
    await using program = await run(...dial);
    await vi.waitFor(() => expect(program.said()).toContain("ready on lo"), patience);
    const script = await vi.waitFor(async () => {
      const response = await fetch(`${program.http}/boot.ipxe?mac=52-54-00-00-00-01`);
      const text = await response.text();
      expect(text).toContain("kernel --name kernel");
      return text;
    }, patience);
    const [url] = /http:\S+vmlinuz/.exec(script)!;
    await vi.waitFor(async () => {
      const bytes = Buffer.from(await (await fetch(url)).arrayBuffer());
      expect(kernelBytes.equals(bytes)).toBe(true);
    }, patience);
  }
});

test("refuses a provisioner without certificates", async () => {
  await using program = await run("--provisioner", "127.0.0.1:1");
  await program.ended;
  expect(program.said()).toContain("Cannot ask a provisioner: --ca, --cert and --key are needed too");
});

async function freePort(): Promise<number> {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  socket.close();
  return port;
}
