import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { moduleIndex } from "./module-index.ts";

const index = moduleIndex({
  alias: `# Aliases extracted from modules themselves.
alias pci:v00008086d0000100Esv*sd*bc*sc*i* e1000
alias pci:v00001AF4d*sv*sd*bc*sc*i* virtio_pci
alias pci:v*d*sv*sd*bc01sc08i02* nvme
alias usb:v*p*d*dc*dsc*dp*ic03isc01ip0[12]in* usbhid
alias hid:b0003g*v*p* hid-generic
alias crypto-crc32c crc32c_generic
`,
  dep: `kernel/drivers/net/e1000.ko:
kernel/drivers/virtio/virtio_pci.ko: kernel/drivers/virtio/virtio.ko kernel/drivers/virtio/virtio_ring.ko
kernel/drivers/nvme/nvme.ko: kernel/drivers/nvme/nvme-core.ko
kernel/drivers/nvme/nvme-core.ko:
kernel/fs/xfs/xfs.ko: kernel/lib/libcrc32c.ko
kernel/lib/libcrc32c.ko:
kernel/crypto/crc32c_generic.ko:
kernel/a.ko:
kernel/b.ko:
`,
  softdep: `softdep xfs pre: crypto-crc32c
softdep a pre: b
softdep b pre: a post: xfs
`,
});

describe("which modules drive a device", () => {
  test.each([
    ["an exact device", "pci:v00008086d0000100Esv00001AF4sd00001100bc02sc00i00", ["e1000"]],
    ["any device of a vendor", "pci:v00001AF4d00001041sv0sd0bc02sc00i00", ["virtio_pci"]],
    ["a class of devices", "pci:v0000144Dd0000A808sv0sd0bc01sc08i02", ["nvme"]],
    ["a set of signs", "usb:v0627p0001d0000dc00dsc00dp00ic03isc01ip02in00", ["usbhid"]],
    ["a sign outside the set", "usb:v0627p0001d0000dc00dsc00dp00ic03isc01ip03in00", []],
    ["an unknown device", "pci:v0000FFFFd0000FFFFsv0sd0bcFFscFFiFF", []],
    ["a name with a dash", "hid:b0003g0001v00000627p00000001", ["hid_generic"]],
  ])("%s", (_, modalias, modules) => {
    expect(index.matching(modalias)).toEqual(modules);
  });

  test("any text at all is answered", () => {
    fc.assert(fc.property(fc.string(), (text) => Array.isArray(index.matching(text))));
  });
});

describe("the files to load", () => {
  test.each([
    ["a module alone", "e1000", ["kernel/drivers/net/e1000.ko"]],
    [
      "what it needs, the deepest first",
      "virtio_pci",
      [
        "kernel/drivers/virtio/virtio_ring.ko",
        "kernel/drivers/virtio/virtio.ko",
        "kernel/drivers/virtio/virtio_pci.ko",
      ],
    ],
    [
      "a soft dependency named by its alias",
      "xfs",
      ["kernel/crypto/crc32c_generic.ko", "kernel/lib/libcrc32c.ko", "kernel/fs/xfs/xfs.ko"],
    ],
    ["soft dependencies in a circle", "a", ["kernel/b.ko", "kernel/a.ko"]],
    ["nothing for one that is built in", "ext4", []],
  ])("%s", (_, module, files) => {
    expect(index.filesFor(module)).toEqual(files);
  });
});
