import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pinArgument, pinnedFetch } from "../agent/pinned-fetch.ts";
import { downloadConfig, expandConfigUrl, type MachineFacts } from "../config/config-url.ts";
import { inlineConfig } from "../config/inline-config.ts";
import { InstalledSystem, partitionsOf } from "../install/installed-system.ts";
import { metaTags } from "../install/meta/block.ts";
import { volumes } from "../install/volumes.ts";
import { SystemDisk } from "../resources/block.ts";
import { LinkStatus } from "../resources/network/link.ts";
import { HostnameStatus } from "../resources/network/names.ts";
import { configFile } from "../services/config/persist-config.ts";
import { awaitAddress } from "./await-address.ts";
import type { Context } from "./context.ts";

export type SourceContext = Pick<Context, "state" | "log" | "arguments">;

/** A place where a machine config may be. */
export interface ConfigSource {
  /** Behind "from": `the image`. */
  readonly name: string;
  /** Its text; undefined when there is none. Throws when there is one that cannot be read. */
  read(context: SourceContext, signal: AbortSignal): Promise<string | undefined>;
}

/** The first that has one wins: what was applied to the machine goes before what it was made with. */
export const configSources: readonly ConfigSource[] = [
  { name: "STATE", read: () => textOf(join(volumes.state.mountAt, configFile)) },
  { name: "the image", read: () => textOf("/usr/lib/ingot/machine-config.yaml") },
  {
    name: "talos.config.early",
    read: async ({ arguments: args }) => inlineConfig(args().all("talos.config.early")),
  },
  { name: "talos.config", read: download },
  {
    name: "talos.config.inline",
    read: async ({ arguments: args }) => inlineConfig(args().all("talos.config.inline")),
  },
];

async function download(context: SourceContext, signal: AbortSignal): Promise<string | undefined> {
  const { log, arguments: args } = context;
  const text = args().last("talos.config");
  if (text === undefined || text === "" || text === "none") return undefined;
  const url = await expandConfigUrl(text, machineFacts(context, signal));
  log.write("info", `asking ${url.host} for the machine config`);
  await awaitAddress(context.state, signal);
  const pause = (ms: number, stop: AbortSignal) => sleep(ms, undefined, { signal: stop });
  const failed = (reason: string) => log.write("warn", reason);
  const pinned = pinnedFetch(args().last(pinArgument), fetch);
  return downloadConfig(url, { fetch: pinned, pause, now: () => performance.now(), failed }, signal);
}

function machineFacts(context: SourceContext, signal: AbortSignal): MachineFacts {
  const { state } = context;
  // On the disk of a machine that was installed once, whatever it was booted from.
  const metaValue = async (tag: number) => {
    const disk = (await state.find(SystemDisk, "system-disk"))?.spec;
    const values = disk && (await new InstalledSystem(partitionsOf(disk.devPath), "a").meta());
    return Buffer.from(values?.get(tag) ?? [])
      .toString("utf8")
      .trim();
  };
  const firmware = (name: string) => readFile(`/sys/class/dmi/id/${name}`, "utf8").then((it) => it.trim());
  return {
    uuid: async () => (await metaValue(metaTags.uuidOverride)) || firmware("product_uuid"),
    serial: () => firmware("product_serial"),
    async mac() {
      await awaitAddress(state, signal);
      const { resources } = await state.list(LinkStatus);
      return resources.find(({ spec }) => spec.physical && spec.linkState)?.spec.hardwareAddr ?? "";
    },
    async hostname() {
      for await (const _ of state.watch(HostnameStatus, { signal })) {
        const found = (await state.list(HostnameStatus)).resources[0];
        if (found) return found.spec.hostname;
      }
      return "";
    },
    // Given to a machine through META, which a machine that was never installed has not.
    code: () => metaValue(metaTags.downloadCode),
  };
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
