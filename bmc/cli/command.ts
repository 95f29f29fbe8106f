// `ingot bmc …`: usable alone against any BMC. Passwords come from the environment, a file or a prompt, never from an
// argument, where every user of the machine can read them.
import { Command, Option } from "commander";
import { type Bmc, isAbsent } from "../bmc.ts";
import type { Clock } from "../clock.ts";
import type { Trust } from "../redfish/trust.ts";
import { within } from "../within.ts";
import { seconds } from "./arguments.ts";
import { changePassword, type PasswordFiles } from "./change-password.ts";
import { exitCodes, Lacking } from "./exit-codes.ts";
import { type Format, formats, render } from "./render.ts";
import { type Verb, verbs } from "./verbs.ts";

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
  /** Somebody wants it to end: it logs out and does. */
  readonly signal: AbortSignal;
  readonly randomBytes: (size: number) => Uint8Array;
  readonly print: (text: string) => void;
  readonly readFile: (path: string) => Promise<string>;
  readonly files: PasswordFiles;
  readonly promptPassword: (question: string) => Promise<string>;
  readonly open: (target: Target) => Promise<Bmc>;
  /** Joins a terminal to the console until the user leaves it. */
  readonly joinConsole: (bmc: Bmc, options: { readonly takeOver: boolean }) => Promise<void>;
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
  readonly timeout: number;
  readonly output: Format;
}

const passwordVariable = "INGOT_BMC_PASSWORD";
const newPasswordVariable = "INGOT_BMC_NEW_PASSWORD";
/** As long as a timer can run. */
const foreverMs = 2 ** 31 - 1;

export function bmcCommand(io: BmcCommandIo): Command {
  const root = new Command("bmc")
    .description("power, boot device, identity, sensors and console of a server, over its BMC")
    .addHelpText(
      "after",
      `
Every command takes --address and --user. The password is read from --password-file, else from the variable
${passwordVariable}, else asked for; a new one for set-user from ${newPasswordVariable}, else asked for.

Examples:
  ingot bmc status --address 10.9.0.7 --user admin --password-file pw
  ingot bmc boot pxe --firmware uefi --address 10.9.0.7 --password-file pw
  ingot bmc sensors --address 10.9.0.7 --password-file pw -o json

Exit codes:
${Object.values(exitCodes)
  .map(([code, meaning]) => `  ${code}  ${meaning}`)
  .join("\n")}`,
    );
  for (const verb of verbs) add(root, verb, io);
  return root;
}

function add(root: Command, verb: Verb, io: BmcCommandIo): void {
  const { name, about, shape = (command) => command, run, over, isEndless } = verb;
  const command = shape(root.command(name).description(about))
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
    .addOption(new Option("--timeout <seconds>", "give up what takes longer").argParser(seconds).default(900))
    .addOption(new Option("-o, --output <format>", "how to print").choices(formats).default("table"));
  command.action(async () => {
    const options = command.opts<Options & Record<string, unknown>>();
    const target: Target = {
      address: options.address,
      user: options.user,
      protocol: options.protocol === "auto" ? (over ?? "auto") : options.protocol,
      trust: await trustOf(io, options),
      systemUuid: options.system,
      password: await passwordOf(io, options.passwordFile),
    };
    await using bmc = await io.open(target);
    const { clock, signal } = io;
    const limits = { clock, signal, what: name, ms: isEndless ? foreverMs : options.timeout * 1_000 };
    const answer = await within(limits, (signal) =>
      run(bmc, {
        words: command.processedArgs,
        options,
        verification: { clock, signal },
        joinConsole: io.joinConsole,
        newPassword: async (question) => io.environment[newPasswordVariable] ?? io.promptPassword(question),
        changePassword: (bmc) => rotate(io, bmc, target, options.passwordFile),
      }),
    );
    if (isAbsent(answer)) throw new Lacking(`Cannot do this on this BMC: ${answer.absent}`);
    if (answer !== undefined) io.print(render(answer, options.output));
  });
}

function rotate(io: BmcCommandIo, bmc: Bmc, target: Target, file: string | undefined): Promise<void> {
  if (file === undefined) throw new Error("Cannot change the password: say by --password-file where it goes");
  return changePassword({
    bmc,
    user: target.user,
    file,
    files: io.files,
    randomBytes: io.randomBytes,
    async proves(password) {
      await using _ = await io.open({ ...target, password, protocol: bmc.protocol });
    },
  });
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
