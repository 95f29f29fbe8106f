// A disk like any other, for tests that look at a few of its properties.
import type { Disk } from "./disks.ts";

export const someDisk = (devPath: string, rest: Partial<Disk> = {}): Disk => ({
  ...{ devPath, sizeBytes: 1e10, sectorBytes: 512, physicalSectorBytes: 4096 },
  ...{ model: "", serial: "", wwid: "", transport: "virtio", busPath: "/", firmwareVersion: "" },
  ...{ rotational: false, readOnly: false, removable: false, cdrom: false, holders: [] },
  ...rest,
});
