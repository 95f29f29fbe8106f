// Every subcommand of `ingot bmc`: what it does to an open BMC. What is answered is printed.
import { Argument, type Command, Option } from "commander";
import {
  type Absent,
  type Bmc,
  type BootDevice,
  type BootFirmware,
  bootDevices,
  isAbsent,
  type Privilege,
  privileges,
  type WantedNetwork,
} from "../bmc.ts";
import { setBoot, setPower, startOver, type Verification } from "../verified.ts";
import { ipv4, ledWish, networkWish, seconds } from "./arguments.ts";

/** One command line, read. */
export interface Asked {
  /** As its parser made it, by its place. */
  readonly words: readonly unknown[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly verification: Verification;
  readonly newPassword: (question: string) => Promise<string>;
  readonly joinConsole: (bmc: Bmc, options: { readonly takeOver: boolean }) => Promise<void>;
  readonly changePassword: (bmc: Bmc) => Promise<void>;
}

export interface Verb {
  readonly name: string;
  readonly about: string;
  readonly shape?: (command: Command) => Command;
  readonly run: (bmc: Bmc, asked: Asked) => Promise<unknown>;
  /** The one protocol that can. */
  readonly over?: Bmc["protocol"];
  /** It lasts as long as somebody sits there. */
  readonly isEndless?: true;
}

/** What is known to be so once a verb without an answer of its own was done; or why it was not. */
async function then<T>(done: Promise<undefined | Absent>, answer: T): Promise<T | Absent> {
  const lack = await done;
  return isAbsent(lack) ? lack : answer;
}

const power: readonly Verb[] = [
  {
    name: "status",
    about: "power state, boot override and what the BMC lacks",
    run: async (bmc) => ({
      power: await bmc.power.read(),
      boot: await bmc.boot.read(),
      protocol: bmc.protocol,
      lacks: Object.entries(bmc.capabilities)
        .filter(([, offered]) => offered !== true)
        .map(([name]) => name),
    }),
  },
  {
    name: "on",
    about: "turn the server on, and see that it is",
    run: (bmc, { verification }) => then(setPower(bmc, "on", verification), { power: "on" }),
  },
  {
    name: "off",
    about: "turn the server off, and see that it is",
    shape: (command) =>
      command.addOption(
        new Option("--soft <seconds>", "first give the operating system this long to shut down").argParser(
          seconds,
        ),
      ),
    run: (bmc, { verification, options: { soft } }) => {
      const softForMs = typeof soft === "number" ? soft * 1_000 : 0;
      return then(setPower(bmc, "off", { ...verification, softForMs }), { power: "off" });
    },
  },
  {
    name: "cycle",
    about: "off and on again; on, where it was off",
    run: (bmc, { verification }) => then(startOver(bmc, "cycle", verification), { power: "on" }),
  },
  {
    name: "reset",
    about: "reset without power loss; on, where it was off",
    run: (bmc, { verification }) => then(startOver(bmc, "reset", verification), { power: "on" }),
  },
  {
    name: "nmi",
    about: "the diagnostic interrupt, for a crash dump",
    run: (bmc) => bmc.power.press("interrupt"),
  },
];

const boot: readonly Verb[] = [
  {
    name: "boot",
    about: "what to boot from next, and see what the BMC made of it",
    shape: (command) =>
      command
        .addArgument(new Argument("<device>", "none: the firmware's own order").choices(bootDevices))
        .option("--persistent", "at every boot, not only the next")
        .addOption(new Option("--firmware <kind>", "which firmware").choices(["uefi", "legacy"])),
    run: (bmc, { words: [device], options: { persistent, firmware }, verification }) =>
      setBoot(
        bmc,
        {
          device: device as BootDevice,
          lasting: persistent === true ? "persistent" : "once",
          firmware: firmware as BootFirmware | undefined,
        },
        verification,
      ),
  },
  {
    name: "insert-media",
    about: "put an image on a web server into the virtual CD drive",
    shape: (command) => command.argument("<url>"),
    run: (bmc, { words: [url] }) => bmc.boot.media(url as string),
  },
  { name: "eject-media", about: "empty the virtual CD drive", run: (bmc) => bmc.boot.media(undefined) },
  {
    name: "secure-boot",
    about: "whether Secure Boot is enabled",
    run: async (bmc) => {
      const secureBoot = await bmc.boot.secureBoot();
      return isAbsent(secureBoot) ? secureBoot : { secureBoot };
    },
  },
];

async function readSensors(bmc: Bmc) {
  const sensors = await bmc.health.sensors();
  if (isAbsent(sensors)) return sensors;
  return sensors.map(({ name, kind, reading, unit, grade, states }) => ({
    name,
    kind,
    reading,
    unit,
    grade,
    states,
  }));
}

const server: readonly Verb[] = [
  {
    name: "facts",
    about: "manufacturer, model, serial number, UUID, firmware of the BMC",
    run: (bmc) => bmc.chassis.facts(),
  },
  { name: "firmware", about: "what firmware runs on what", run: (bmc) => bmc.chassis.firmware() },
  {
    name: "identify",
    about: "the LED that tells a human which server is meant",
    shape: (command) =>
      command.addArgument(new Argument("<wanted>", "on, off or for so many seconds").argParser(ledWish)),
    run: (bmc, { words: [wanted] }) => bmc.chassis.identify(wanted as number | "on" | "off"),
  },
  { name: "sensors", about: "temperatures, voltages, fans", run: readSensors },
  {
    name: "sel",
    about: "the event log",
    shape: (command) => command.option("--clear", "empty it"),
    run: (bmc, { options: { clear } }) => (clear === true ? bmc.health.clearEvents() : bmc.health.events()),
  },
  {
    name: "sol",
    about: "the serial console; ~. at the start of a line leaves it",
    shape: (command) => command.option("--take-over", "from whoever has it"),
    // Redfish carries no serial console.
    over: "ipmi",
    isEndless: true,
    run: (bmc, { options: { takeOver }, joinConsole }) => joinConsole(bmc, { takeOver: takeOver === true }),
  },
];

const controller: readonly Verb[] = [
  { name: "users", about: "the BMC's accounts", run: (bmc) => bmc.accounts.list() },
  {
    name: "set-user",
    about: "create an account, or bring the one of that name to this password and privilege",
    shape: (command) =>
      command
        .argument("<name>")
        .addOption(
          new Option("--privilege <level>", "what it may do").choices(privileges).default("administrator"),
        ),
    run: async (bmc, { words: [name], options: { privilege }, newPassword }) =>
      bmc.accounts.put({
        name: name as string,
        privilege: privilege as Privilege,
        password: await newPassword(`New password of ${name as string}: `),
      }),
  },
  {
    name: "remove-user",
    about: "remove an account",
    shape: (command) => command.argument("<name>"),
    run: (bmc, { words: [name] }) => bmc.accounts.remove(name as string),
  },
  {
    name: "rotate-password",
    about: "give the account that logs in a new password of 20 characters; --password-file gets it",
    run: (bmc, { changePassword }) => changePassword(bmc),
  },
  { name: "network", about: "the BMC's own address", run: (bmc) => bmc.controller.network() },
  {
    name: "set-network",
    about: "give the BMC another address; it may answer there alone from then on",
    shape: (command) =>
      command
        .addArgument(new Argument("<address>", "dhcp, or such as 10.0.0.5/24").argParser(networkWish))
        .addOption(new Option("--gateway <address>", "its way to other networks").argParser(ipv4)),
    run: (bmc, { words: [wanted], options: { gateway } }) => {
      const network: WantedNetwork = {
        ...(wanted as WantedNetwork),
        ...(gateway === undefined ? {} : { gateway: gateway as string }),
      };
      return then(bmc.controller.setNetwork(network), network);
    },
  },
  { name: "restart-bmc", about: "restart the BMC, not the server", run: (bmc) => bmc.controller.reset() },
];

export const verbs: readonly Verb[] = [...power, ...boot, ...server, ...controller];
