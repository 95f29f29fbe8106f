// What the kernel tells in text, as messages; and once the real thing.
import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { CPUInfoSchema, MemInfoSchema } from "../../../../api/gen/machine/statistics_pb.js";
import { parseCpuinfo } from "./cpu.ts";
import { parseDiskstats } from "./disk-stats.ts";
import { parseMeminfo } from "./memory.ts";
import { unescapeMount } from "./mounts.ts";
import { parseNetDev } from "./network-device-stats.ts";
import { parseProcessStat, processes } from "./processes.ts";
import { parseStat } from "./system-stat.ts";

describe("statistics", () => {
  test("memory: each name of the kernel's is a field", () => {
    const text = `MemTotal:       16384000 kB
Active(anon):      10 kB
SReclaimable:      11 kB
NFS_Unstable:       0 kB
Committed_AS:      12 kB
HugePages_Total:   13
DirectMap4k:       14 kB
`;
    const parsed = parseMeminfo(text);
    const known = new Set(MemInfoSchema.fields.map(({ localName }) => localName));
    expect(Object.keys(parsed).filter((name) => !known.has(name))).toEqual([]);
    expect(create(MemInfoSchema, parsed)).toMatchObject({
      memtotal: 16384000n,
      activeanon: 10n,
      sreclaimable: 11n,
      committedas: 12n,
      hugepagestotal: 13n,
      directmap4k: 14n,
    });
  });

  test("system: ticks are seconds, counters are whole", () => {
    const text = `cpu  200 0 100 5000 50 1 2 3 4 5
cpu0 100 0 50 2500 25 1 2 3 4 5
cpu1 100 0 50 2500 25 0 0 0 0 0
intr 12345 1 0 7
ctxt 99
btime 1786000000
processes 42
procs_running 2
procs_blocked 1
softirq 55 1 2 3 4 5 6 7 8 9 10
`;
    expect(parseStat(text)).toMatchObject({
      bootTime: 1786000000n,
      cpuTotal: { user: 2, system: 1, idle: 50, iowait: 0.5, guestNice: 0.05 },
      cpu: [{ user: 1 }, { user: 1 }],
      irqTotal: 12345n,
      irq: [1n, 0n, 7n],
      contextSwitches: 99n,
      processCreated: 42n,
      processRunning: 2n,
      processBlocked: 1n,
      softIrqTotal: 55n,
      softIrq: { hi: 1n, rcu: 10n },
    });
  });

  test("CPUs of x86 and of ARM", () => {
    const x86 = `processor	: 0
vendor_id	: GenuineIntel
model name	: Intel(R) Xeon(R): E-2388G
cpu MHz		: 3200.000
cpu cores	: 8
flags		: fpu vme
power management:

processor	: 1
vendor_id	: GenuineIntel
`;
    const arm = `processor	: 0
BogoMIPS	: 50.00
Features	: fp asimd
CPU implementer	: 0x41

Hardware	: a board
`;
    expect(parseCpuinfo(x86)).toMatchObject([
      {
        processor: 0,
        vendorId: "GenuineIntel",
        modelName: "Intel(R) Xeon(R): E-2388G",
        cpuMhz: 3200,
        cpuCores: 8,
        flags: ["fpu", "vme"],
        powerManagement: "",
      },
      { processor: 1 },
    ]);
    expect(parseCpuinfo(arm)).toEqual([
      { processor: 0, bogoMips: 50, flags: ["fp", "asimd"], vendorId: "0x41" },
    ]);
    const known = new Set(CPUInfoSchema.fields.map(({ localName }) => localName));
    expect(Object.keys(parseCpuinfo(x86)[0]!).filter((name) => !known.has(name))).toEqual([]);
  });

  test("disks, and their sum; older kernels tell less", () => {
    const text = `   8       0 sda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15
   8       1 sda1 1 0 3 0 0 0 0 0 0 0 0
`;
    const { devices, total } = parseDiskstats(text);
    expect(devices[0]).toMatchObject({
      name: "sda",
      readCompleted: 1n,
      ioInProgress: 9n,
      discardTimeMs: 15n,
    });
    expect(devices[1]).toMatchObject({ name: "sda1", readSectors: 3n, discardCompleted: 0n });
    expect(total).toMatchObject({ name: "", readCompleted: 2n, readSectors: 6n });
  });

  test("network devices, also where a name touches its number", () => {
    const text = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:     100       2    0    0    0     0          0         0      100       2    0    0    0     0       0          0
  eth0:12345678       9    1    2    3     4          5         6        7       8    9   10   11    12      13         14
`;
    const { devices, total } = parseNetDev(text);
    expect(devices.map(({ name }) => name)).toEqual(["lo", "eth0"]);
    expect(devices[1]).toMatchObject({ rxBytes: 12345678n, rxMulticast: 6n, txBytes: 7n, txCompressed: 14n });
    expect(total.rxPackets).toBe(11n);
  });

  test("a process whose name is meant to confuse", () => {
    const rest = "S 1 4 4 0 -1 64 0 0 0 0 150 50 0 0 20 0 3 0 100 4096000 25 0";
    expect(parseProcessStat(`4 (a) R (b)) ${rest}`)).toEqual({
      ...{ pid: 4, command: "a) R (b)", state: "S", ppid: 1, cpuTime: 2, threads: 3 },
      ...{ virtualMemory: 4096000n, residentMemory: 25n * 4096n },
    });
  });

  test("this very process is among those of the machine", async () => {
    const answer = await processes({ proc: "/proc" }).processes({} as never, {} as never);
    const [{ processes: found = [] } = {}] = answer.messages ?? [];
    expect(found.find(({ pid }) => pid === process.pid)).toMatchObject({ ppid: process.ppid });
  });

  test("a mount point with a space in its name", () => {
    expect(unescapeMount("/var/a\\040b\\134c")).toBe("/var/a b\\c");
  });
});
