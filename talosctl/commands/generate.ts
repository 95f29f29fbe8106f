// Commands that make and check configs without any machine.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { clientConfigText } from "../../machine-config/client-config.ts";
import { diagnosticText } from "../../machine-config/decode/diagnostic.ts";
import { type ClusterPlan, generateConfigs } from "../../machine-config/generate/configs.ts";
import {
  createSecrets,
  parseSecrets,
  type SecretsBundle,
  secretsFromConfig,
  secretsFromKubernetes,
  secretsText,
} from "../../machine-config/generate/secrets.ts";
import { parseMachineConfig } from "../../machine-config/machine-config.ts";
import { applyPatches, parsePatch } from "../../machine-config/patch/patch.ts";
import { validate } from "../../machine-config/validation.ts";
import { CommandFailed, type Io } from "../io.ts";
import { writeNew } from "../new-file.ts";
import { keyCommands } from "./generate-keys.ts";

const list = (value: string, before: readonly string[] = []) => [...before, ...value.split(",")];
const several = (value: string, before: readonly string[] = []) => [...before, value];

const outputTypes = ["controlplane", "worker", "talosconfig"] as const;
type OutputType = (typeof outputTypes)[number];

interface GenerateOptions {
  readonly output?: string;
  readonly outputTypes?: readonly string[];
  readonly withSecrets?: string;
  readonly additionalSans?: readonly string[];
  readonly dnsDomain: string;
  readonly installDisk: string;
  readonly installImage?: string;
  readonly kubernetesVersion?: string;
  readonly configPatch?: readonly string[];
  readonly configPatchControlPlane?: readonly string[];
  readonly configPatchWorker?: readonly string[];
  readonly registryMirror?: readonly string[];
  readonly withClusterDiscovery: string;
  readonly withKubespan?: boolean;
  readonly force?: boolean;
}

const patchOf = async (patch: string) =>
  parsePatch(patch.startsWith("@") ? await readFile(patch.slice(1), "utf8") : patch);
const patchesOf = (patches: readonly string[] = []) => Promise.all(patches.map(patchOf));

/** The same command is reached by two names: `gen config` and `machineconfig gen`. */
const generating = (command: Command, io: Io): Command =>
  command
    .argument("<cluster name>")
    .argument("<cluster endpoint>", "https:// with the address or name of the control plane")
    .option("-o, --output <path>", 'a folder; for one type also a file, or "-"')
    .option("-t, --output-types <types>", `of ${outputTypes.join(", ")}`, list)
    .option("--with-secrets <path>", "what `gen secrets` wrote")
    .option("--additional-sans <names>", "more names and addresses for the API's certificates", list)
    .option("--dns-domain <domain>", "of the cluster", "cluster.local")
    .option("--install-disk <device>", "the disk to install to", "/dev/sda")
    .option("--install-image <image>", "the system to install")
    .option("--kubernetes-version <version>", "of Kubernetes")
    .option("--config-patch <patch>", "a change to all configs, inline or @file", several)
    .option("--config-patch-control-plane <patch>", "a change to those of control planes", several)
    .option("--config-patch-worker <patch>", "a change to those of workers", several)
    .option("--registry-mirror <host=url>", "where to ask for a registry's images first", several)
    .option("--with-cluster-discovery [boolean]", "let nodes find each other", "true")
    .option("--with-kubespan", "connect nodes by an encrypted network")
    .option("--with-docs [boolean]", "accepted for compatibility; there are no comments to leave out")
    .option("--with-examples [boolean]", "accepted for compatibility; there are no examples to leave out")
    .addOption(talosVersion())
    .addOption(new Option("--version <version>", "of the config").choices(["v1alpha1"]).default("v1alpha1"))
    .option("-f, --force", "overwrite existing files")
    .action((clusterName: string, endpoint: string, options: GenerateOptions) =>
      generate(clusterName, endpoint, options, io),
    );

async function generate(
  clusterName: string,
  endpoint: string,
  options: GenerateOptions,
  io: Io,
): Promise<void> {
  const clock = { now: io.now };
  const wanted = (options.outputTypes ?? outputTypes).map((it) => {
    const type = outputTypes.find((known) => known === it);
    if (!type) throw new CommandFailed(`unknown output type "${it}"`);
    return type;
  });
  const { withSecrets, installImage, kubernetesVersion } = options;
  const plan: ClusterPlan = {
    ...{ clusterName, endpoint, clock },
    secrets: withSecrets ? parseSecrets(await readFile(withSecrets, "utf8")) : await createSecrets({ clock }),
    installDisk: options.installDisk,
    dnsDomain: options.dnsDomain,
    certSans: options.additionalSans ?? [],
    discovery: options.withClusterDiscovery !== "false",
    kubeSpan: options.withKubespan ?? false,
    registryMirrors: mirrorsOf(options.registryMirror ?? []),
    patches: await patchesOf(options.configPatch),
    controlPlanePatches: await patchesOf(options.configPatchControlPlane),
    workerPatches: await patchesOf(options.configPatchWorker),
    ...(installImage !== undefined && { installImage }),
    ...(kubernetesVersion !== undefined && { kubernetesVersion: kubernetesVersion.replace(/^v/, "") }),
  };
  const { controlPlane, worker, client } = await generateConfigs(plan);
  const texts: Readonly<Record<OutputType, string>> = {
    controlplane: controlPlane.text,
    worker: worker.text,
    talosconfig: clientConfigText(client),
  };
  const single = wanted.length === 1 ? wanted[0] : undefined;
  if (single && options.output === "-") return io.out(texts[single]);
  for (const type of wanted) {
    const file = type === "talosconfig" ? type : `${type}.yaml`;
    const path = single && options.output ? options.output : join(options.output ?? ".", file);
    await writeNew(path, texts[type], options);
    io.error(`Created ${path}\n`);
  }
}

