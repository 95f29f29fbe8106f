// Real clients against the whole server, on real network interfaces; tshark judges every packet of it.
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { mayWire, onWires } from "../workshop/wires.ts";

const main = join(import.meta.dirname, "main.ts");
const mac = "52:54:00:00:08:01";
/** nmap waits long for an answer that came while its port was closed, and on a busy machine that is each of them. */
const patienceMs = 90_000;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ingot-clients-"));
});
afterEach(() => rm(folder, { recursive: true }));

const full = {
  mode: "full",
  subnets: [
    {
      subnet: "10.8.0.0/24",
      pool: ["10.8.0.100", "10.8.0.110"],
      routers: ["10.8.0.254"],
      dns: ["10.8.0.53"],
      domain: "lab.example",
      ntp: ["10.8.0.123"],
      mtu: 1400,
      routes: [{ to: "198.51.100.0/24", via: "10.8.0.253" }],
    },
  ],
};

/** Our server at s0, with a capture; `script` at the other end of the cable, on the host `client`. */
async function serving(dhcp: object, script: string, more: object = {}): Promise<string> {
  const config = {
    ...more,
    segments: [{ interface: "s0", address: "10.8.0.1", dhcp }],
    rules: [{ name: "lab", boot: { kernel: "kernel", args: ["quiet"] } }],
  };
  await writeFile(join(folder, "kernel"), "not much of a kernel");
  await writeFile(join(folder, "boot.yaml"), JSON.stringify(config));
  return onWires({
    folder,
    timeoutMs: patienceMs,
    script: `
      host client
      cable s0 client c0 ${mac}
      ip address add 10.8.0.1/24 dev s0
      background ${process.execPath} ${main} --config $dir/boot.yaml --trace --capture $dir/pcap
      ${script}
      kill $server; wait $server || true
      echo "--- trace"; cat $dir/log $dir/said`,
  });
}

/** DHCP as firmware of that vendor class and architecture (option 93) speaks it; prints what it was told. */
const firmware = (vendorClass: string, architecture: string) =>
  `on client busybox udhcpc -i c0 -q -n -f -s $dir/script -V ${vendorClass} -x 0x5d:${architecture} 2>&1`;
const staticAddress = "on client ip address add 10.8.0.9/24 dev c0";

/** Each packet of the capture as tshark reads it; it must find fault with none. */
async function captured(): Promise<string[]> {
  const { stdout } = await promisify(execFile)("tshark", [
    ...["-r", join(folder, "pcap"), "-o", "ip.check_checksum:TRUE", "-T", "fields", "-E", "separator=|"],
    ...["-e", "eth.src", "-e", "ip.src", "-e", "ip.dst", "-e", "_ws.col.Protocol", "-e", "_ws.col.Info"],
    ...["-e", "_ws.malformed", "-e", "_ws.expert.message"],
  ]);
  const lines = stdout.trim().split("\n");
  for (const line of lines) expect(line).not.toMatch(/malformed|bad checksum|incorrect|illegal|truncated/i);
  expect(lines.length).toBeGreaterThan(1);
  return lines;
}

describe.skipIf(!mayWire)("leases", { timeout: patienceMs }, () => {
  test("to dhcpcd, with every option of the subnet", async () => {
    const said = await serving(
      full,
      `# Its leases are not the host's.
      mount -t tmpfs none /var/lib/dhcpcd
      on client dhcpcd --nobackground --oneshot --ipv4only --waitip=4 --noarp --timeout 15 --script /usr/bin/env c0 2>&1`,
    );
    expect(said).toContain("reason=BOUND");
    for (const line of [
      "new_ip_address=10.8.0.100",
      "new_routers=10.8.0.254",
      "new_domain_name=lab.example",
      "new_interface_mtu=1400",
      "new_ntp_servers=10.8.0.123",
      "new_classless_static_routes=198.51.100.0/24 10.8.0.253 0.0.0.0/0 10.8.0.254",
    ])
      expect(said).toContain(line);
    const packets = await captured();
    expect(packets.join("\n")).toMatch(
      /52:54:00:00:08:01\|0\.0\.0\.0\|255\.255\.255\.255\|DHCP\|DHCP Discover/,
    );
  });

  test("to nmap's dhcp-discover and broadcast-dhcp-discover", async () => {
    const said = await serving(
      full,
      `${staticAddress}
      on client nmap -n -sU -p 67 --script dhcp-discover 10.8.0.1 2>&1
      on client nmap -n -e c0 --script broadcast-dhcp-discover 2>&1`,
    );
    expect(said).toContain("DHCP Message Type: DHCPACK");
    expect(said).toContain("DHCP Message Type: DHCPOFFER");
    expect(said.match(/Server Identifier: 10\.8\.0\.1/g)).toHaveLength(2);
    expect(said.match(/Domain Name: lab\.example/g)).toHaveLength(2);
    await captured();
  });
});

