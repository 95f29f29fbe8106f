// Commands on the client's own config: which clusters there are, and how to reach their machines.
import { chmod, readFile, writeFile } from "node:fs/promises";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { Command, Option } from "commander";
import { stringify } from "yaml";
import { MachineService } from "../../api/gen/machine/machine_pb.js";
import {
  type ClientConfig,
  type ClientContext,
  mergeClientConfigs,
  parseClientConfig,
} from "../../machine-config/client-config.ts";
import { parseCertificate } from "../../pki/certificate.ts";
import { Answers } from "../answers.ts";
import { configPath, readConfig, writeConfig } from "../config-file.ts";
import type { Target } from "../connection.ts";
import { parseDuration } from "../duration.ts";
import { CommandFailed, type Io } from "../io.ts";
import { tableText } from "../table.ts";
import { machineCommand, withConnection } from "./command.ts";

const list = (value: string, before: readonly string[] = []) => [...before, ...value.split(",")];

export function configCommand(io: Io): Command {
  const pathOf = (options: Target) => configPath(options.talosconfig, io);

  /** Changes the file; what the change returns is written. */
  async function change(
    options: Target,
    edit: (config: ClientConfig) => ClientConfig | Promise<ClientConfig>,
  ) {
    const path = pathOf(options);
    await writeConfig(path, await edit(await readConfig(path)));
  }

  const changeCurrent = (options: Target, edit: (context: ClientContext) => ClientContext) =>
    change(options, (config) => {
      const name = options.context ?? config.context;
      const context = config.contexts[name];
      if (!context) throw new CommandFailed(`context "${name}" is not defined`);
      return { ...config, contexts: { ...config.contexts, [name]: edit(context) } };
    });

  const add = machineCommand("add", "Add a new context")
    .argument("<context>")
    .option("--ca <path>", "the authority's certificate")
    .option("--crt <path>", "the client's certificate")
    .option("--key <path>", "its key")
    .action(async (name: string, options: Target & Record<"ca" | "crt" | "key", string | undefined>) => {
      const files: Record<string, string> = {};
      for (const kind of ["ca", "crt", "key"] as const) {
        const path = options[kind];
        if (path !== undefined) files[kind] = (await readFile(path)).toString("base64");
      }
      await change(options, (config) => ({
        context: config.context === "" ? name : config.context,
        contexts: { ...config.contexts, [name]: { endpoints: [], ...files } },
      }));
    });

  const choose = machineCommand("context", "Set the current context")
    .alias("use-context")
    .argument("<context>")
    .action((name: string, options: Target) =>
      change(options, (config) => {
        if (!config.contexts[name]) throw new CommandFailed(`context "${name}" is not defined`);
        return { ...config, context: name };
      }),
    );

  const contexts = machineCommand("contexts", "List defined contexts")
    .alias("get-contexts")
    .action(async (options: Target) => {
      const config = await readConfig(pathOf(options));
      const rows = Object.entries(config.contexts)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, { endpoints, nodes = [] }]) => [
          ...[name === config.context ? "*" : "", name, endpoints.join(","), nodes.join(",")],
        ]);
      io.out(tableText([["CURRENT", "NAME", "ENDPOINTS", "NODES"], ...rows]));
    });

  const endpoint = machineCommand("endpoint", "Set the endpoint(s) for the current context")
    .alias("endpoints")
    .argument("<endpoints...>")
    .action((endpoints: string[], options: Target) =>
      changeCurrent(options, (context) => ({ ...context, endpoints })),
    );

  const node = machineCommand("node", "Set the node(s) for the current context")
    .alias("nodes")
    .argument("[nodes...]")
    .action((nodes: string[], options: Target) =>
      changeCurrent(options, (context) => ({ ...context, nodes })),
    );

  const info = machineCommand("info", "Show information about the current context")
    .addOption(new Option("-o, --output <format>").choices(["text", "json", "yaml"]).default("text"))
    .action(async (options: Target & { output: "text" | "json" | "yaml" }) => {
      const config = await readConfig(pathOf(options));
      const name = options.context ?? config.context;
      const context = config.contexts[name];
      if (!context) throw new CommandFailed(`context "${name}" is not defined`);
      const { endpoints, nodes = [], crt } = context;
      const certificate =
        crt === undefined ? undefined : parseCertificate(Buffer.from(crt, "base64").toString());
      const facts = {
        context: name,
        nodes,
        endpoints: [...endpoints],
        roles: [...(certificate?.subject.organization ?? [])],
        certExpires: certificate?.notAfter.toISOString() ?? "",
      };
      if (options.output === "json") return io.out(`${JSON.stringify(facts, undefined, 4)}\n`);
      if (options.output === "yaml") return io.out(stringify(facts, { indent: 4 }));
      const orNone = (items: readonly string[]) => (items.length > 0 ? items.join(", ") : "not defined");
      const rows = [
        ["Current context:", facts.context],
        ["Nodes:", orNone(nodes)],
        ["Endpoints:", orNone(endpoints)],
        ["Roles:", orNone(facts.roles)],
        ["Certificate expires:", facts.certExpires.slice(0, 10)],
      ];
      io.out(rows.map(([title, value]) => `${title!.padEnd(20)} ${value}\n`).join(""));
    });

  const merge = machineCommand("merge", "Merge additional contexts from another client configuration file")
    .argument("<from>")
    .action((from: string, options: Target) =>
      change(options, async (config) => {
        const merged = mergeClientConfigs(config, parseClientConfig(await readFile(from, "utf8")));
        for (const { from: before, to } of merged.renames) {
          io.error(`renamed talosconfig context "${before}" -> "${to}"\n`);
        }
        return merged.config;
      }),
    );

  const created = machineCommand("new", "Generate a new client configuration file")
    .argument("[path]", "where to write it", "talosconfig")
    .option("--roles <roles>", "what it may do", list)
    .option("--crt-ttl <duration>", "how long", "8760h")
    .action(async (path: string, options: Target & { roles?: readonly string[]; crtTtl: string }) =>
      withConnection(options, io, async (connection) => {
        const request = {
          roles: [...(options.roles ?? ["os:admin"])],
          crtTtl: durationFromMs(parseDuration(options.crtTtl)),
        };
        const calls = connection.calls(MachineService);
        const { messages } = await calls.generateClientConfiguration(request, connection.all());
        const answers = new Answers(messages, connection);
        answers.settle();
        await writeFile(path, answers.good[0]!.answer.talosconfig, { mode: 0o600, flag: "wx" });
        await chmod(path, 0o600);
      }),
    );

  const remove = machineCommand("remove", "Remove contexts")
    .argument("<context>")
    .option("-y, --noconfirm", "do not ask")
    .option("--dry-run", "only say what would be removed")
    .action((name: string, options: Target & { dryRun?: boolean; noconfirm?: boolean }) =>
      change(options, (config) => {
        if (!config.contexts[name]) throw new CommandFailed(`context "${name}" is not defined`);
        if (name === config.context)
          throw new CommandFailed(`context "${name}" is the current one: choose another`);
        io.error(`${options.dryRun ? "would remove" : "removed"} context "${name}"\n`);
        const rest = Object.entries(config.contexts).filter(([other]) => other !== name);
        return options.dryRun ? config : { ...config, contexts: Object.fromEntries(rest) };
      }),
    );

  const config = new Command("config").description("Manage the client configuration file (talosconfig)");
  for (const one of [add, choose, contexts, endpoint, info, merge, created, node, remove])
    config.addCommand(one);
  return config;
}
