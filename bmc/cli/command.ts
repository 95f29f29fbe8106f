// `ingot bmc …`: usable alone against any BMC. Passwords come from the environment, a file or a prompt, never from an
// argument, where every user of the machine can read them.
import { Command, Option } from "commander";
import { type Bmc, type BootFirmware, bootDevices, isAbsent, privileges } from "../bmc.ts";
import type { Clock } from "../clock.ts";
import type { Trust } from "../redfish/trust.ts";
import { setBoot, setPower, startOver } from "../verified.ts";
import { type Format, formats, render } from "./render.ts";

export interface Target {
  readonly address: string;
  readonly user: string;
  readonly password: string;
  readonly protocol: "auto" | Bmc["protocol"];
  /** Of Redfish: whose certificate will do. */
  readonly trust: Trust;
  /** Of Redfish: which server, where several stand behind one BMC. */
  readonly systemUuid?: string | undefined;
}

/** Everything outside of the command. */
export interface BmcCommandIo {
  readonly clock: Clock;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly print: (text: string) => void;
  readonly readFile: (path: string) => Promise<string>;
  readonly promptPassword: (question: string) => Promise<string>;
  readonly open: (target: Target) => Promise<Bmc>;
  /** Joins a terminal to the console until the user leaves it. */
  readonly joinConsole: (bmc: Bmc) => Promise<void>;
}

interface Options {
  readonly address: string;
  readonly user: string;
  readonly passwordFile?: string;
  readonly protocol: Target["protocol"];
  readonly caFile?: string;
  readonly fingerprint?: string;
  readonly insecure?: true;
  readonly system?: string;
  readonly output: Format;
}

/** Redfish carries no serial console. */
const onlyOver: { readonly [command: string]: Bmc["protocol"] } = { sol: "ipmi" };

const passwordVariable = "INGOT_BMC_PASSWORD";
const newPasswordVariable = "INGOT_BMC_NEW_PASSWORD";

