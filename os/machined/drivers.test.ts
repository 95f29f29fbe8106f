import { describe, expect, test } from "vitest";
import { Drivers } from "./drivers.ts";
import { moduleIndex } from "./module-index.ts";

const index = moduleIndex({
  alias: [
    "alias pci:card* card",
    "alias pci:raid* raid",
    "alias scsi:t-0x00* disk",
    "alias pci:odd* odd",
    "alias acpi*:IPI0001:* ipmi_si",
  ].join("\n"),
  dep: [
    "kernel/bus.ko:",
    "kernel/card.ko: kernel/bus.ko",
    "kernel/raid.ko: kernel/bus.ko",
    "kernel/disk.ko:",
    "kernel/odd.ko:",
    "kernel/ipmi_msghandler.ko:",
    "kernel/ipmi_si.ko: kernel/ipmi_msghandler.ko",
    "kernel/ipmi_devintf.ko: kernel/ipmi_msghandler.ko",
  ].join("\n"),
  softdep: "",
});

/** A kernel whose loads end when the test says so. */
function kernel({ withDisks = true } = {}) {
  const begun: string[] = [];
  const refused: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<void>>();
  const drivers = new Drivers({
    index,
    load(file) {
      begun.push(file);
      const end = Promise.withResolvers<void>();
      ends.set(file, end);
      return end.promise;
    },
    refused: (file) => void refused.push(file),
  });
  if (withDisks) drivers.beginDisks();
  const settle = () => new Promise((done) => setImmediate(done));
  return { drivers, begun, refused, settle, end: (file: string) => ends.get(file)! };
}

describe("drivers", () => {
  test("load what they need first and once, and what is independent at the same time", async () => {
    const { drivers, begun, end, settle } = kernel();
    drivers.found("pci:card0");
    drivers.found("pci:raid0");
    drivers.found("scsi:t-0x00");
    await settle();
    expect(begun).toEqual(["kernel/bus.ko", "kernel/disk.ko"]);
    end("kernel/bus.ko").resolve();
    await settle();
    expect(begun.slice(2)).toEqual(["kernel/card.ko", "kernel/raid.ko"]);
  });

  test("are asked for once, however many devices there are of a kind", async () => {
    const { drivers, begun, settle } = kernel();
    drivers.found("scsi:t-0x00");
    drivers.found("scsi:t-0x00");
    drivers.found("scsi:t-0x00b");
    await settle();
    expect(begun).toEqual(["kernel/disk.ko"]);
  });

  test("are settled when also the devices that they brought have theirs", async () => {
    const { drivers, begun, end, settle } = kernel();
    drivers.found("pci:odd");
    let looks = 0;
    let settled = false;
    const all = drivers
      .settled(() => {
        looks++;
        if (begun.includes("kernel/odd.ko")) drivers.found("scsi:t-0x00");
      }, "all")
      .finally(() => {
        settled = true;
      });
    await settle();
    end("kernel/odd.ko").resolve();
    await settle();
    expect({ begun, settled }).toEqual({ begun: ["kernel/odd.ko", "kernel/disk.ko"], settled: false });
    end("kernel/disk.ko").resolve();
    await all;
    expect(looks).toBe(3);
  });

  test("of disks keep nobody waiting who needs none", async () => {
    const { drivers, begun, end, settle } = kernel({ withDisks: false });
    drivers.found("pci:raid0bc01sc04");
    drivers.found("scsi:t-0x00");
    await settle();
    expect(begun).toEqual([]);
    drivers.beginDisks();
    await settle();
    expect(begun).toEqual(["kernel/bus.ko", "kernel/disk.ko"]);
    drivers.found("pci:card0");
    let others = false;
    const settled = drivers
      .settled(() => {}, "all but disks")
      .finally(() => {
        others = true;
      });
    await settle();
    // Both need it: it counts for the card.
    expect(others).toBe(false);
    end("kernel/bus.ko").resolve();
    await settle();
    end("kernel/card.ko").resolve();
    await settled;
    expect(drivers.loading).toEqual(["kernel/raid.ko", "kernel/disk.ko"]);
  });

  test("of a BMC bring what shows it to programs, for which no device asks", async () => {
    const { drivers, begun, end, settle } = kernel();
    drivers.found("acpi:IPI0001:");
    await settle();
    end("kernel/ipmi_msghandler.ko").resolve();
    await settle();
    expect(begun.slice(1)).toEqual(["kernel/ipmi_si.ko", "kernel/ipmi_devintf.ko"]);
  });

  test("that are refused keep nothing else from loading", async () => {
    const { drivers, begun, refused, end, settle } = kernel();
    drivers.found("pci:card0");
    await settle();
    end("kernel/bus.ko").reject(new Error("no such device"));
    await settle();
    expect(begun).toEqual(["kernel/bus.ko", "kernel/card.ko"]);
    expect(refused).toEqual(["kernel/bus.ko"]);
    expect(drivers.loading).toEqual(["kernel/card.ko"]);
  });
});
