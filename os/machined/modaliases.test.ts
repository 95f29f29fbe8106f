import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { modaliases } from "./modaliases.ts";

let sys: string;
beforeEach(() => {
  sys = mkdtempSync(join(tmpdir(), "ingot-sys-"));
});
afterEach(() => rmSync(sys, { recursive: true }));

function device(path: string, modalias: string | undefined): string {
  const folder = join(sys, path);
  mkdirSync(folder, { recursive: true });
  if (modalias !== undefined) writeFileSync(join(folder, "modalias"), `${modalias}\n`);
  return folder;
}

test("every device on a bus and the machine itself is asked; those that say nothing or have gone are not", () => {
  mkdirSync(join(sys, "bus/pci/devices"), { recursive: true });
  mkdirSync(join(sys, "bus/usb/devices"), { recursive: true });
  symlinkSync(device("devices/pci0/card", "pci:card"), join(sys, "bus/pci/devices/card"));
  symlinkSync(device("devices/pci0/bridge", undefined), join(sys, "bus/pci/devices/bridge"));
  symlinkSync(join(sys, "devices/pulled"), join(sys, "bus/usb/devices/stick"));
  device("class/dmi/id", "dmi:vendor");
  expect(modaliases(sys)).toEqual(["pci:card", "dmi:vendor"]);
});
