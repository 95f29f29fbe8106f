import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

// In namespaces of its own: dnsmasq at the far end of a cable that is plugged in late, pulled and plugged in again.
test("a port gets its address when the cable comes, loses it with the cable, and gets it back", () => {
  const folder = mkdtempSync(join(tmpdir(), "ingot-interfaces-"));
  const script = `
    import { execFileSync, spawn } from "node:child_process";
    import { once } from "node:events";
    import { existsSync, readFileSync } from "node:fs";
    import { createInterface } from "node:readline";
    import { Interfaces } from "./interfaces.ts";
    const ip = (...args) => execFileSync("ip", args, { encoding: "utf8" });
    ip("link", "set", "lo", "up");
    ip("link", "add", "port", "address", "52:54:00:00:00:09", "type", "veth", "peer", "name", "far");
    ip("address", "add", "192.0.2.1/24", "dev", "far");
    const dnsmasq = spawn("dnsmasq", ["--no-daemon", "--conf-file=/dev/null", "--port=0", "--interface=far", "--bind-dynamic",
      "--user=root", "--no-ping", "--dhcp-authoritative", "--dhcp-leasefile=${folder}/leases", "--pid-file=${folder}/pid",
      "--log-facility=-", "--dhcp-range=192.0.2.10,192.0.2.10,1h", "--dhcp-option=option:dns-server,192.0.2.53",
      "--dhcp-option=option:classless-static-route,0.0.0.0/0,192.0.2.1,198.51.100.0/24,192.0.2.2"], { stdio: ["ignore", "ignore", "pipe"] });
    await new Promise((ready) => createInterface({ input: dnsmasq.stderr }).on("line", (line) => /DHCP, IP range/.test(line) && ready()));
    const addresses = () => JSON.parse(ip("-json", "-4", "address", "show", "port")).flatMap((it) => it.addr_info ?? []).map((it) => it.local);
    const routes = () => JSON.parse(ip("-json", "route", "show", "dev", "port")).map((it) => it.dst + " " + (it.gateway ?? "")).sort();
    const until = async (condition) => { while (!condition()) await new Promise((done) => setImmediate(done)); };
    const said = [];
    using interfaces = new Interfaces({
      hostName: "node-9", random: Math.random, resolvConf: "${folder}/resolv.conf", isPhysical: (name) => name === "port", said: (text) => said.push(text),
      clock: { now: Date.now, at(time, call) { const timer = setTimeout(call, Math.min(time - Date.now(), 2 ** 31 - 1)); return { [Symbol.dispose]: () => clearTimeout(timer) }; } },
    });
    ip("link", "set", "far", "up");
    await until(() => existsSync("${folder}/resolv.conf") && readFileSync("${folder}/resolv.conf", "utf8").endsWith("\\n"));
    const first = { addresses: addresses(), routes: routes(), resolv: readFileSync("${folder}/resolv.conf", "utf8") };
    ip("link", "set", "far", "down");
    await until(() => addresses().length === 0);
    ip("link", "set", "far", "up");
    await until(() => addresses().length > 0);
    console.log(JSON.stringify({ ...first, again: addresses(), lost: said.includes("port: has lost its link") }));
    dnsmasq.kill();
    await once(dnsmasq, "exit");
    process.exit();`;
  try {
    const flags = ["--user", "--map-root-user", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"];
    const { stdout, stderr } = spawnSync(
      "unshare",
      [...flags, process.execPath, "--input-type=module", "--eval", script],
      { encoding: "utf8", cwd: import.meta.dirname, timeout: 25_000, killSignal: "SIGKILL" },
    );
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toEqual({
      addresses: ["192.0.2.10"],
      routes: ["192.0.2.0/24 ", "198.51.100.0/24 192.0.2.2", "default 192.0.2.1"],
      resolv: "nameserver 192.0.2.53\n",
      again: ["192.0.2.10"],
      lost: true,
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
