// One machine of a rack's description, with much of what a description can say: known beforehand, on a segment with a
// pxe-server of its own, booting over HTTP, with a TPM and a BMC that speaks Redfish alone.
import { beforeAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { operatingSystem } from "./framework/image.ts";
import { openTestLab } from "./lab/test-lab.ts";

beforeAll(() => operatingSystem());

const rack = `
networks:
  - { name: lab }
  - { name: far, pxeServer: own }
machines:
  - name: rented
    firmware: uefi
    networkBoot: http
    powered: false
    tpm: true
    disks: [{ bus: scsi, megabytes: 64 }, { bus: virtio, megabytes: 32, serial: SECOND }]
    nics: [{ network: far }]
    bmc: { speaks: [redfish], user: root, password: calvin }
`;

test("a machine that is known beforehand is turned on over Redfish, and comes to the pool from a segment of its own", async () => {
  await using lab = await openTestLab("rack", rack, { acceptsAll: false });
  const { machine, redfish } = await lab.place("rented");
  expect(machine.isOn).toBe(false);
  const bmc = { address: redfish!.address, user: "root", password: "calvin", tls: "off" };
  const known = [{ uuid: machine.uuid, name: "first", accept: true, bmc }];
  await lab.api.call("POST", "/api/v1/machines/import", { format: "yaml", text: stringify(known) });

  expect(await lab.reaches("rented", "pool")).toBe("pool");
  expect(await lab.read("inventories", machine.uuid)).toMatchObject({
    firmware: { mode: "uefi" },
    tpm: { version: "2.0" },
    system: { serial: machine.serialNumber },
  });
  const erased = (await lab.list("certificates")).map(({ serial }) => serial);
  expect(new Set(erased)).toEqual(new Set(["LAB0", "SECOND"]));
  expect(await lab.list("segments")).toHaveLength(2);
});
