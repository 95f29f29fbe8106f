// The server: power button, boot override, LED, Secure Boot, event log, network cards.

import { decode, encode } from "../../../wire/codec.ts";
import { uuid, uuidMixed } from "../../../wire/uuid.ts";
import type { PowerAction } from "../../bmc.ts";
import type { SimulatedChassis } from "../chassis.ts";
import { bootOf, bootSetter } from "./boot-property.ts";
import { done, refuse } from "./message.ts";
import {
  type Body,
  type Caller,
  collectionOf,
  headOf,
  linkTo,
  ofType,
  type Resource,
  root,
} from "./resource.ts";

const systems = `${root}/Systems`;
const at = (id: string, ...more: readonly string[]) => [systems, id, ...more].join("/");

const actions: Readonly<Record<string, PowerAction>> = {
  On: "on",
  ForceOff: "off",
  GracefulShutdown: "softOff",
  PowerCycle: "cycle",
  ForceRestart: "reset",
  Nmi: "interrupt",
};

/** A part of a system, at its path; nothing for a system that is not there. */
const part =
  (
    build: (chassis: SimulatedChassis, path: string, caller: Caller) => Body | undefined,
    ...below: readonly string[]
  ) =>
  (caller: Caller): Body | undefined => {
    const chassis = caller.memory.systems.get(caller.ids["system"]!);
    return chassis && build(chassis, at(caller.ids["system"]!, ...below), caller);
  };

const resetAction = "Actions/ComputerSystem.Reset";

function systemOf(chassis: SimulatedChassis, path: string, { chassis: ours }: Caller): Body {
  const { identity } = chassis.furniture;
  const quirks = ours.quirks.redfish ?? {};
  const isOurs = chassis === ours;
  return {
    ...headOf(path, "ComputerSystem.v1_20_0", "System"),
    SystemType: "Physical",
    Manufacturer: identity.manufacturer,
    Model: identity.model,
    SerialNumber: identity.serial,
    UUID: quirks.swappedUuid ? decode(uuidMixed, encode(uuid, identity.uuid)) : identity.uuid,
    PowerState: chassis.reportedPower ? "On" : "Off",
    Status: { State: "Enabled", Health: "OK" },
    LocationIndicatorActive: chassis.led !== "off",
    Boot: bootOf(chassis),
    EthernetInterfaces: linkTo(`${path}/EthernetInterfaces`),
    LogServices: linkTo(`${path}/LogServices`),
    SecureBoot: linkTo(`${path}/SecureBoot`),
    SerialConsole: {
      MaxConcurrentSessions: 1,
      IPMI: { ServiceEnabled: true, Port: 623 },
      SSH: { ServiceEnabled: false },
    },
    ...(isOurs
      ? { Links: { Chassis: [linkTo(`${root}/Chassis/1`)], ManagedBy: [linkTo(`${root}/Managers/1`)] } }
      : {}),
    ...(quirks.settingsResource
      ? {
          "@Redfish.Settings": {
            "@odata.type": "#Settings.v1_3_5.Settings",
            SettingsObject: linkTo(`${path}/SD`),
          },
        }
      : {}),
    Actions: {
      "#ComputerSystem.Reset": {
        target: `${path}/${resetAction}`,
        ...(quirks.actionInfo
          ? { "@Redfish.ActionInfo": `${path}/ResetActionInfo` }
          : { "ResetType@Redfish.AllowableValues": Object.keys(actions) }),
      },
    },
  };
}

const logOf = (system: string) => at(system, "LogServices", "SEL");

