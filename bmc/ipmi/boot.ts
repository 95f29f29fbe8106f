// The boot override over IPMI.
import { decodePrefix, encode } from "../../wire/codec.ts";
import {
  type Absent,
  absent,
  type Boot,
  type BootDevice,
  type BootOverride,
  type Done,
  isAbsent,
} from "../bmc.ts";
import { run, type Transport } from "./command.ts";
import {
  bootDeviceCodes,
  bootFlags,
  bootParameters,
  getBootOptions,
  setBootOptions,
  validClearing,
} from "./commands/chassis.ts";
import { IpmiError } from "./error.ts";
import { orAbsent } from "./optional-answer.ts";
import type { IpmiQuirks } from "./quirks.ts";
import { makeSense } from "./sense.ts";

const codeOf = {
  none: bootDeviceCodes.none,
  pxe: bootDeviceCodes.pxe,
  disk: bootDeviceCodes.disk,
  cdrom: bootDeviceCodes.cdrom,
  usb: bootDeviceCodes.floppy,
  bios: bootDeviceCodes.bios,
} as const satisfies Record<BootDevice, number>;

/** Several codes of §28.13 mean one device of the seam. */
const deviceOf: Readonly<Record<number, BootDevice>> = {
  ...Object.fromEntries(Object.entries(codeOf).map(([device, code]) => [code, device as BootDevice])),
  [bootDeviceCodes.diskSafeMode]: "disk",
  [bootDeviceCodes.diagnosticPartition]: "disk",
  [bootDeviceCodes.remoteDisk]: "disk",
  [bootDeviceCodes.remoteCdrom]: "cdrom",
  [bootDeviceCodes.remoteMedia]: "usb",
  [bootDeviceCodes.remoteFloppy]: "usb",
};

/** The BMC has no such parameter. */
const noParameter = 0x80;

export const ipmiBoot = (transport: Transport, quirks: IpmiQuirks): Boot => ({
  read: () => orAbsent(readFlags(transport, quirks), [noParameter]),
  set: (override) => setFlags(transport, override, quirks),
  media: async () => absent("IPMI has no virtual media"),
  secureBoot: async () => absent("IPMI does not tell about Secure Boot"),
});

const set = (transport: Transport, number: number, data: Uint8Array) =>
  run(transport, setBootOptions, { parameter: { invalid: 0, number }, data });

async function readFlags(transport: Transport, quirks: IpmiQuirks): Promise<BootOverride> {
  const { data } = await run(transport, getBootOptions, {
    parameter: bootParameters.flags,
    set: 0,
    block: 0,
  });
  const { first, second } = makeSense(
    "the boot flags",
    transport.peer,
    () => decodePrefix(bootFlags, data).value,
  );
  if (first.valid === 0) return { device: "none", lasting: "once" };
  const firmware = first.efi === 1 ? "uefi" : "legacy";
  const device =
    firmware === "uefi" && second.device === quirks.uefiDiskCode ? "disk" : deviceOf[second.device];
  return { device: device ?? "none", lasting: first.persistent === 1 ? "persistent" : "once", firmware };
}

async function setFlags(transport: Transport, override: BootOverride, quirks: IpmiQuirks): Promise<Done> {
  const { device, lasting, firmware } = override;
  // Before the flags: BMCs drop them 60 s after they were set, unless told not to, and a slow POST takes longer.
  const kept = await keepPastTimeout(transport);
  if (isAbsent(kept)) return kept;

  const code =
    device === "disk" && firmware === "uefi" ? (quirks.uefiDiskCode ?? codeOf.disk) : codeOf[device];
  const data = encode(bootFlags, {
    first: {
      valid: device === "none" ? 0 : 1,
      persistent: lasting === "persistent" ? 1 : 0,
      efi: firmware === "uefi" ? 1 : 0,
      reserved: 0,
    },
    second: { clearCmos: 0, lockKeyboard: 0, device: code, blankScreen: 0, lockReset: 0 },
    more: { verbosity: 0, overrides: 0, instance: 0 },
  });
  return orAbsent(set(transport, bootParameters.flags, data), [noParameter]);
}

async function keepPastTimeout(transport: Transport): Promise<undefined | Absent> {
  const data = encode(validClearing, {
    reserved: 0,
    pef: 0,
    timeout: 1,
    watchdog: 0,
    pushButton: 0,
    powerUp: 0,
  });
  try {
    await set(transport, bootParameters.validClearing, data);
  } catch (error) {
    // Without parameter 3 the flags are set all the same: most servers reach their firmware within the minute.
    if (!(error instanceof IpmiError) || error.completion !== noParameter) {
      return orAbsent(Promise.reject(error as Error));
    }
  }
  return undefined;
}
