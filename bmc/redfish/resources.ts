// What of each resource of DMTF's schemas this client reads. Needing one more property is adding a row.
import { anything, boolean, link, list, number, path, record, text, type ValueOf } from "./shape.ts";

const status = record({ Health: text, State: text });
const texts = list(text);

export const serviceRoot = record({
  RedfishVersion: text,
  Vendor: text,
  Product: text,
  Systems: link,
  Chassis: link,
  Managers: link,
  AccountService: link,
  SessionService: link,
  UpdateService: link,
  Links: record({ Sessions: link }),
  ProtocolFeaturesSupported: record({ ExpandQuery: record({ NoLinks: boolean }) }),
});

export const collection = record({ Members: list(anything), "Members@odata.nextLink": path });

const action = record({
  target: path,
  "@Redfish.ActionInfo": path,
  "ResetType@Redfish.AllowableValues": texts,
});
export type Action = ValueOf<typeof action>;

export const actionInfo = record({ Parameters: list(record({ Name: text, AllowableValues: texts })) });

export const boot = record({
  BootSourceOverrideEnabled: text,
  BootSourceOverrideTarget: text,
  BootSourceOverrideMode: text,
  "BootSourceOverrideEnabled@Redfish.AllowableValues": texts,
  "BootSourceOverrideTarget@Redfish.AllowableValues": texts,
});
export type BootProperties = ValueOf<typeof boot>;

export const system = record({
  "@odata.etag": text,
  "@Redfish.Settings": record({ SettingsObject: link }),
  Manufacturer: text,
  Model: text,
  SerialNumber: text,
  UUID: text,
  PowerState: text,
  Boot: boot,
  IndicatorLED: text,
  LocationIndicatorActive: boolean,
  EthernetInterfaces: link,
  LogServices: link,
  SecureBoot: link,
  VirtualMedia: link,
  SerialConsole: anything,
  Links: record({ Chassis: list(link), ManagedBy: list(link) }),
  Actions: record({ "#ComputerSystem.Reset": action }),
});
export type ComputerSystem = ValueOf<typeof system>;

export const powerState = record({ PowerState: text });
export const uuidOf = record({ UUID: text });
/** The settings resource of a system: what will be at its next start. */
export const pendingSystem = record({ "@odata.etag": text, Boot: boot });

export const secureBoot = record({ SecureBootEnable: boolean, SecureBootCurrentBoot: text });

export const virtualMedia = record({
  MediaTypes: texts,
  Inserted: boolean,
  Image: text,
  Actions: record({ "#VirtualMedia.InsertMedia": action, "#VirtualMedia.EjectMedia": action }),
});

export const chassis = record({
  IndicatorLED: text,
  LocationIndicatorActive: boolean,
  Thermal: link,
  Power: link,
  Sensors: link,
});

const reading = { Name: text, Status: status } as const;
export const thermal = record({
  Temperatures: list(record({ ...reading, ReadingCelsius: number })),
  Fans: list(record({ ...reading, FanName: text, Reading: number, ReadingUnits: text })),
});
export const power = record({
  Voltages: list(record({ ...reading, ReadingVolts: number })),
  PowerControl: list(record({ ...reading, PowerConsumedWatts: number })),
  PowerSupplies: list(record({ ...reading, PowerInputWatts: number, LastPowerOutputWatts: number })),
});
export const sensor = record({
  ...reading,
  Id: text,
  Reading: number,
  ReadingUnits: text,
  ReadingType: text,
});

export const manager = record({
  FirmwareVersion: text,
  EthernetInterfaces: link,
  LogServices: link,
  VirtualMedia: link,
  SerialConsole: record({ ServiceEnabled: boolean, ConnectTypesSupported: texts }),
  Actions: record({ "#Manager.Reset": action }),
});

export const ethernetInterface = record({
  MACAddress: text,
  PermanentMACAddress: text,
  IPv4Addresses: list(record({ Address: text, SubnetMask: text, Gateway: text, AddressOrigin: text })),
  VLAN: record({ VLANEnable: boolean, VLANId: number }),
});

export const logService = record({
  Id: text,
  Name: text,
  LogEntryType: text,
  Entries: link,
  Actions: record({ "#LogService.ClearLog": action }),
});
export const logEntry = record({
  Id: text,
  Created: text,
  EventTimestamp: text,
  Message: text,
  Severity: text,
  SensorType: text,
  EntryType: text,
  Links: record({ OriginOfCondition: link }),
});

export const accountService = record({ Accounts: link });
export const account = record({
  Id: text,
  UserName: text,
  Enabled: boolean,
  RoleId: text,
});

export const updateService = record({ FirmwareInventory: link });
export const software = record({ Id: text, Name: text, Version: text });

/** Of a task, or of the monitor of one. */
export const task = record({
  TaskState: text,
  TaskStatus: text,
  Messages: list(record({ MessageId: text, Message: text })),
});
