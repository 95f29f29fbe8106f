// The seam of this room: what a server's BMC can be asked, whatever protocol it speaks. Drivers translate one verb
// into one exchange and neither queue, retry over time nor verify: bmc/queue.ts does that for all of them.

/** What a BMC does not offer, said as a value: nobody needs a catch for a server that has no console. */
export interface Absent {
  readonly absent: string;
}

export const absent = (why: string): Absent => ({ absent: why });

export const isAbsent = (answer: unknown): answer is Absent =>
  typeof answer === "object" && answer !== null && "absent" in answer;

/** True, or why not. As the BMC declared it when it was opened; the verb itself still has the last word. */
export type Capabilities = Readonly<Record<Capability, true | Absent>>;

export const capabilityNames = [
  "softOff",
  "cycle",
  "interrupt",
  "boot",
  "bootPersistent",
  "bootFirmware",
  "virtualMedia",
  "secureBoot",
  "identify",
  "facts",
  "firmware",
  "sensors",
  "events",
  "console",
  "accounts",
  "network",
  "controllerReset",
] as const;
export type Capability = (typeof capabilityNames)[number];

export interface Bmc extends AsyncDisposable {
  readonly protocol: "ipmi" | "redfish";
  readonly capabilities: Capabilities;

  readonly power: Power;
  readonly boot: Boot;
  readonly chassis: Chassis;
  readonly health: Health;
  readonly console: Console;
  readonly accounts: Accounts;
  readonly controller: Controller;
}

/** `changing`: the BMC itself says that it is between the two. */
export type PowerState = "on" | "off" | "changing";

/** `softOff` asks the operating system by ACPI; `interrupt` is the diagnostic one (NMI). */
export const powerActions = ["on", "off", "softOff", "cycle", "reset", "interrupt"] as const;
export type PowerAction = (typeof powerActions)[number];

export interface Power {
  read(): Promise<PowerState>;
  /** Presses a button. What came of it is only known by reading. */
  press(action: PowerAction): Promise<Done>;
}

/** Of a verb without an answer: undefined, or why this BMC has no such verb. */
export type Done = undefined | Absent;

/** `none`: no override, the firmware's own order holds. */
export const bootDevices = ["none", "pxe", "disk", "cdrom", "usb", "bios"] as const;
export type BootDevice = (typeof bootDevices)[number];
export type BootFirmware = "uefi" | "legacy";

export interface BootOverride {
  readonly device: BootDevice;
  readonly lasting: "once" | "persistent";
  /** Undefined: as the firmware is set, or not told. */
  readonly firmware?: BootFirmware | undefined;
}

export interface Boot {
  read(): Promise<BootOverride | Absent>;
  set(override: BootOverride): Promise<Done>;
  /** Undefined ejects. */
  media(imageUrl: string | undefined): Promise<Done>;
  secureBoot(): Promise<"enabled" | "disabled" | Absent>;
}

export interface SystemFacts {
  readonly manufacturer?: string | undefined;
  readonly model?: string | undefined;
  readonly serial?: string | undefined;
  /** The likeliest first. Several, because BMCs disagree about the byte order of an IPMI GUID. */
  readonly uuids: readonly string[];
  /** Of the host's network cards, in lower case, where the BMC knows them. */
  readonly macs: readonly string[];
  readonly bmcFirmware?: string | undefined;
}

export interface FirmwareItem {
  readonly name: string;
  readonly version: string;
}

export interface Chassis {
  facts(): Promise<SystemFacts>;
  firmware(): Promise<readonly FirmwareItem[] | Absent>;
  /** The LED that tells a human which server is meant: for so many seconds, until told otherwise, or off. */
  identify(wanted: number | "on" | "off"): Promise<Done>;
}

export type HealthGrade = "ok" | "warning" | "critical" | "unknown";

export interface Sensor {
  readonly name: string;
  readonly kind: "temperature" | "voltage" | "current" | "fan" | "power" | "other";
  /** Undefined when the sensor is there and has nothing to say, such as a fan of a server that is off. */
  readonly reading?: number | undefined;
  /** Empty for sensors that know states instead of a number. */
  readonly unit: string;
  readonly grade: HealthGrade;
  /** Such as "Presence detected", of sensors that know states. */
  readonly states: readonly string[];
}

export interface LogEntry {
  readonly id: string;
  /** Milliseconds since 1970; undefined when the BMC's clock was not set. */
  readonly at?: number | undefined;
  readonly source: string;
  readonly message: string;
  readonly grade: HealthGrade;
}

export interface Health {
  sensors(): Promise<readonly Sensor[] | Absent>;
  events(): Promise<readonly LogEntry[] | Absent>;
  clearEvents(): Promise<Done>;
}

/** The serial console, both ways, until disposed. `output` ends when the BMC closes it. */
export interface ConsoleStream extends AsyncDisposable {
  readonly output: AsyncIterable<Uint8Array>;
  write(bytes: Uint8Array): Promise<void>;
}

export interface Console {
  /** `takeOver`: from another session that has it, and may be long gone. */
  open(options?: { readonly takeOver?: boolean | undefined }): Promise<ConsoleStream | Absent>;
}

export const privileges = ["none", "readOnly", "operator", "administrator"] as const;
export type Privilege = (typeof privileges)[number];

export interface Account {
  readonly id: string;
  readonly name: string;
  readonly enabled: boolean;
  readonly privilege: Privilege;
}

export interface WantedAccount {
  readonly name: string;
  readonly password: string;
  readonly privilege: Privilege;
}

export interface Accounts {
  list(): Promise<readonly Account[] | Absent>;
  /** Creates the account, or brings the one of that name to this password and privilege. */
  put(account: WantedAccount): Promise<Account | Absent>;
  remove(name: string): Promise<Done>;
}

export interface BmcNetwork {
  readonly source: "static" | "dhcp" | "other";
  readonly address: string;
  readonly netmask: string;
  readonly gateway: string;
  readonly mac: string;
  readonly vlan?: number | undefined;
}

export interface WantedNetwork {
  readonly source: "static" | "dhcp";
  readonly address?: string | undefined;
  readonly netmask?: string | undefined;
  readonly gateway?: string | undefined;
}

/** The BMC as a computer of its own. */
export interface Controller {
  network(): Promise<BmcNetwork | Absent>;
  setNetwork(wanted: WantedNetwork): Promise<Done>;
  /** Restarts the BMC, not the server. The connection is lost by it. */
  reset(): Promise<Done>;
}
