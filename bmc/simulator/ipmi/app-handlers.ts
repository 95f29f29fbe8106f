// Device, channels, users, sessions and the console, answered.
import { decode, encode } from "../../../wire/codec.ts";
import { uuid, uuidMixed } from "../../../wire/uuid.ts";
import { type Privilege, privileges } from "../../bmc.ts";
import { suiteRecordsOf } from "../../ipmi/cipher-suites.ts";
import {
  accessScopes,
  getChannelAccess,
  getChannelInfo,
  lanMedium,
  setChannelAccess,
} from "../../ipmi/commands/channel.ts";
import { coldReset, getDeviceId, getSystemGuid } from "../../ipmi/commands/device.ts";
import {
  closeSession,
  getChannelAuthenticationCapabilities,
  getChannelCipherSuites,
  presentChannel,
  privilegeLevels,
  setSessionPrivilege,
} from "../../ipmi/commands/session.ts";
import { activatePayload, deactivatePayload, getSolParameters, solPayload } from "../../ipmi/commands/sol.ts";
import {
  getUserAccess,
  getUserName,
  passwordOperations,
  setUserAccess,
  setUserName,
  setUserPassword,
} from "../../ipmi/commands/users.ts";
import { completions } from "../../ipmi/completion.ts";
import type { SimulatedChassis } from "../chassis.ts";
import type { Quirks } from "../quirks.ts";
import { handle, refuse } from "./handler.ts";

const { none: noAccess, user, operator, administrator } = privilegeLevels;
const unprotected = 0;

export const levelOf: Readonly<Record<Privilege, number>> = {
  none: noAccess,
  readOnly: user,
  operator,
  administrator,
};
const privilegeOf = (level: number): Privilege =>
  privileges.find((name) => levelOf[name] === level) ?? "none";

export const lanChannelOf = (quirks: Quirks) => quirks.lanChannel ?? 1;
export const defaultSuites = [3, 17];

/** A channel number as it was sent, 14 meaning the one that it came by. */
export const channelIsLan = (channel: number, quirks: Quirks) =>
  channel === presentChannel || channel === lanChannelOf(quirks);

/** What Get System GUID and RAKP message 2 carry, in the byte order of the quirk. */
export function guidOf({ furniture, quirks }: SimulatedChassis): Uint8Array {
  const asWritten = encode(uuid, furniture.identity.uuid);
  switch (quirks.guidOrder ?? "specification") {
    case "rfc4122":
      return asWritten;
    case "smbios":
      return encode(uuidMixed, decode(uuid, asWritten));
    case "specification":
      return asWritten.toReversed();
  }
}

const bcd = (value: number) => (Math.floor(value / 10) << 4) | (value % 10);

const slotOf = ({ furniture }: SimulatedChassis, id: number) => furniture.users[id - 1];

