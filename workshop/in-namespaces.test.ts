// What `npm start` needs of the kernel, tried as somebody who is not root.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { whyNoNamespaces } from "./in-namespaces.ts";

const nobody = ["--reuid", "65534", "--regid", "65534", "--clear-groups"];
const isRoot = process.getuid?.() === 0;
const module = join(import.meta.dirname, "in-namespaces.ts");

/** As an ordinary user: as this one, or, as root, as nobody. */
function asUser(program: string, args: readonly string[]): string {
  const [command, ...rest] = isRoot ? ["setpriv", ...nobody, program, ...args] : [program, ...args];
  return execFileSync(command, rest, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** A checkout in root's own home is nobody's to read, and some kernels let no user make namespaces. */
const mayTry = (() => {
  try {
    accessSync("/dev/net/tun", constants.R_OK | constants.W_OK);
    asUser(process.execPath, ["-e", `require("node:fs").readFileSync(${JSON.stringify(module)})`]);
    asUser("unshare", ["--user", "--map-root-user", "--net", "true"]);
    return whyNoNamespaces() === undefined;
  } catch {
    return false;
  }
})();

test.runIf(mayTry)("an ordinary user has switches, taps, namespaces and low ports of his own there", () => {
  const steps = [
    "ip link add br0 type bridge",
    "ip tuntap add tap0 mode tap",
    "ip link set tap0 master br0",
    "mount -t tmpfs tmpfs /run",
    "mkdir /run/netns",
    "ip netns add other",
    "ip link add eth0 type veth peer name h0 netns other",
    "nft 'add table bridge lab'",
    "ip link set lo up",
    `${process.execPath} -e 'require("node:dgram").createSocket("udp4").bind(67, "127.0.0.1", function () { this.close(); })'`,
    "echo all of it",
  ].join(" && ");
  const run = `import(${JSON.stringify(module)}).then(async (it) => { process.exitCode = await it.runInNamespaces("sh", ["-c", ${JSON.stringify(steps)}]); })`;
  expect(asUser(process.execPath, ["-e", run])).toBe("all of it\n");
});

test.runIf(whyNoNamespaces() === undefined)(
  "a SIGTERM is passed on to the command, which may clean up",
  async () => {
    const command =
      "process.on('SIGTERM', () => process.exit(7)); setInterval(() => {}, 1000); console.log('up')";
    const run = `import(${JSON.stringify(module)}).then(async (it) => { process.exitCode = await it.runInNamespaces(process.execPath, ["-e", ${JSON.stringify(command)}]); })`;
    const runner = spawn(process.execPath, ["-e", run], { stdio: ["ignore", "pipe", "inherit"] });
    await once(runner.stdout, "data");
    runner.kill("SIGTERM");
    expect(await once(runner, "exit")).toEqual([7, null]);
  },
);
