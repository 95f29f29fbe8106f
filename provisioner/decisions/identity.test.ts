import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type KnownMachine, recognise, saneSerial, saneUuid } from "./identity.ts";

const uuid = "4c4c4544-0044-4310-8052-b4c04f564231";
const swapped = "44454c4c-4400-1043-8052-b4c04f564231";
const other = "8a5c2f9e-7d3b-4e6a-9c1d-0f2e4b6a8c0d";
const garbage = "00000000-0000-0000-0000-d05099faa835";
const [macA, macB, macC] = ["52:54:00:00:00:0a", "52:54:00:00:00:0b", "52:54:00:00:00:0c"] as const;

describe("a UUID", () => {
  test.each([
    ["a vendor's own", uuid, swapped < uuid ? swapped : uuid],
    ["the same in the other byte order", swapped, swapped < uuid ? swapped : uuid],
    ["in capitals", uuid.toUpperCase(), swapped < uuid ? swapped : uuid],
    ["of zeros", "00000000-0000-0000-0000-000000000000", undefined],
    ["of ones", "ffffffff-ffff-ffff-ffff-ffffffffffff", undefined],
    ["of a MAC address behind zeros", garbage, undefined],
    ["that AMI gives every board", "03000200-0400-0500-0006-000700080009", undefined],
    ["that AMI gives every board, swapped", "00020003-0004-0005-0006-000700080009", undefined],
    ["that counts", "12345678-1234-5678-90ab-cddeefaabbcc", undefined],
    ["that is text", "Not Settable", undefined],
    ["that is empty", "", undefined],
    ["that is not told", undefined, undefined],
  ])("%s", (_, told, expected) => {
    expect(saneUuid(told)).toBe(expected);
  });
});

test.each([
  ["JX8K2P3", "JX8K2P3"],
  [" JX8K2P3 ", "JX8K2P3"],
  ["To be filled by O.E.M.", undefined],
  ["Default string", undefined],
  ["0000000000", undefined],
  ["..........", undefined],
  ["", undefined],
  [undefined, undefined],
])("the serial number %j is %j", (told, expected) => {
  expect(saneSerial(told)).toBe(expected);
});

const known = (...identities: KnownMachine["identity"][]): KnownMachine[] =>
  identities.map((identity, index) => ({ id: `m${index}`, identity }));

describe("a machine", () => {
  test.each([
    ["never seen", { uuid, macs: [macA] }, [], `new ${uuid}`],
    ["with a garbage UUID", { uuid: garbage, macs: [macB, macA] }, [], "new mac-52540000000a"],
    ["with nothing but a serial number", { serial: "AB 12/x", macs: [] }, [], "new serial-ab-12-x"],
    ["with nothing at all", { uuid: garbage, serial: "None", macs: [] }, [], "nameless"],
    ["seen again", { uuid, macs: [macA] }, known({ uuid, macs: [macA, macB] }), "known m0"],
    [
      "seen with its bytes swapped",
      { uuid: swapped, macs: [macA] },
      known({ uuid, macs: [macA] }),
      "known m0",
    ],
    ["registered by its UUID", { uuid, macs: [macA] }, known({ uuid, macs: [] }), "known m0"],
    ["registered by one of its MACs", { uuid, macs: [macA, macB] }, known({ macs: [macB] }), "known m0"],
    [
      "registered by its serial number",
      { uuid, serial: "JX8", macs: [macA] },
      known({ serial: "JX8", macs: [] }),
      "known m0",
    ],
    [
      "with new NICs, known by UUID and serial number",
      { uuid, serial: "JX8", macs: [macC] },
      known({ uuid, serial: "JX8", macs: [macA] }),
      "known m0",
    ],
    [
      "with a garbage UUID, known by its MAC",
      { uuid: garbage, macs: [macA] },
      known({ uuid: garbage, macs: [macA, macB] }, { uuid: garbage, macs: [macC] }),
      "known m0",
    ],
    [
      "on another board of the same UUID",
      { uuid, macs: [macC] },
      known({ uuid, macs: [macA] }),
      "conflict m0",
    ],
    [
      "with a NIC from another machine",
      { uuid: other, serial: "KX9", macs: [macA] },
      known({ uuid, serial: "JX8", macs: [macA, macB] }),
      "conflict m0",
    ],
    [
      "whose mainboard was replaced",
      { uuid: other, macs: [macA] },
      known({ uuid, macs: [macA] }),
      "conflict m0",
    ],
    [
      "that is two machines at once",
      { uuid, macs: [macA] },
      known({ uuid, macs: [macB] }, { uuid: other, macs: [macA] }),
      "conflict m0,m1",
    ],
    [
      "with the serial number of another, as cheap boards have",
      { uuid: garbage, serial: "SN1", macs: [macA] },
      known({ uuid: garbage, serial: "SN1", macs: [macB] }),
      "conflict m0",
    ],
    [
      "that shares only garbage",
      { uuid: garbage, serial: "None", macs: [macA] },
      known({ uuid: garbage, serial: "None", macs: [macB] }),
      "new mac-52540000000a",
    ],
  ])("%s", (_, claim, machines, expected) => {
    const found = recognise(claim, machines);
    const who = "id" in found ? ` ${found.id}` : "with" in found ? ` ${found.with.join(",")}` : "";
    expect(found.is + who).toBe(expected);
    expect(found.why).not.toBe("");
  });

  test("shows in a conflict what speaks for it and what against", () => {
    expect(recognise({ uuid, macs: [macC] }, known({ uuid, macs: [macA] })).why).toBe(
      "it has the UUID of m0, but not its MAC address",
    );
  });
});

const identity = fc.record({
  uuid: fc.constantFrom(undefined, uuid, swapped, other, garbage, "x"),
  serial: fc.constantFrom(undefined, "JX8", "KX9", "None"),
  macs: fc.subarray([macA, macB, macC]),
});
const machines = fc.array(identity, { maxLength: 4 }).map((identities) => known(...identities));

test("whatever is known, a machine is never taken for one while another fits as well, nor for one with which it shares nothing", () => {
  fc.assert(
    fc.property(identity, machines, (claim, all) => {
      const found = recognise(claim, all);
      const alone = all.filter((one) => ["known", "conflict"].includes(recognise(claim, [one]).is));
      if (found.is === "known") expect(alone.map(({ id }) => id)).toEqual([found.id]);
      if (found.is === "new") expect(alone).toEqual([]);
      if (found.is === "conflict") expect(found.with).toEqual(alone.map(({ id }) => id));
    }),
  );
});

test("the order in which machines are known makes no difference to who it is", () => {
  fc.assert(
    fc.property(identity, machines, (claim, all) => {
      const [there, back] = [recognise(claim, all), recognise(claim, all.toReversed())];
      expect(back.is).toBe(there.is);
      if (there.is === "known" || there.is === "new") expect(back).toEqual(there);
    }),
  );
});