export function bmcCommand(io: BmcCommandIo): Command {
  const root = new Command("bmc").description("power, boot device and identity of a server, over its BMC");

  /** A subcommand: what it does to an open BMC, and what it answers is printed. */
  const add = (
    usage: string,
    description: string,
    work: (
      bmc: Bmc,
      args: { readonly [name: string]: string },
      options: Options & Record<string, unknown>,
    ) => Promise<unknown>,
    configure: (command: Command) => Command = (command) => command,
  ) => {
    const command = configure(root.command(usage).description(description))
      .requiredOption("-a, --address <host[:port]>", "the BMC")
      .option("-u, --user <name>", "its user", "admin")
      .option("--password-file <path>", `file with the password; else ${passwordVariable}, else a prompt`)
      .addOption(
        new Option("--protocol <name>", "how to talk").choices(["auto", "ipmi", "redfish"]).default("auto"),
      )
      .option("--ca-file <path>", "Redfish: trust certificates of these authorities (PEM)")
      .addOption(
        new Option("--fingerprint <sha256>", "Redfish: trust this certificate").conflicts([
          "caFile",
          "insecure",
        ]),
      )
      .addOption(new Option("--insecure", "Redfish: trust any certificate").conflicts("caFile"))
      .option("--system <uuid>", "Redfish: which server, where the BMC has several")
      .addOption(new Option("-o, --output <format>", "how to print").choices(formats).default("table"));
    command.action(async () => {
      const options = command.opts<Options & Record<string, unknown>>();
      const names = command.registeredArguments.map((argument) => argument.name());
      const args = Object.fromEntries(names.map((name, index) => [name, command.args[index] ?? ""]));
      await using bmc = await io.open({
        address: options.address,
        user: options.user,
        protocol: options.protocol === "auto" ? (onlyOver[command.name()] ?? "auto") : options.protocol,
        trust: await trustOf(io, options),
        systemUuid: options.system,
        password: await passwordOf(io, options.passwordFile),
      });
      const answer = await work(bmc, args, options);
      if (isAbsent(answer)) throw new Error(`Cannot do this on this BMC: ${answer.absent}`);
      if (answer !== undefined) io.print(render(answer, options.output));
    });
  };

  const verification = { clock: io.clock };
  add("status", "power state, boot override and what the BMC offers", async (bmc) => ({
    power: await bmc.power.read(),
    boot: await bmc.boot.read(),
    protocol: bmc.protocol,
    lacks: Object.entries(bmc.capabilities)
      .filter(([, offered]) => offered !== true)
      .map(([name]) => name),
  }));
  add("on", "turn the server on, and see that it is", (bmc) => setPower(bmc, "on", verification));
  add(
    "off",
    "turn the server off, and see that it is",
    (bmc, _, { soft }) => setPower(bmc, "off", { ...verification, softForMs: Number(soft ?? 0) * 1000 }),
    (command) => command.option("--soft <seconds>", "first give the operating system this long to shut down"),
  );
  add("cycle", "power off and on again", (bmc) => startOver(bmc, "cycle", verification));
  add("reset", "reset without power loss", (bmc) => startOver(bmc, "reset", verification));
  add(
    "boot <device>",
    `boot from: ${bootDevices.join(", ")}`,
    (bmc, { device }, { persistent, firmware }) => {
      const wanted = bootDevices.find((name) => name === device);
      if (!wanted) throw new Error(`Cannot boot from ${device}: it is none of ${bootDevices.join(", ")}`);
      const lasting = persistent === true ? "persistent" : "once";
      return setBoot(
        bmc,
        { device: wanted, lasting, firmware: firmware as BootFirmware | undefined },
        verification,
      );
    },
    (command) =>
      command
        .option("--persistent", "at every boot, not only the next")
        .addOption(new Option("--firmware <kind>", "which firmware").choices(["uefi", "legacy"])),
  );
  add("insert-media <url>", "put an image on a web server into the virtual CD drive", (bmc, { url }) =>
    bmc.boot.media(url),
  );
  add("eject-media", "empty the virtual CD drive", (bmc) => bmc.boot.media(undefined));
  add("secure-boot", "whether Secure Boot is enabled", async (bmc) => {
    const secureBoot = await bmc.boot.secureBoot();
    return isAbsent(secureBoot) ? secureBoot : { secureBoot };
  });
  add("identify <wanted>", "the LED: on, off, or for so many seconds", (bmc, { wanted }) => {
    const seconds = Number(wanted);
    if (wanted !== "on" && wanted !== "off" && !(seconds >= 0))
      throw new Error(`Cannot set the LED to ${wanted}: say on, off or seconds`);
    return bmc.chassis.identify(wanted === "on" || wanted === "off" ? wanted : seconds);
  });
  add("facts", "manufacturer, model, serial number, UUID, firmware", (bmc) => bmc.chassis.facts());
  add("firmware", "what firmware runs on what", (bmc) => bmc.chassis.firmware());
  add("sensors", "temperatures, voltages, fans", (bmc) => bmc.health.sensors());
  add(
    "sel",
    "the event log",
    (bmc, _, { clear }) => (clear === true ? bmc.health.clearEvents() : bmc.health.events()),
    (command) => command.option("--clear", "empty it"),
  );
  add("sol", "the serial console; ~. leaves it", (bmc) => io.joinConsole(bmc));
  add("users", "the BMC's accounts", (bmc) => bmc.accounts.list());
  add(
    "set-user <name>",
    `create an account or change its password, taken from ${newPasswordVariable} or a prompt`,
    async (bmc, { name = "" }, { privilege }) =>
      bmc.accounts.put({
        name,
        privilege: privileges.find((known) => known === privilege) ?? "administrator",
        password:
          io.environment[newPasswordVariable] ?? (await io.promptPassword(`New password of ${name}: `)),
      }),
    (command) => command.addOption(new Option("--privilege <level>", "what it may do").choices(privileges)),
  );
  add("remove-user <name>", "remove an account", (bmc, { name = "" }) => bmc.accounts.remove(name));
  add("network", "the BMC's own address", (bmc) => bmc.controller.network());
  add("restart-bmc", "restart the BMC, not the server", (bmc) => bmc.controller.reset());
  return root;
}

async function passwordOf({ environment, readFile, promptPassword }: BmcCommandIo, file: string | undefined) {
  if (file !== undefined) return (await readFile(file)).replace(/\r?\n$/, "");
  return environment[passwordVariable] ?? promptPassword("Password of the BMC: ");
}

async function trustOf(
  { readFile }: BmcCommandIo,
  { caFile, fingerprint, insecure }: Options,
): Promise<Trust> {
  if (insecure) return { by: "nothing" };
  if (fingerprint !== undefined) return { by: "fingerprint", sha256: fingerprint };
  return caFile === undefined ? { by: "system" } : { by: "authorities", pem: await readFile(caFile) };
}