describe.skipIf(!mayWire)("files", { timeout: patienceMs }, () => {
  test("by TFTP to tftp-hpa, atftp, busybox and curl, and none besides ours to nmap", async () => {
    const said = await serving(
      full,
      `${staticAddress}
      cd $dir
      on client tftp -m binary 10.8.0.1 -c get undionly.kpxe hpa
      on client atftp -g -r undionly.kpxe -l atftp --option "blksize 1428" --option "windowsize 16" 10.8.0.1
      on client busybox tftp -g -l busybox -r undionly.kpxe 10.8.0.1
      on client curl -sS -o curl tftp://10.8.0.1/undionly.kpxe
      sha256sum hpa atftp busybox curl
      printf '%s\n' undionly.kpxe /etc/passwd ../boot.yaml startup-config > names
      on client nmap -n -Pn -sU -p 69 --script tftp-enum --script-args tftp-enum.filelist=$dir/names 10.8.0.1 2>&1`,
    );
    const digests = [...said.matchAll(/^([0-9a-f]{64}) {2}\w+$/gm)].map(([, digest]) => digest);
    expect(digests).toHaveLength(4);
    const manifest = await readFile(join(import.meta.dirname, "../assets/ipxe/manifest.json"), "utf8");
    for (const digest of digests) expect(manifest).toContain(digest);
    expect(said).toMatch(/69\/udp open/);
    // It may miss a file that is there: it closes the port that it asked from, and opens it again for the answer.
    expect(said).not.toMatch(/^\|.*(passwd|boot\.yaml|startup-config)/m);
    await captured();
  });

  test("by TFTP to a Raspberry Pi, which knows us by a text in option 43", async () => {
    await writeFile(join(folder, "script"), "#!/bin/sh\n[ $1 = bound ] && env\nexit 0\n", { mode: 0o755 });
    await mkdir(join(folder, "pi/overlays"), { recursive: true });
    await writeFile(join(folder, "pi/config.txt"), "arm_64bit=1\n");
    await writeFile(join(folder, "pi/overlays/x.dtbo"), "an overlay\n");
    const said = await serving(
      full,
      `on client ip link set c0 address dc:a6:32:00:00:01
      ${process.execPath} ${main} trace --config $dir/boot.yaml > $dir/followed & follower=$!
      until grep -q "raspberry-pi asks" $dir/followed; do
        ${firmware("PXEClient:Arch:00000:UNDI:002001", "0000")} -O 43
      done
      kill $follower
      echo "--- followed"; cat $dir/followed
      ${staticAddress}
      on client curl -sS tftp://10.8.0.1/1a2b3c4d/config.txt
      on client curl -sS tftp://10.8.0.1/overlays/x.dtbo
      on client curl -sS tftp://10.8.0.1/boot.yaml 2>&1 || true`,
      { raspberryPi: { folder: "pi" }, trace: join(folder, "pxe.sock") },
    );
    expect(said).toMatch(/--- followed\n(.*\n)*.*raspberry-pi asks for an address and a boot/);
    expect(said).toContain(Buffer.from("Raspberry Pi Boot").toString("hex"));
    expect(said).toContain("siaddr=10.8.0.1");
    expect(said).not.toContain("boot_file=");
    expect(said).toContain("arm_64bit=1\nan overlay\ncurl: (68)");
    await captured();
  });

  test("by HTTPS to curl, as HTTP Boot firmware is offered them", async () => {
    await writeFile(join(folder, "script"), "#!/bin/sh\n[ $1 = bound ] && env\nexit 0\n", { mode: 0o755 });
    await promisify(execFile)("openssl", [
      ...[
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-noenc",
        "-days",
        "2",
      ],
      ...["-subj", "/O=rack", "-addext", "subjectAltName=IP:10.8.0.1"],
      ...["-keyout", join(folder, "key.pem"), "-out", join(folder, "certificate.pem")],
    ]);
    const said = await serving(
      full,
      `${firmware("HTTPClient:Arch:00016:UNDI:003000", "0010")}
      ${staticAddress}
      on client curl -sS --cacert $dir/certificate.pem -o $dir/loader https://10.8.0.1:8445/loaders/snponly.efi
      sha256sum $dir/loader
      on client curl -sS --cacert $dir/certificate.pem "https://10.8.0.1:8445/boot.ipxe?mac=52-54-00-00-08-01"`,
      { https: { certificate: "certificate.pem", key: "key.pem" } },
    );
    expect(said).toContain("boot_file=https://10.8.0.1:8445/loaders/snponly.efi");
    const manifest = await readFile(join(import.meta.dirname, "../assets/ipxe/manifest.json"), "utf8");
    expect(manifest).toContain(/[0-9a-f]{64}/.exec(said)![0]);
    expect(said).toMatch(/kernel --name kernel https:\/\/10\.8\.0\.1:8445\/boots\//);
  });

  test("by HTTP to curl: the script, then the kernel that it names", async () => {
    const said = await serving(
      full,
      `${staticAddress}
      on client curl -sSf -o $dir/script "http://10.8.0.1:8080/boot.ipxe?mac=52-54-00-00-08-01"
      on client curl -sSf $(grep -o 'http://[^ ]*kernel' $dir/script | head -1)
      echo
      on client curl -sSI http://10.8.0.1:8080/loaders/snponly.efi`,
    );
    expect(said).toContain("not much of a kernel");
    expect(said).toContain("HTTP/1.1 200 OK");
    expect(said).toContain("is told: kernel (rule lab)");
  });
});
