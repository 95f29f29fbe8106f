import { setGlobalProxyFromEnv } from "node:http";
import { uptime } from "node:os";
import { runtime } from "../../../cosi/engine/runtime.ts";
import { systemClock } from "../../../cosi/system-clock.ts";
import { trustRoots } from "../../config/trust-roots.ts";
import { UserFiles } from "../../config/user-files.ts";
import { hosts } from "../../controllers/config/hosts.ts";
import { kmsgLogSpecs, kmsgLogs } from "../../controllers/config/kernel-log.ts";
import { kernelModuleSpecs, kernelModules } from "../../controllers/config/kernel-modules.ts";
import { kernelParamSpecs, kernelParams } from "../../controllers/config/kernel-params.ts";
import { proxies } from "../../controllers/config/proxies.ts";
import { logDestinationSpecs, serviceLogs } from "../../controllers/config/service-logs.ts";
import { timeSyncSettings } from "../../controllers/config/time-settings.ts";
import { trustedRoots } from "../../controllers/config/trusted-roots.ts";
import { userFiles } from "../../controllers/config/user-files.ts";
import { userVolumes, type Volumes } from "../../controllers/config/user-volumes.ts";
import { watchdogSpecs, watchdogTimers } from "../../controllers/config/watchdog.ts";
import { ethernetSpecs } from "../../controllers/network/ethernet.ts";
import { networkFromMachineConfig } from "../../controllers/network/from-machine-config.ts";
import { wireguardSpecs } from "../../controllers/network/wireguard.ts";
import { diagnostics } from "../../controllers/runtime/diagnostics.ts";
import { machineStatus } from "../../controllers/runtime/machine-status.ts";
import { bindFile, unmount } from "../../kernel/mount.ts";
import { runTool } from "../../kernel/run-tool.ts";
import { setEthernet } from "../../network/kernel-ethernet.ts";
import { setWireguard } from "../../network/kernel-wireguard.ts";
import { SystemDisk } from "../../resources/block.ts";
import { MachineStage } from "../../resources/runtime/node.ts";
import { sendKernelLog } from "../../services/logs/kernel-log-sender.ts";
import { kernelRecords } from "../../services/logs/kernel-records.ts";
import { openLineSink } from "../../services/logs/line-sink.ts";
import { sendServiceLogs } from "../../services/logs/service-log-sender.ts";
import { UserVolumes } from "../../volumes/user-volumes.ts";
import { viewDisks } from "../../volumes/view-disks.ts";
import type { Context } from "../context.ts";
import { stageAfter } from "../stage.ts";
import { reportModules } from "./report-modules.ts";

const readKernelLog = kernelRecords({ now: () => systemClock.now(), sinceBootMs: () => uptime() * 1000 });
/** Where hosts(5) is; the image has a link there. */
const hostsFile = "/run/hosts";
/** Where programs look for whom to trust, by another link. */
const rootsFile = "/run/ca-certificates.crt";

export function startNodeControllers(context: Context, signal: AbortSignal): void {
  const { state, log, logs, journal, orphans, watchdog, arguments: args } = context;
  const failed = (error: unknown) => log.write("error", `controllers: ${String(error)}`);
  const owned = state.as("Sequencer");
  let writing: Promise<unknown> = Promise.resolve();
  journal.follow((step) => {
    const stage = stageAfter(step);
    if (stage === undefined) return;
    writing = writing.then(() => owned.set(MachineStage, "machine", { spec: { stage } })).catch(failed);
  });
  const engine = runtime({
    state,
    clock: systemClock,
    random: Math.random,
    controllers: [
      networkFromMachineConfig((text) => log.write("warn", text)),
      wireguardSpecs(setWireguard),
      ethernetSpecs(setEthernet),
      hosts(hostsFile),
      proxies((environment) => setGlobalProxyFromEnv(environment)),
      trustedRoots(trustRoots(rootsFile), (text) => log.write("error", text)),
      timeSyncSettings,
      kernelParamSpecs,
      kernelParams(),
      kernelModuleSpecs,
      kernelModules({
        run: runTool((child) => orphans.track(child)),
        loaded: () => reportModules(state),
      }),
      kmsgLogSpecs(args().all("talos.logging.kernel")),
      kmsgLogs((url) => sendKernelLog({ url, read: readKernelLog, open: openLineSink, clock: systemClock })),
      logDestinationSpecs,
      serviceLogs((destination) =>
        sendServiceLogs({ ...destination, logs, open: openLineSink, clock: systemClock }),
      ),
      userFiles(new UserFiles({ root: "/", bind: bindFile, unbind: unmount }), (text) =>
        log.write("error", text),
      ),
      userVolumes(volumesOf(context)),
      watchdogSpecs,
      watchdogTimers(watchdog),
      machineStatus,
      diagnostics,
    ],
    log: {
      info: (message) => log.write("debug", message),
      warn: (message, { error }) =>
        log.write("warn", error instanceof Error ? `${message}: ${error.message}` : message),
    },
  });
  void engine.run(signal).catch(failed);
}

function volumesOf({ state, log, orphans, closing }: Context): Volumes {
  const volumes = new UserVolumes({
    root: "/var/mnt",
    run: runTool((child) => orphans.track(child)),
    said: (text) => log.write("info", text),
    async view() {
      const system = await state.find(SystemDisk, "system-disk");
      return viewDisks("/sys", system?.spec.devPath);
    },
  });
  let closes = false;
  return {
    release: (kept) => volumes.release(kept),
    bring(volume) {
      // Behind EPHEMERAL, which they are mounted on, and so before it when all is closed.
      if (!closes) closing.defer(() => volumes.release(new Set()));
      closes = true;
      return volumes.bring(volume);
    },
  };
}
