import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { reflect } from "../../resources/reflect.ts";
import { ExtensionStatus, KernelCmdline, SecurityState } from "../../resources/runtime/kernel.ts";
import { withoutSecrets } from "../../services/logs/hidden-arguments.ts";
import type { Context } from "../context.ts";
import { kernelParameters, lockdownOf, unmetDemands } from "../hardening.ts";
import type { Task } from "../phases.ts";
import { parameter } from "./hardening.ts";
import { reportModules } from "./report-modules.ts";

const secureBootVariable = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";

/** Says what the kernel is and how well it is protected: as resources, and what is not met on the console. */
export const selfCheck: Task<Context> = {
  name: "self-check",
  async run({ state, log }) {
    const cmdline = readFileSync("/proc/cmdline", "utf8").trim();
    const lockdown = textOf("/sys/kernel/security/lockdown");
    const facts = {
      parameters: Object.fromEntries(Object.keys(kernelParameters).map((name) => [name, parameter(name)])),
      lockdown,
      moduleSignatureEnforced: textOf("/sys/module/module/parameters/sig_enforce") === "Y",
      // Four bytes of attributes, then the value.
      secureBoot: existsSync(secureBootVariable) && readFileSync(secureBootVariable)[4] === 1,
      mounts: textOf("/proc/mounts").split("\n"),
      cmdline,
    };
    const unmet = unmetDemands(facts);
    const { secureBoot, moduleSignatureEnforced } = facts;
    const security = { secureBoot, lockdown: lockdownOf(lockdown), moduleSignatureEnforced, unmet };
    const kernel = state.as("Kernel");
    await reflect(kernel, KernelCmdline, new Map([["cmdline", { cmdline: withoutSecrets(cmdline) }]]));
    await reflect(kernel, SecurityState, new Map([["securitystate", security]]));
    await reportModules(state);
    await reflect(state.as("Image"), ExtensionStatus, extensions("/usr/share/ingot/extensions"));
    log.write("info", `hardening: lockdown ${security.lockdown}, ${unmet.length} demands not met`);
    for (const demand of unmet) log.write("info", `hardening: ${demand}`);
  },
};

/** As the image builder labels the layers. */
const label = z.object({
  name: z.string(),
  description: z.string(),
  packages: z.array(z.object({ name: z.string(), version: z.string() })),
});

function extensions(folder: string) {
  const files = existsSync(folder) ? readdirSync(folder).sort() : [];
  return new Map(
    files.map((file) => {
      const { packages, ...same } = label.parse(JSON.parse(readFileSync(join(folder, file), "utf8")));
      const version = packages.map((it) => it.version).join(" ");
      return [same.name, { metadata: { ...same, version }, packages }] as const;
    }),
  );
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    return "";
  }
}
