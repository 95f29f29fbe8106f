// DHCP servers and relays of other authors, each on a host of its own. They know nothing of booting.
import { writeFileSync } from "node:fs";
import { Child } from "./child.ts";
import type { RunDirectory } from "./run-directory.ts";

interface Foreign {
  /** Undefined: this test's own. */
  readonly host?: string | undefined;
  readonly pool: readonly [first: string, last: string];
  /** What it tells to be the way out. */
  readonly router?: string | undefined;
  readonly timeServer?: string | undefined;
  readonly directory: RunDirectory;
}

const quietDnsmasq = ["--no-daemon", "--port=0", "--user=root", "--conf-file=/dev/null"];

function on(
  host: string | undefined,
  name: string,
  [program, ...args]: readonly [string, ...string[]],
  directory: RunDirectory,
): Child {
  if (host === undefined) return new Child(name, program, args, directory.file(`${name}.log`));
  return new Child(name, "ip", ["netns", "exec", host, program, ...args], directory.file(`${host}.log`));
}

/** `more`: further options of its command line. */
export function startDnsmasq({
  host,
  pool: [first, last],
  router,
  timeServer,
  directory,
  more = [],
}: Foreign & { readonly more?: readonly string[] }): Child {
  const options = ["--interface=eth0", "--bind-interfaces", "--no-ping"];
  const files = [`--dhcp-leasefile=${directory.file(`${host ?? "foreign"}.leases`)}`];
  // Unless told, it names itself.
  const way = `--dhcp-option=option:router${router === undefined ? "" : `,${router}`}`;
  const time = timeServer === undefined ? [] : [`--dhcp-option=option:ntp-server,${timeServer}`];
  const range = `--dhcp-range=${first},${last},255.255.255.0,1h`;
  return on(
    host,
    "dnsmasq",
    ["dnsmasq", ...quietDnsmasq, ...options, ...files, range, way, ...time, ...more],
    directory,
  );
}

export function startKea({
  host,
  pool,
  router,
  timeServer,
  subnet,
  directory,
}: Foreign & { readonly subnet: string }): Child {
  const options = Object.entries({ routers: router, "ntp-servers": timeServer }).flatMap(([name, data]) =>
    data === undefined ? [] : [{ name, data }],
  );
  const config = {
    "interfaces-config": { interfaces: ["eth0"], "dhcp-socket-type": "raw" },
    "lease-database": { type: "memfile", persist: false },
    subnet4: [{ id: 1, subnet, pools: [{ pool: pool.join("-") }], "option-data": options }],
  };
  const file = directory.file(`${host ?? "kea"}.json`);
  writeFileSync(file, JSON.stringify({ Dhcp4: config }));
  const folders = [`KEA_PIDFILE_DIR=${directory.path}`, "KEA_LOCKFILE_DIR=none"];
  return on(host, "kea-dhcp4", ["env", ...folders, "kea-dhcp4", "-c", file], directory);
}

/** Carries DHCP to a server on another network, and routes everything else. */
export function startRelay({
  host,
  server,
  far,
  directory,
}: {
  readonly host: string;
  readonly server: string;
  /** The relay's address among its clients. */
  readonly far: string;
  readonly directory: RunDirectory;
}): Child {
  const relay = ["dnsmasq", ...quietDnsmasq, `--dhcp-relay=${far},${server}`];
  const forward = 'echo 1 > /proc/sys/net/ipv4/ip_forward && exec "$@"';
  return on(host, "relay", ["sh", "-c", forward, "relay", ...relay], directory);
}
