// What is asked of machines: a row for each verb, and one function that asks.
import { Argument, type Command } from "commander";
import { pathOf } from "./api-client.ts";
import type { CommandContext } from "./command-io.ts";
import { CommandFailure } from "./exit-codes.ts";
import { untilAtRest } from "./until-at-rest.ts";

interface Verb {
  readonly about: string;
  /** As the API calls it, where that is no word for a command line. */
  readonly action?: string;
  /** Its data is lost: has to be said twice. */
  readonly erases?: true;
  /** Something happens then, and one can wait for its end. */
  readonly takesTime?: true;
  /** What has to be told, besides the machines; `usual` when it is not. */
  readonly option?: readonly [name: string, flags: string, about: string, usual?: string];
  /** What may be told too. */
  readonly further?: readonly [name: string, flags: string, about: string];
}

const why = ["why", "--why <reason>", "for those who wonder"] as const;
const profile = ["profile", "--profile <name>", "what it shall be"] as const;

const verbs = {
  accept: { about: "it may be worked on from now on", takesTime: true },
  reject: { about: "it is left alone: no boot, no power", option: why },
  cordon: { about: "somebody works on its hardware: it is left alone", option: why },
  uncordon: { about: "ends a cordon" },
  assign: { about: "installs what the profile says", option: [...profile, "default"], takesTime: true },
  adopt: {
    about: "takes it with what is on its disks: nothing is wiped",
    option: profile,
    further: [
      "addresses",
      "--addresses <address...>",
      "where its node API is, if it never told its inventory",
    ],
    takesTime: true,
  },
  release: { about: "back to the pool: its disks are wiped", erases: true, takesTime: true },
  wipe: { about: "wipes its disks again", erases: true, takesTime: true },
  upgrade: {
    about: "puts its node on another image: one node of a cluster at a time",
    further: [
      "image",
      "--image <name>",
      "one that is served here, or its address; that of its profile unless told",
    ],
  },
  reinstall: { about: "wipes its disks and installs it anew", erases: true, takesTime: true },
  "confirm-installed": {
    about: "its system is installed, and nothing else would tell",
    action: "confirmInstalled",
  },
  retry: { about: "the cause is gone: tries again what was given up", takesTime: true },
  resolve: { about: "this machine is the one that it claims to be" },
  remove: { about: "forgets it" },
} as const satisfies Readonly<Record<string, Verb>>;

interface Options {
  readonly yes?: boolean;
  readonly wait?: boolean;
}

const powers = {
  on: "powerOn",
  off: "powerOff",
  automatic: "powerAutomatic",
  cycle: "powerCycle",
} as const;

export function addMachineVerbs(root: Command, context: CommandContext): void {
  const ask = async (ids: readonly string[], action: string, body: unknown, command: Command) => {
    const client = context.client(command);
    for (const id of ids) {
      await client.call("POST", pathOf("machines", [id, "actions", action]), body);
      context.io.note(`${id}: ${action} is asked for`);
    }
  };
  for (const [name, verb] of Object.entries<Verb>(verbs)) {
    const { about, action = name, erases, takesTime, option, further } = verb;
    const command = root.command(`${name} <machine...>`).description(about);
    if (option) command.requiredOption(option[1], option[2], option[3]);
    if (further) command.option(further[1], further[2]);
    if (erases) command.option("--yes", "its data is not needed any more");
    if (takesTime) command.option("--wait", "until nothing more happens by itself; says what happens");
    command.action(async (ids: readonly string[], options: Options, self: Command) => {
      if (erases && !options.yes) {
        throw new CommandFailure("usage", `${name} erases the disks of ${ids.join(", ")}: say --yes`);
      }
      const told = options as Readonly<Record<string, unknown>>;
      const names = [option?.[0], further?.[0]].filter((one) => one !== undefined && one in told);
      const body = Object.fromEntries(names.map((one) => [one, told[one!]]));
      if (!options.wait) return ask(ids, action, body, self);
      await untilAtRest(context, self, ids, () => ask(ids, action, body, self));
    });
  }
  root
    .command("power")
    .description("on and off stay until told otherwise; automatic: on while there is something to do")
    .addArgument(new Argument("<power>").choices(Object.keys(powers)))
    .argument("<machine...>")
    .action((power: keyof typeof powers, ids: readonly string[], _: unknown, command: Command) =>
      ask(ids, powers[power], {}, command),
    );
  root
    .command("identify <machine>")
    .description("shines the light on its front")
    .option("--seconds <count>", "how long; 0 turns it off", "60")
    .action((id: string, { seconds }: { seconds: string }, command: Command) =>
      ask([id], "identify", { seconds: Number(seconds) }, command),
    );
}
