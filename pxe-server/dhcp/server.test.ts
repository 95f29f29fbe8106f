// Real clients against the whole server, on real sockets: each test in a network namespace of its own.
import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const run = promisify(execFile);
const main = join(import.meta.dirname, "../main.ts");
const mayMakeNamespaces = spawnSync("unshare", ["-Urn", "true"]).status === 0;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ingot-dhcp-"));
});
afterEach(() => rm(folder, { recursive: true }));

/**
 * Runs our server on s0 and `script` (shell) at the other end of the wire, c0 in a namespace of its own. Everything
 * dies with the outer namespace's first process.
 */
async function withServer(dhcp: object, script: string): Promise<string> {
  const config = {
    segments: [{ interface: "s0", address: "10.8.0.1", dhcp }],
    leases: join(folder, "leases"),
    rules: [{ name: "lab", boot: { disk: "exit" } }],
  };
  await writeFile(join(folder, "boot.yaml"), JSON.stringify(config));
  // Interfaces are moved by the pid of a process in the other namespace, so no name is left on the host.
  const outer = `
    set -e
    unshare -n --kill-child sh -c 'echo $$ > ${folder}/client; exec sleep 60' & inner=$!
    until [ -s ${folder}/client ]; do :; done
    ip link set lo up
    ip link add s0 type veth peer name c0
    ip link set c0 netns $(cat ${folder}/client)
    ip address add 10.8.0.1/24 dev s0
    ip link set s0 up
    client() { nsenter -t $(cat ${folder}/client) -n "$@"; }
    client ip link set c0 address 52:54:00:00:08:01
    client ip link set c0 up
    client ip link set lo up
    mkfifo ${folder}/ready
    ${process.execPath} ${main} --config ${folder}/boot.yaml --trace > ${folder}/log 2> ${folder}/ready & server=$!
    read line < ${folder}/ready
    ${script}
    kill $server
    wait $server || true
    kill $inner
    echo "--- trace"
    cat ${folder}/log`;
  const { stdout } = await run(
    "unshare",
    ["-Urnm", "--mount-proc", "--kill-child", "--fork", "--pid", "sh", "-c", outer],
    { timeout: 25_000 },
  );
  return stdout;
}

const full = {
  mode: "full",
  subnets: [
    {
      subnet: "10.8.0.0/24",
      pool: ["10.8.0.100", "10.8.0.110"],
      routers: ["10.8.0.254"],
      dns: ["10.8.0.53"],
      domain: "lab.example",
    },
  ],
};

describe.skipIf(!mayMakeNamespaces)("the DHCP server on a wire", () => {
  test("leases to busybox's udhcpc, and tells it the subnet's options", async () => {
    await writeFile(join(folder, "script"), "#!/bin/sh\n[ $1 = bound ] && env\nexit 0\n", { mode: 0o755 });
    const said = await withServer(full, `client busybox udhcpc -i c0 -q -n -f -t 5 -s ${folder}/script 2>&1`);
    expect(said).toContain("ip=10.8.0.100");
    expect(said).toContain("subnet=255.255.255.0");
    expect(said).toContain("router=10.8.0.254");
    expect(said).toContain("domain=lab.example");
    expect(said).toContain("lease=3600");
  });

  test("leases to dhclient, which comes back for the same address", async () => {
    const pid = `${folder}/dhclient.pid`;
    // It writes its pid after it has gone to the background.
    const dhclient = `
      client dhclient -4 -1 -v -sf /bin/true -lf ${folder}/dhclient.leases -pf ${pid} c0 2>&1
      until [ -s ${pid} ]; do :; done
      kill $(cat ${pid}); rm ${pid}`;
    const said = await withServer(full, dhclient + dhclient);
    expect(said.match(/bound to 10\.8\.0\.100/g)).toHaveLength(2);
  });

  test("keeps leases over kill -9", async () => {
    const udhcpc = (mac: string) =>
      `client ip link set c0 down; client ip link set c0 address ${mac}; client ip link set c0 up; client busybox udhcpc -i c0 -q -n -f -t 5 -s /bin/true 2>&1 | grep obtained`;
    const restart = `kill -9 $server; ${process.execPath} ${main} --config ${folder}/boot.yaml --trace > ${folder}/log 2> ${folder}/ready & server=$!; read line < ${folder}/ready`;
    const said = await withServer(
      full,
      [
        udhcpc("52:54:00:00:08:01"),
        udhcpc("52:54:00:00:08:02"),
        restart,
        udhcpc("52:54:00:00:08:03"),
        udhcpc("52:54:00:00:08:02"),
      ].join("\n"),
    );
    expect([...said.matchAll(/lease of (\S+) obtained/g)].map(([, address]) => address)).toEqual([
      "10.8.0.100",
      "10.8.0.101",
      "10.8.0.102",
      "10.8.0.101",
    ]);
  });

  test("beside another server, answers no operating system", async () => {
    const said = await withServer(
      { mode: "proxy" },
      "client busybox udhcpc -i c0 -q -n -f -t 2 -T 1 -s /bin/true 2>&1 || true",
    );
    expect(said).toContain("no lease");
  });
});