export const appHandlers = [
  handle(getDeviceId, user, (_, { chassis }) => ({
    id: 0x20,
    revision: { providesSdrs: 1, reserved: 0, revision: 1 },
    firmwareMajor: { updating: 0, major: chassis.furniture.identity.bmcFirmware.major },
    firmwareMinorBcd: bcd(chassis.furniture.identity.bmcFirmware.minor),
    ipmiVersion: { minor: 0, major: 2 },
    supports: {
      chassis: 1,
      bridge: 0,
      eventGenerator: 0,
      eventReceiver: 0,
      fru: 1,
      sel: 1,
      sdr: 1,
      sensors: 1,
    },
    // Ours is no enterprise number of IANA's: zero is "unspecified".
    manufacturer: chassis.quirks.vendor?.enterprise ?? 0,
    product: 1,
    auxiliary: new Uint8Array(),
  })),
  handle(coldReset, administrator, () => {}),
  handle(getSystemGuid, unprotected, (_, { chassis }) => guidOf(chassis)),

  handle(getChannelAuthenticationCapabilities, unprotected, ({ channel }, { chassis }) => {
    if (!channelIsLan(channel.number, chassis.quirks)) return refuse(completions.parameterOutOfRange);
    return {
      channel: lanChannelOf(chassis.quirks),
      types: { plus: 1, reserved: 0, oem: 0, password: 0, reserved2: 0, md5: 0, md2: 0, none: 0 },
      status: {
        reserved: 0,
        bmcKeySet: 0,
        noPerMessage: 0,
        noUserLevel: 0,
        named: 1,
        nameless: 0,
        anonymous: 0,
      },
      extended: { reserved: 0, plus: 1, legacy: 0 },
      oem: new Uint8Array(4),
    };
  }),
  handle(getChannelCipherSuites, unprotected, ({ list }, { chassis }) => {
    const records = suiteRecordsOf(chassis.quirks.cipherSuites ?? defaultSuites);
    return {
      channel: lanChannelOf(chassis.quirks),
      records: records.subarray(list.index * 16, list.index * 16 + 16),
    };
  }),
  handle(setSessionPrivilege, user, (level, { session, privilege }) => {
    if (!session || level === 0) return privilege;
    return session.setPrivilege(level) ? level : refuse(0x81);
  }),
  handle(closeSession, unprotected, (id, { session }) => {
    return session?.close(id) ? undefined : refuse(0x87);
  }),

  handle(getChannelInfo, user, (channel, { chassis }) => {
    const lan = lanChannelOf(chassis.quirks);
    if (!channelIsLan(channel, chassis.quirks)) return refuse(completions.invalidField);
    return {
      channel: lan,
      medium: lanMedium,
      protocol: 1,
      sessions: { support: 2, active: 1 },
      vendor: Uint8Array.of(0xf2, 0x1b, 0x00),
      auxiliary: new Uint8Array(2),
    };
  }),
  handle(getChannelAccess, user, ({ channel }, { chassis }) => {
    if (!channelIsLan(channel & 0xf, chassis.quirks)) return refuse(completions.parameterOutOfRange);
    const { lanAccess } = chassis.furniture;
    return {
      access: { change: 0, alerting: 0, perMessage: 0, userLevel: 0, mode: lanAccess.mode },
      limit: { change: 0, reserved: 0, privilege: lanAccess.privilege },
    };
  }),
  handle(setChannelAccess, administrator, ({ channel, access, limit }, { chassis }) => {
    if (!channelIsLan(channel & 0xf, chassis.quirks)) return refuse(completions.parameterOutOfRange);
    const { lanAccess } = chassis.furniture;
    if (access.change === accessScopes.present) lanAccess.mode = access.mode;
    if (limit.change === accessScopes.present) lanAccess.privilege = limit.privilege;
    return undefined;
  }),

  handle(getUserAccess, operator, ({ channel, user: id }, { chassis }) => {
    const slot = slotOf(chassis, id);
    if (!slot || !channelIsLan(channel & 0xf, chassis.quirks)) return refuse(completions.parameterOutOfRange);
    const { users } = chassis.furniture;
    return {
      slots: users.length,
      enabled: { state: slot.enabled ? 1 : 2, count: users.filter(({ enabled }) => enabled).length },
      fixedNames: 1,
      access: {
        reserved: 0,
        callbackOnly: 0,
        linkAuthentication: 0,
        messaging: slot.privilege === "none" ? 0 : 1,
        privilege: levelOf[slot.privilege],
      },
    };
  }),
  handle(setUserAccess, administrator, ({ user: id, privilege }, { chassis }) => {
    const slot = slotOf(chassis, id & 0x3f);
    if (!slot) return refuse(completions.parameterOutOfRange);
    slot.privilege = privilegeOf(privilege & 0xf);
    return undefined;
  }),
  handle(getUserName, operator, (id, { chassis }) => {
    const slot = slotOf(chassis, id);
    if (!slot) return refuse(completions.parameterOutOfRange);
    return slot.name === "" && id > 1 && chassis.quirks.namesFreeUsers ? "(Empty User)" : slot.name;
  }),
  handle(setUserName, administrator, ({ user: id, name }, { chassis }) => {
    const slot = slotOf(chassis, id);
    // §22.28: the first user has no name, for ever.
    if (!slot || id === 1) return refuse(completions.parameterOutOfRange);
    if (chassis.quirks.refusesUserChanges) return refuse(completions.invalidField);
    slot.name = name;
    return undefined;
  }),
  handle(setUserPassword, administrator, ({ user: who, operation, password }, { chassis }) => {
    const slot = slotOf(chassis, who.id);
    if (!slot) return refuse(completions.parameterOutOfRange);
    if (chassis.quirks.refusesUserChanges) return refuse(completions.invalidField);
    const given = Buffer.from(password).toString("utf8").replace(/\0+$/, "");
    switch (operation & 3) {
      case passwordOperations.disable:
        slot.enabled = false;
        return undefined;
      case passwordOperations.enable:
        slot.enabled = true;
        return undefined;
      case passwordOperations.set:
        slot.password = given;
        return undefined;
      default:
        return given === slot.password ? undefined : refuse(0x80);
    }
  }),

  handle(activatePayload, operator, ({ type }, { session }) => {
    if (type !== solPayload || !session) return refuse(0x81);
    if (!session.openConsole()) return refuse(0x80);
    return {
      auxiliary: new Uint8Array(4),
      toBmcBytes: 200,
      fromBmcBytes: 200,
      port: session.udpPort,
      vlan: 0xffff,
    };
  }),
  handle(deactivatePayload, operator, ({ type }, { session }) => {
    return type === solPayload && session?.closeConsole() ? undefined : refuse(0x80);
  }),
  handle(getSolParameters, operator, ({ parameter }, { chassis }) => {
    const data = solParameters(lanChannelOf(chassis.quirks))[parameter];
    return data ? { revision: 0x11, data: Uint8Array.from(data) } : refuse(0x80);
  }),
];

/** §26.3, table 26-5: nothing in progress, enabled, operators, intervals, retries, 115200 baud twice, channel, port. */
const solParameters = (channel: number): readonly (readonly number[] | undefined)[] => [
  [0],
  [1],
  [0x83],
  [12, 60],
  [7, 10],
  [10],
  [10],
  [channel],
  [0x6f, 0x02],
];
