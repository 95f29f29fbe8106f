import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type KernelFiles, type MachineHandlers, one } from "./handler.ts";

type Numbered = "processor" | "siblings" | "cpuCores" | "cpuIdLevel" | "clFlushSize" | "cacheAlignment";
type Fractional = "cpuMhz" | "bogoMips";

/** What /proc/cpuinfo calls it, and the message. */
const numbers: Readonly<Record<string, Numbered | Fractional>> = {
  processor: "processor",
  siblings: "siblings",
  "cpu cores": "cpuCores",
  "cpuid level": "cpuIdLevel",
  "clflush size": "clFlushSize",
  cache_alignment: "cacheAlignment",
  "cpu MHz": "cpuMhz",
  bogomips: "bogoMips",
  BogoMIPS: "bogoMips",
};

const texts = {
  vendor_id: "vendorId",
  "CPU implementer": "vendorId",
  "cpu family": "cpuFamily",
  "CPU architecture": "cpuFamily",
  model: "model",
  "CPU part": "model",
  "model name": "modelName",
  stepping: "stepping",
  "CPU revision": "stepping",
  microcode: "microcode",
  "cache size": "cacheSize",
  "physical id": "physicalId",
  "core id": "coreId",
  apicid: "apicId",
  "initial apicid": "initialApicId",
  fpu: "fpu",
  fpu_exception: "fpuException",
  wp: "wp",
  "address sizes": "addressSizes",
  "power management": "powerManagement",
} as const;

const lists: Readonly<Record<string, "flags" | "bugs">> = { flags: "flags", Features: "flags", bugs: "bugs" };

/** /proc/cpuinfo of x86 and of ARM: a paragraph for each CPU. */
export function parseCpuinfo(text: string) {
  const paragraphs = text.split(/\n\s*\n/).filter((paragraph) => /^processor\s*:/m.test(paragraph));
  return paragraphs.map((paragraph) => {
    const fields = [...paragraph.matchAll(/^([^:\n]+?)[ \t]*:[ \t]*(.*)$/gm)];
    return Object.fromEntries(
      fields.flatMap(([, name, value]): [string, string | number | string[]][] => {
        const [number, text, list] = [numbers[name!], texts[name as keyof typeof texts], lists[name!]];
        if (number) return [[number, Number(value)]];
        if (text) return [[text, value!]];
        return list ? [[list, value!.split(" ").filter((word) => word !== "")]] : [];
      }),
    );
  });
}

export const cpu = ({ proc, sys }: KernelFiles): MachineHandlers<"cPUInfo" | "cPUFreqStats"> => ({
  async cPUInfo() {
    return one({ cpuInfo: parseCpuinfo(await readFile(join(proc, "cpuinfo"), "utf8")) });
  },

  async cPUFreqStats() {
    const cpus = (await readdir(join(sys, "devices/system/cpu")))
      .filter((name) => /^cpu\d+$/.test(name))
      .sort((a, b) => Number(a.slice(3)) - Number(b.slice(3)));
    const cpuFreqStats = await Promise.all(
      cpus.map(async (name) => {
        // Virtual machines have none of it, and are answered with zeros.
        const text = (file: string) =>
          readFile(join(sys, "devices/system/cpu", name, "cpufreq", file), "utf8").then(
            (it) => it.trim(),
            () => "",
          );
        const kilohertz = async (file: string) => BigInt((await text(file)) || 0);
        return {
          currentFrequency: await kilohertz("scaling_cur_freq"),
          minimumFrequency: await kilohertz("cpuinfo_min_freq"),
          maximumFrequency: await kilohertz("cpuinfo_max_freq"),
          governor: await text("scaling_governor"),
        };
      }),
    );
    return one({ cpuFreqStats });
  },
});
