import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseRack } from "./rack.ts";

describe("a rack's description", () => {
  test("needs no more than names and firmware", () => {
    expect(parseRack("machines:\n- { name: a, firmware: uefi }", "rack.yaml").machines).toEqual([
      {
        name: "a",
        firmware: "uefi",
        memoryMegabytes: 1024,
        disks: [],
        nics: [{ model: "virtio-net-pci", count: 1 }],
        tpm: false,
        boot: ["network", "disk"],
        networkBoot: "pxe",
        powered: true,
        bmc: { speaks: ["ipmi"], quirks: "honest", user: "admin", password: "ingot-lab" },
      },
    ]);
  });

  test("the one that npm start uses is one", () => {
    const file = join(import.meta.dirname, "three-machines.yaml");
    expect(parseRack(readFileSync(file, "utf8"), file).machines).toHaveLength(3);
  });

  test.each([
    [
      "a field nobody knows",
      "machines:\n  - name: a\n    firmware: bios\n    cpu: 2",
      /line 2, column 5: machines\.0: .*"cpu"/,
    ],
    [
      "a value that does not exist",
      "machines:\n  - name: a\n    firmware: efi",
      /line 3, column 15: machines\.0\.firmware: /,
    ],
    ["what is missing", "machines:\n  - name: a", /line 2, column 5: machines\.0\.firmware: /],
    [
      "two machines of one name",
      "machines:\n  - {name: a, firmware: bios}\n  - {name: a, firmware: bios}",
      /line 3, column 12: machines\.1\.name: a second a/,
    ],
    [
      "two machines in one place",
      "machines:\n  - {name: a, firmware: bios, position: 3}\n  - {name: b, firmware: bios, position: 3}",
      /line 3, column 41: machines\.1\.position: a is there already/,
    ],
    [
      "a cable that cannot be",
      "machines:\n  - name: a\n    firmware: bios\n    nics:\n    - cable: { lossPercent: 120 }",
      /line 5, column 29: machines\.0\.nics\.0\.cable\.lossPercent: /,
    ],
    [
      "a network that there is not",
      "machines:\n- { name: a, firmware: bios, nics: [{ network: far }] }",
      /line 2, column 48: machines\.0\.nics\.0\.network: there is: lab/,
    ],
    [
      "a first network without the provisioner",
      "networks: [{ name: a, pxeServer: own }]\nmachines: [{ name: a, firmware: bios }]",
      /line 1, column 34: networks\.0\.pxeServer: /,
    ],
    [
      "a foreign server behind a relay",
      "networks: [{ name: a }, { name: b, pxeServer: relayed, dhcp: kea }]\nmachines: [{ name: a, firmware: bios }]",
      /line 1, column 62: networks\.1\.dhcp: /,
    ],
    [
      "a BIOS that would boot over HTTP",
      "machines: [{ name: a, firmware: bios, networkBoot: http }]",
      /line 1, column 52: machines\.0\.networkBoot: only UEFI/,
    ],
    ["what is no YAML", "machines: [\n  a: {", /line \d+, column \d+: /],
    ["a text", "hello", /line 1, column 1: : /],
  ])("tells the line of %s", (_, text, message) => {
    expect(() => parseRack(text, "rack.yaml")).toThrow(message);
    expect(() => parseRack(text, "rack.yaml")).toThrow("Cannot use the rack in rack.yaml:");
  });
});
