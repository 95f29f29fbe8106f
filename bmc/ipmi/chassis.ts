// Who the server is, over IPMI: FRU inventory, GUID, device id.
import { decode } from "../../wire/codec.ts";
import { uuid, uuidMixed } from "../../wire/uuid.ts";
import { absent, type Chassis, isAbsent } from "../bmc.ts";
import { run, type Transport } from "./command.ts";
import { chassisIdentify } from "./commands/chassis.ts";
import { getDeviceId, getSystemGuid } from "./commands/device.ts";
import { getFruInfo, readFru as readFruPiece } from "./commands/repositories.ts";
import { completions } from "./completion.ts";
import { readFru } from "./fru-inventory.ts";
import { orAbsent } from "./optional-answer.ts";
import { readInPieces } from "./piecewise.ts";
import { senseOrNone } from "./sense.ts";

export const ipmiChassis = (transport: Transport): Chassis => ({
  async facts() {
    const device = await run(transport, getDeviceId, undefined);
    const guid = await orAbsent(run(transport, getSystemGuid, undefined), [
      completions.notPresent,
      completions.parameterOutOfRange,
    ]);
    const fru = await orAbsent(readInventory(transport), noInventory);
    const inventory = isAbsent(fru) ? {} : fru;
    const { product, board, chassis } = inventory;
    const first = (...texts: readonly (string | undefined)[]) => texts.find((text) => text);
    const minor = device.firmwareMinorBcd.toString(16).padStart(2, "0");
    return {
      manufacturer: first(product?.manufacturer, board?.manufacturer),
      model: first(product?.name, board?.product),
      serial: first(product?.serial, chassis?.serial, board?.serial),
      uuids: isAbsent(guid) ? [] : uuidsOf(guid),
      macs: [],
      bmcFirmware: `${device.firmwareMajor.major}.${minor}`,
    };
  },
  firmware: async () => absent("IPMI has no firmware inventory"),
  identify: (wanted) =>
    orAbsent(
      run(transport, chassisIdentify, {
        seconds: typeof wanted === "number" ? Math.min(wanted, 0xff) : 0,
        forced: wanted === "on" ? 1 : undefined,
      }),
    ),
});

/** How BMCs say that there is no FRU device 0: as the specification has it, and as it is done. */
const noInventory = [completions.notPresent, completions.invalidField, completions.destinationUnavailable];

async function readInventory(transport: Transport) {
  const { size, access } = await run(transport, getFruInfo, 0);
  // Devices that count in words; IPMI 2.0 §34.1.
  const unit = (access & 1) === 1 ? 2 : 1;
  const bytes = await readInPieces(size * unit, async (offset, wanted) => {
    const { count, data } = await run(transport, readFruPiece, {
      device: 0,
      offset: offset / unit,
      size: wanted / unit,
    });
    const told = Math.min(count * unit, data.length);
    return data.subarray(0, told - (told % unit));
  });
  return senseOrNone(() => readFru(bytes)) ?? {};
}

/**
 * §20.8 sends the GUID from its last byte to its first; many BMCs send it as SMBIOS has it, some as it is written. Only
 * one of the three usually has a version and a variant that exist, and that one comes first.
 */
export function uuidsOf(guid: Uint8Array): readonly string[] {
  if (guid.every((byte) => byte === 0) || guid.every((byte) => byte === 0xff)) return [];
  const readings = [decode(uuid, guid.toReversed()), decode(uuidMixed, guid), decode(uuid, guid)];
  const isSane = (text: string) => /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab]/.test(text);
  return [...new Set(readings.toSorted((a, b) => Number(isSane(b)) - Number(isSane(a))))];
}