const mirrorsOf = (given: readonly string[]): Record<string, readonly string[]> =>
  given.reduce<Record<string, readonly string[]>>((mirrors, it) => {
    const at = it.indexOf("=");
    if (at < 0) throw new CommandFailed(`invalid registry mirror "${it}": it must be HOST=URL`);
    const host = it.slice(0, at);
    return { ...mirrors, [host]: [...(mirrors[host] ?? []), it.slice(at + 1)] };
  }, {});

interface SecretsOptions {
  readonly outputFile: string;
  readonly fromControlplaneConfig?: string;
  readonly fromKubernetesPki?: string;
  readonly kubernetesBootstrapToken?: string;
  readonly force?: boolean;
}

async function secretsFrom(
  { fromControlplaneConfig: config, fromKubernetesPki: pki }: SecretsOptions,
  clock: { readonly now: () => Date },
): Promise<SecretsBundle> {
  if (config && pki)
    throw new CommandFailed("secrets come from a config or from a Kubernetes, not from both");
  if (config) return secretsFromConfig(parseMachineConfig(await readFile(config, "utf8")));
  if (pki) return secretsFromKubernetes({ clock }, (file) => readFile(join(pki, file), "utf8"));
  return createSecrets({ clock });
}

/** Checked as a bundle is that somebody else wrote. */
const withBootstrapToken = (bundle: SecretsBundle, bootstraptoken: string): SecretsBundle =>
  parseSecrets(secretsText({ ...bundle, secrets: { ...bundle.secrets, bootstraptoken } }));

/** What is generated is for releases of today: nodes before this one refuse some of its documents. */
const oldestMinor = 12;

const talosVersion = () =>
  new Option("--talos-version <version>", "of the nodes that it is for").argParser((text) => {
    const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(text) ?? [];
    if (major === "1" && Number(minor) >= oldestMinor) return text;
    throw new InvalidArgumentError(
      `configs are made for v1.${oldestMinor} and later; use upstream's for older nodes.`,
    );
  });

export function genCommand(io: Io): Command {
  const secrets = new Command("secrets")
    .description("Generates a secrets bundle file which can later be used to generate a config")
    .option("-o, --output-file <path>", 'where to; "-" for standard output', "secrets.yaml")
    .option("--from-controlplane-config <path>", "the secrets of a config that is there")
    .option("-p, --from-kubernetes-pki <folder>", "the authorities of a Kubernetes that is there")
    .option("-t, --kubernetes-bootstrap-token <token>", "one that nodes join Kubernetes by already")
    .addOption(talosVersion())
    .option("-f, --force", "overwrite an existing file")
    .action(async (options: SecretsOptions) => {
      const { kubernetesBootstrapToken: bootstrapToken } = options;
      const made = await secretsFrom(options, { now: io.now });
      const bundle = bootstrapToken === undefined ? made : withBootstrapToken(made, bootstrapToken);
      if (options.outputFile === "-") return io.out(secretsText(bundle));
      await writeNew(options.outputFile, secretsText(bundle), options);
    });
  const gen = new Command("gen").description("Generate CAs, certificates, and private keys");
  for (const command of keyCommands(io)) gen.addCommand(command);
  return gen
    .addCommand(
      generating(
        new Command("config").description("Generates a set of configuration files for Talos cluster"),
        io,
      ),
    )
    .addCommand(secrets);
}

export function machineConfigCommand(io: Io): Command {
  const patch = new Command("patch")
    .description("Patch a machine config")
    .argument("<machineconfig-file>")
    .requiredOption("-p, --patch <patch>", "the change, inline or @file", several)
    .option("-o, --output <path>", "where to write it; else it is printed")
    .action(async (path: string, options: { patch: readonly string[]; output?: string }) => {
      const config = parseMachineConfig(await readFile(path, "utf8"));
      const { text } = applyPatches(config, await patchesOf(options.patch));
      if (options.output === undefined) io.out(text);
      else await writeNew(options.output, text, { force: true });
    });
  return new Command("machineconfig")
    .alias("mc")
    .description("Machine config related commands")
    .addCommand(
      generating(
        new Command("gen").description("Generates a set of configuration files for Talos cluster"),
        io,
      ),
    )
    .addCommand(patch);
}

export const validateCommand = (io: Io): Command =>
  new Command("validate")
    .description("Validate config")
    .requiredOption("-c, --config <path>", "the config")
    .addOption(
      new Option("-m, --mode <mode>", "for what")
        .choices(["metal", "cloud", "container"])
        .makeOptionMandatory(),
    )
    .option("--strict", "warnings are errors")
    .action(
      async ({
        config,
        mode,
        strict,
      }: {
        config: string;
        mode: "metal" | "cloud" | "container";
        strict?: boolean;
      }) => {
        const { errors, warnings } = validate(parseMachineConfig(await readFile(config, "utf8")), mode);
        for (const warning of warnings) io.error(`* ${diagnosticText(warning)}\n`);
        const faults = strict ? [...errors, ...warnings] : errors;
        if (faults.length > 0) {
          throw new CommandFailed(faults.map((it) => `\t* ${diagnosticText(it)}`).join("\n"));
        }
        io.out(`${config} is valid for ${mode} mode\n`);
      },
    );
