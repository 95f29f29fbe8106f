// A booter without a provisioner: the rules of boot.yaml, and files beside it.
import { basename, resolve } from "node:path";
import { readAsset } from "./asset-file.ts";
import { type BootRule, matches } from "./boot-rules.ts";
import type { Asset, Booter, BootPlan, Report } from "./booter.ts";

export interface StaticBooterOptions {
  readonly rules: readonly BootRule[];
  /** Paths in the rules are relative to this folder. */
  readonly folder: string;
  readonly onReport: (report: Report) => void;
  readonly signal?: AbortSignal;
}

/** Reads every file that a rule names, so that a missing one is found at start and not by a machine. */
export async function openStaticBooter(options: StaticBooterOptions): Promise<Booter> {
  const assets = new Map<string, Asset>();
  const nameOfPath = new Map<string, string>();

  const load = async (path: string): Promise<string> => {
    const full = resolve(options.folder, path);
    const known = nameOfPath.get(full);
    if (known) return known;
    const asset = await readAsset(full, options.signal);
    const name = `${asset.sha256.slice(0, 16)}-${basename(full).replace(/[^A-Za-z0-9._-]/g, "_")}`;
    assets.set(name, asset);
    nameOfPath.set(full, name);
    return name;
  };

  const plans: { readonly rule: BootRule; readonly plan: BootPlan }[] = [];
  for (const rule of options.rules) plans.push({ rule, plan: await planOf(rule, load) });

  return {
    plan: async (client) =>
      plans.find(({ rule }) => matches(rule, client))?.plan ?? { do: "ignore", why: "no rule matches" },
    asset: async (name) => assets.get(name),
    report: options.onReport,
  };
}

async function planOf(rule: BootRule, load: (path: string) => Promise<string>): Promise<BootPlan> {
  const { name, boot, loader } = rule;
  const why = `rule ${name}`;
  if ("ignore" in boot) return { do: "ignore", why };
  if ("url" in boot) return { do: "chain", why, loader, url: boot.url };
  if ("disk" in boot) return { do: "disk", why, loader, method: boot.disk };

  const initrds: string[] = [];
  for (const path of boot.initrd) initrds.push(await load(path));
  return {
    do: "kernel",
    why,
    loader,
    kernel: await load(boot.kernel),
    initrds,
    args: boot.args,
    paceBytesPerSecond: boot.paceBytesPerSecond,
  };
}