export const systemResources: readonly Resource[] = [
  {
    path: systems,
    get: ({ memory }) =>
      collectionOf(
        systems,
        "ComputerSystemCollection",
        "Systems",
        [...memory.systems.keys()].map((id) => at(id)),
      ),
  },
  {
    path: `${systems}/:system`,
    get: part(systemOf),
    waitsForPost: true,
    patch: {
      Boot: bootSetter("system"),
      LocationIndicatorActive: ofType("LocationIndicatorActive", "boolean", (on, { chassis }) =>
        chassis.setLed(on ? "on" : "off"),
      ),
    },
  },
  {
    path: `${systems}/:system/SD`,
    waitsForPost: true,
    get: part(
      (chassis, path, { chassis: ours }) =>
        ours.quirks.redfish?.settingsResource
          ? { ...headOf(path, "ComputerSystem.v1_20_0", "Future State"), Boot: bootOf(chassis) }
          : undefined,
      "SD",
    ),
    patch: { Boot: bootSetter("settings") },
  },
  {
    path: `${systems}/:system/ResetActionInfo`,
    get: part(
      (_, path) => ({
        ...headOf(path, "ActionInfo.v1_3_0", "Reset Action Info"),
        Parameters: [
          { Name: "ResetType", Required: true, DataType: "String", AllowableValues: Object.keys(actions) },
        ],
      }),
      "ResetActionInfo",
    ),
  },
  {
    path: `${systems}/:system/${resetAction}`,
    post: ({ memory, chassis: { quirks }, ids }, { ResetType }) => {
      const chassis = memory.systems.get(ids["system"]!);
      if (!chassis) return refuse("notFound", ids["system"]!);
      if (typeof ResetType !== "string") return refuse("propertyMissing", "ResetType");
      const action = Object.hasOwn(actions, ResetType) ? actions[ResetType] : undefined;
      if (!action) return refuse("notInList", "ResetType");
      if (quirks.redfish?.refusesPressInVain && (action === "on") === chassis.powered)
        return refuse("conflict");
      if (chassis.press(action) === "inPost") return refuse("starting");
      if (!quirks.redfish?.tasks) return done;
      const id = memory.newId();
      memory.tasks.set(id, { id, looks: 1 });
      return { status: 202, headers: { location: `${root}/TaskService/TaskMonitors/${id}` } };
    },
  },
  {
    path: `${systems}/:system/SecureBoot`,
    get: part(
      ({ furniture: { secureBoot } }, path) => ({
        ...headOf(path, "SecureBoot.v1_1_0", "Secure Boot"),
        SecureBootEnable: secureBoot === "enabled",
        SecureBootCurrentBoot: secureBoot === "enabled" ? "Enabled" : "Disabled",
        SecureBootMode: "UserMode",
      }),
      "SecureBoot",
    ),
    patch: {
      SecureBootEnable: ofType("SecureBootEnable", "boolean", (on, { chassis }) => {
        chassis.furniture.secureBoot = on ? "enabled" : "disabled";
      }),
    },
  },
  {
    path: `${systems}/:system/EthernetInterfaces`,
    get: part(
      ({ furniture }, path) =>
        collectionOf(
          path,
          "EthernetInterfaceCollection",
          "Ethernet Interfaces",
          furniture.identity.macs.map((_, index) => `${path}/${index + 1}`),
        ),
      "EthernetInterfaces",
    ),
  },
  {
    path: `${systems}/:system/EthernetInterfaces/:port`,
    get: part(({ furniture }, path, { ids }) => {
      const mac = furniture.identity.macs[Number(ids["port"]) - 1];
      return mac === undefined
        ? undefined
        : {
            ...headOf(`${path}/EthernetInterfaces/${ids["port"]}`, "EthernetInterface.v1_9_0", "Port"),
            MACAddress: mac.toUpperCase(),
            PermanentMACAddress: mac.toUpperCase(),
          };
    }),
  },
  {
    path: `${systems}/:system/LogServices`,
    feature: "events",
    get: part(
      (_, path) => collectionOf(path, "LogServiceCollection", "Log Services", [`${path}/SEL`]),
      "LogServices",
    ),
  },
  {
    path: `${systems}/:system/LogServices/SEL`,
    feature: "events",
    get: part(
      (_, path) => ({
        ...headOf(path, "LogService.v1_4_0", "System Event Log"),
        ServiceEnabled: true,
        LogEntryType: "SEL",
        OverWritePolicy: "WrapsWhenFull",
        Entries: linkTo(`${path}/Entries`),
        Actions: { "#LogService.ClearLog": { target: `${path}/Actions/LogService.ClearLog` } },
      }),
      "LogServices",
      "SEL",
    ),
  },
  {
    path: `${systems}/:system/LogServices/SEL/Actions/LogService.ClearLog`,
    feature: "events",
    post: ({ memory, ids }) => {
      memory.systems.get(ids["system"]!)?.furniture.events.splice(0);
      return done;
    },
  },
  {
    path: `${systems}/:system/LogServices/SEL/Entries`,
    feature: "events",
    get: part(
      ({ furniture }, path) =>
        collectionOf(
          path,
          "LogEntryCollection",
          "Log Entries",
          furniture.events.map(({ id }) => `${path}/${id}`),
        ),
      "LogServices",
      "SEL",
      "Entries",
    ),
  },
  {
    path: `${systems}/:system/LogServices/SEL/Entries/:entry`,
    feature: "events",
    get: part(({ furniture }, _, { ids }) => {
      const event = furniture.events.find(({ id }) => String(id) === ids["entry"]);
      const sensor = furniture.sensors.findIndex(({ name }) => name === event?.sensor);
      return (
        event && {
          ...headOf(`${logOf(ids["system"]!)}/Entries/${event.id}`, "LogEntry.v1_15_0", "Log Entry"),
          EntryType: "SEL",
          EntryCode: "Assert",
          Created: new Date(event.at).toISOString(),
          Severity: { ok: "OK", warning: "Warning", critical: "Critical" }[event.grade],
          Message: event.message,
          ...(sensor < 0
            ? {}
            : { Links: { OriginOfCondition: linkTo(`${root}/Chassis/1/Sensors/${sensor + 1}`) } }),
        }
      );
    }),
  },
];
