// A booter without a provisioner: the rules of boot.yaml, and files beside it.
import { basename, resolve } from "node:path";
import { readAsset } from "./asset-file.ts";
import { type BootRule, matches, mayMatchLater } from "./boot-rules.ts";
import type { Asking, Asset, Booter, BootPlan, Report } from "./booter.ts";

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

  const plans: RulePlan[] = [];
  for (const rule of options.rules) plans.push({ rule, plan: await planOf(rule, load) });

  return {
    plan: async (asking) => firstPlan(plans, asking),
    asset: async (name) => assets.get(name),
    report: options.onReport,
  };
}

interface RulePlan {
  readonly rule: BootRule;
  readonly plan: BootPlan;
}

function firstPlan(plans: readonly RulePlan[], asking: Asking): BootPlan {
  const none: BootPlan = { do: "ignore", why: "no rule matches" };
  if (asking.stage === "script") {
    const found = plans.find(({ rule }) => matches(rule, asking));
    if (found) return found.plan;
    // It was let in to tell who it is; refused here, iPXE would ask for ever.
    const wasLetIn = plans.some(({ rule }) =>
      mayMatchLater(rule, { ...asking, uuid: undefined, serial: undefined }),
    );
    return wasLetIn ? { do: "disk", why: none.why, method: "exit" } : none;
  }
  const found = plans.find(({ rule }) => mayMatchLater(rule, asking));
  if (!found || matches(found.rule, asking)) return found?.plan ?? none;
  const why = `rule ${found.rule.name}, if iPXE says that it is this machine`;
  return { do: "hold", why, loader: found.rule.loader, retryAfterS: 10 };
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
