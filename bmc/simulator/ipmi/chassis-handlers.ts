// Power, LED and boot options, answered.
import { decode, encode } from "../../../wire/codec.ts";
import { WireError } from "../../../wire/error.ts";
import type { BootDevice } from "../../bmc.ts";
import {
  bootDeviceCodes,
  bootFlags,
  bootParameters,
  chassisControl,
  chassisIdentify,
  getBootOptions,
  getChassisStatus,
  identifyStates,
  setBootOptions,
  validClearing,
} from "../../ipmi/commands/chassis.ts";
import { privilegeLevels } from "../../ipmi/commands/session.ts";
import { completions } from "../../ipmi/completion.ts";
import type { Led, SimulatedChassis } from "../chassis.ts";
import type { Quirks } from "../quirks.ts";
import { handle, refuse } from "./handler.ts";

const { user, operator } = privilegeLevels;

const ledState = (led: Led) => (typeof led === "object" ? identifyStates.timed : identifyStates[led]);

/** Which of the devices of the seam each code of §28.13 means. */
const deviceOf: Readonly<Record<number, BootDevice>> = {
  [bootDeviceCodes.none]: "none",
  [bootDeviceCodes.pxe]: "pxe",
  [bootDeviceCodes.disk]: "disk",
  [bootDeviceCodes.diskSafeMode]: "disk",
  [bootDeviceCodes.diagnosticPartition]: "disk",
  [bootDeviceCodes.cdrom]: "cdrom",
  [bootDeviceCodes.remoteCdrom]: "cdrom",
  [bootDeviceCodes.bios]: "bios",
  [bootDeviceCodes.remoteDisk]: "disk",
  [bootDeviceCodes.remoteMedia]: "usb",
  [bootDeviceCodes.floppy]: "usb",
};
const codeOf = { none: 0, pxe: 1, disk: 2, cdrom: 5, bios: 6, usb: 0xf } as const satisfies Record<
  BootDevice,
  number
>;

const ignored = { verbosity: 0, overrides: 0, instance: 0 };

function flagsOf({ bootOverride: { device, lasting, firmware }, quirks }: SimulatedChassis): Uint8Array {
  const valid = device === "none" ? 0 : 1;
  const isUefiDisk = device === "disk" && firmware === "uefi";
  const code = (isUefiDisk ? quirks.uefiDiskCode : undefined) ?? codeOf[device];
  return encode(bootFlags, {
    first: {
      valid,
      persistent: lasting === "persistent" ? 1 : 0,
      efi: firmware === "uefi" ? 1 : 0,
      reserved: 0,
    },
    second: { clearCmos: 0, lockKeyboard: 0, device: code, blankScreen: 0, lockReset: 0 },
    more: ignored,
  });
}

function uefiDeviceOf(code: number, { uefiDiskCode }: Quirks): BootDevice | undefined {
  if (uefiDiskCode === undefined) return deviceOf[code];
  if (code === uefiDiskCode) return "disk";
  // Taken, and no such thing is booted.
  return code === codeOf.disk ? "none" : deviceOf[code];
}

function setFlags(chassis: SimulatedChassis, data: Uint8Array) {
  const { first, second } = decode(bootFlags, data);
  const device = first.efi === 1 ? uefiDeviceOf(second.device, chassis.quirks) : deviceOf[second.device];
  if (device === undefined) return refuse(completions.invalidField);
  chassis.setBootOverride({
    device: first.valid === 1 ? device : "none",
    lasting: first.persistent === 1 ? "persistent" : "once",
    ...(first.valid === 1 ? { firmware: first.efi === 1 ? "uefi" : "legacy" } : {}),
  });
  return undefined;
}

const version = 1;
const parameterDefaults: Readonly<Record<number, number>> = { 0: 1, 1: 1, 2: 1, 3: 1, 4: 2, 6: 9, 7: 21 };

export const chassisHandlers = [
  handle(getChassisStatus, user, (_, { chassis }) => ({
    power: {
      reserved: 0,
      restorePolicy: 0,
      controlFault: 0,
      fault: 0,
      interlock: 0,
      overload: 0,
      on: chassis.reportedPower ? 1 : 0,
    },
    lastEvent: 0,
    misc: {
      reserved: 0,
      identifySupported: 1,
      identify: ledState(chassis.led),
      fanFault: 0,
      driveFault: 0,
      lockout: 0,
      intrusion: 0,
    },
  })),
  handle(chassisControl, operator, (action, { chassis }) => {
    return chassis.press(action) === "inPost" ? refuse(completions.stateForbids) : undefined;
  }),
  handle(chassisIdentify, operator, ({ seconds = 15, forced = 0 }, { chassis }) => {
    if ((forced & 1) === 1) chassis.setLed("on");
    else chassis.setLed(seconds === 0 ? "off" : seconds);
  }),
  handle(setBootOptions, operator, ({ parameter, data }, { chassis, memory }) => {
    if (chassis.inPost) return refuse(completions.stateForbids);
    const size = parameterDefaults[parameter.number];
    try {
      switch (parameter.number) {
        case bootParameters.flags:
          return setFlags(chassis, data);
        case bootParameters.validClearing:
          chassis.keepBootOverridePastTimeout(decode(validClearing, data).timeout === 1);
          break;
        default:
          if (size === undefined) return refuse(0x80);
      }
    } catch (error) {
      if (error instanceof WireError) return refuse(completions.wrongLength);
      throw error;
    }
    memory.bootParameters.set(parameter.number, data.slice(0, size));
    return undefined;
  }),
  handle(getBootOptions, operator, ({ parameter }, { chassis, memory }) => {
    const number = parameter & 0x7f;
    const size = parameterDefaults[number];
    if (number === bootParameters.flags) {
      return { version, parameter: { invalid: 0, number }, data: flagsOf(chassis) };
    }
    if (size === undefined) return refuse(0x80);
    return {
      version,
      parameter: { invalid: 0, number },
      data: memory.bootParameters.get(number) ?? new Uint8Array(size),
    };
  }),
];
