import type { MachineIdentity } from "../resources/machine-identity.ts";

export interface KnownMachine {
  readonly id: string;
  readonly identity: MachineIdentity;
}

export type Recognition =
  | { readonly is: "known"; readonly id: string; readonly why: string }
  | { readonly is: "new"; readonly id: string; readonly why: string }
  /** It claims to be one of these and something speaks against it: for people to resolve, never merged. */
  | { readonly is: "conflict"; readonly with: readonly string[]; readonly why: string }
  | { readonly is: "nameless"; readonly why: string };

/** Which machine this is that says so of itself. */
export function recognise(claim: MachineIdentity, known: readonly KnownMachine[]): Recognition {
  const related = known
    .map((machine) => ({ ...machine, evidence: weigh(claim, machine.identity) }))
    .filter(({ evidence }) => evidence.speaksFor.length > 0);
  if (related.length === 0) return newcomer(claim);

  const ids = related.map(({ id }) => id);
  if (related.length > 1) {
    const claims = related
      .map(({ id, evidence }) => `${evidence.speaksFor.join(" and ")} of ${id}`)
      .join(", ");
    return { is: "conflict", with: ids, why: `it has the ${claims}` };
  }
  const { id, evidence } = related[0]!;
  const same = evidence.speaksFor.join(" and ");
  if (evidence.speaksAgainst.length > 0) {
    return {
      is: "conflict",
      with: ids,
      why: `it has the ${same} of ${id}, but not its ${evidence.speaksAgainst.join(" nor its ")}`,
    };
  }
  return { is: "known", id, why: `it has the ${same} of ${id}` };
}

/** By which machines are told apart. Only who shares one of them can be the same, or in conflict. */
export function traitsOf({ uuid, serial, macs }: MachineIdentity): string[] {
  const [sane, number] = [saneUuid(uuid), saneSerial(serial)];
  return [...(sane ? [`uuid ${sane}`] : []), ...(number ? [`serial ${number}`] : []), ...macs];
}

interface Evidence {
  readonly speaksFor: readonly string[];
  readonly speaksAgainst: readonly string[];
}

/** What two descriptions have in common, and in what they differ though both tell it. */
function weigh(a: MachineIdentity, b: MachineIdentity): Evidence {
  const compared = [
    ["UUID", compare(saneUuid(a.uuid), saneUuid(b.uuid))],
    ["serial number", compare(saneSerial(a.serial), saneSerial(b.serial))],
    ["MAC address", compareMacs(a.macs, b.macs)],
  ] as const;
  const names = (wanted: Comparison) => compared.filter(([, is]) => is === wanted).map(([name]) => name);
  const speaksFor = names("same");
  const differs = names("different");
  // A UUID and one more thing in common outweigh the third: NICs are replaced, serial numbers rewritten.
  const outweighed = speaksFor.includes("UUID") && speaksFor.length > 1;
  return { speaksFor, speaksAgainst: outweighed ? [] : differs };
}

type Comparison = "same" | "different" | "untold";

function compare(a: string | undefined, b: string | undefined): Comparison {
  if (a === undefined || b === undefined) return "untold";
  return a === b ? "same" : "different";
}

/** Firmware tells the address it boots by, the system all of them: one in common is enough. */
function compareMacs(a: readonly string[], b: readonly string[]): Comparison {
  if (a.length === 0 || b.length === 0) return "untold";
  return a.some((mac) => b.includes(mac)) ? "same" : "different";
}

function newcomer({ uuid, macs, serial }: MachineIdentity): Recognition {
  if (saneUuid(uuid) !== undefined)
    return { is: "new", id: uuid!.trim().toLowerCase(), why: "its UUID is not known" };
  const about = uuid ? "its UUID is no use" : "it tells no UUID";
  const mac = macs.toSorted()[0];
  if (mac !== undefined) {
    return {
      is: "new",
      id: `mac-${mac.replaceAll(":", "")}`,
      why: `${about}, and its MAC addresses are not known`,
    };
  }
  const sane = saneSerial(serial);
  // An id is part of addresses and file names.
  const id = sane
    ?.toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");
  if (id) return { is: "new", id: `serial-${id}`, why: `${about}, and its serial number is not known` };
  return {
    is: "nameless",
    why: `${about}, no MAC address and no serial number by which it could be known again`,
  };
}

const format = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The same on whole series of boards. */
const sharedUuids = new Set([
  "03000200-0400-0500-0006-000700080009",
  "00020003-0004-0005-0006-000700080009",
  "12345678-1234-5678-90ab-cddeefaabbcc",
  "12345678-1234-1234-1234-123456789abc",
  "01234567-89ab-cdef-0123-456789abcdef",
  "fefefefe-fefe-fefe-fefe-fefefefefefe",
  "00112233-4455-6677-8899-aabbccddeeff",
]);

/**
 * A UUID that may be one machine's alone, in one spelling; undefined for zeros, patterns and known garbage.
 * SMBIOS 2.6 §7.2.1: the first three fields are little-endian, which part of the firmware has never read. The smaller
 * of both orders stands for both.
 */
export function saneUuid(text: string | undefined): string | undefined {
  const uuid = text?.trim().toLowerCase();
  if (uuid === undefined || !format.test(uuid)) return undefined;
  const swapped = swapBytes(uuid);
  if (sharedUuids.has(uuid) || sharedUuids.has(swapped)) return undefined;
  // A MAC address behind zeros is the vendor's way to leave it out: 00000000-0000-0000-0000-d05099faa835.
  if (uuid.startsWith("00000000-0000-0000-0000-")) return undefined;
  if (new Set(uuid.replaceAll("-", "")).size === 1) return undefined;
  return uuid < swapped ? uuid : swapped;
}

function swapBytes(uuid: string): string {
  const fields = uuid.split("-");
  return fields
    .map((field, index) => (index < 3 ? field.match(/../g)!.toReversed().join("") : field))
    .join("-");
}

const placeholders = new Set([
  "0123456789",
  "123456789",
  "1234567890",
  "chassis serial number",
  "default string",
  "default",
  "empty",
  "invalid",
  "n/a",
  "na",
  "none",
  "not applicable",
  "not available",
  "not specified",
  "o.e.m.",
  "oem",
  "serial",
  "system serial number",
  "to be filled by o.e.m.",
  "to be filled by oem",
  "to be filled",
  "unknown",
]);

/** A serial number that may be one machine's alone. */
export function saneSerial(text: string | undefined): string | undefined {
  const serial = text?.trim();
  if (!serial || placeholders.has(serial.toLowerCase())) return undefined;
  if (new Set(serial.toLowerCase().replaceAll(/[^a-z0-9]/g, "")).size < 2) return undefined;
  return serial;
}
