// The node's services on a real machine: every seam filled with what the kernel offers.
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { connect } from "node:net";
import { hostname, uptime } from "node:os";
import { basename } from "node:path";
import { sleep } from "../../cosi/clock.ts";
import { describeTypes } from "../../cosi/grpc/definitions.ts";
import type { State } from "../../cosi/state.ts";
import { systemClock as clock } from "../../cosi/system-clock.ts";
import { type MachineConfig as Config, parseMachineConfig } from "../../machine-config/machine-config.ts";
import { identitySettings } from "../../machine-config/settings/identity.ts";
import project from "../../package.json" with { type: "json" };
import { openAuthority } from "../../pki/authority.ts";
import { listDisks } from "../block/disks.ts";
import { openBlockDevice } from "../block/open-block-device.ts";
import { dropPartition, partitionNamed } from "../block/partition.ts";
import { speaks } from "../block/speaks.ts";
import { holdersOf } from "../block/teardown.ts";
import { wipe } from "../block/wipe/wipe.ts";
import { UserFiles } from "../config/user-files.ts";
import { bindFile, unmount } from "../kernel/mount.ts";
import type { Journal } from "../machined/journal.ts";
import { askTime } from "../network/ntp/ask.ts";
import { SystemDisk } from "../resources/block.ts";
import { MachineConfig } from "../resources/config/machine-config.ts";
import { TimeServerStatus } from "../resources/network/names.ts";
import { BootId, Version } from "../resources/runtime/node.ts";
import { PlatformMetadata } from "../resources/runtime/platform.ts";
import type { NodeNames } from "./api/certificates.ts";
import { filesystemService } from "./api/filesystem-service.ts";
import { imageService } from "./api/image-service.ts";
import { type InstallSystem, lifecycleService } from "./api/lifecycle-service.ts";
import { MachineApi } from "./api/machine-api.ts";
import { machineService } from "./api/machine-service.ts";
import { resourceService } from "./api/resource-service.ts";
import { resourceNamespaces, resourceTypes } from "./api/resource-types.ts";
import { storageService } from "./api/storage-service.ts";
import { timeService } from "./api/time-service.ts";
import { ConfigKeeper } from "./config/config-keeper.ts";
import { persistConfig } from "./config/persist-config.ts";
import { EventStream } from "./events/event-stream.ts";
import { tellOfStatus } from "./events/status-events.ts";
import { tellOfSteps } from "./events/step-events.ts";
import { xidMaker } from "./events/xid.ts";
import { extensionServices } from "./extensions/extension-services.ts";
import { restartChanged } from "./extensions/restart-changed.ts";
import { kernelRecords } from "./logs/kernel-records.ts";
import type { LogBook } from "./logs/log-book.ts";
import { followStanding } from "./node-standing.ts";
import { type PowerOptions, power } from "./power.ts";
import { reportedMeta, reportMeta } from "./report-meta.ts";
import { reportStanding } from "./report-standing.ts";
import { serviceReports } from "./service-reports.ts";
import { runProcess } from "./supervisor/process.ts";
import { Supervisor } from "./supervisor/supervisor.ts";
import { openTrustd, type Trustd } from "./trustd/open-trustd.ts";
import { requestCertificate } from "./trustd/request-certificate.ts";

const apiPort = 50_000;
const trustdPort = 50_001;
const stateFolder = "/system/state";
const extensionServicesFolder = "/usr/share/ingot/services";
const servicesCgroup = "/sys/fs/cgroup/services";
/** What is left to a machine that erases its disks, for whoever watches. */
const reachedBy: ReadonlySet<string> = new Set(["apid", "machined"]);
/** So long the last answers and events have to leave the machine. */
const farewellMs = 500;
/** The machine API that we speak, and which release of ours speaks it. Clients choose by it what to ask for. */
const tag = `v1.13.0+ingot.${project.version}`;

export interface Surroundings extends Pick<PowerOptions, "end" | "installation"> {
  readonly state: State;
  readonly logs: LogBook;
  /** What PID 1 is at. */
  readonly journal: Pick<Journal, "follow">;
  readonly said: (level: "info" | "warn" | "error", text: string) => void;
  /** Puts the system on a disk of a machine that runs from memory. */
  readonly installSystem: InstallSystem;
  /** PID 1 says of every child that it is its own. */
  readonly track: (child: ChildProcess) => ChildProcess;
}

/** Runs until it is disposed of. */
export async function startServices(surroundings: Surroundings): Promise<AsyncDisposable> {
  const { state, logs, journal, said, end, installation, installSystem } = surroundings;
  const now = () => clock.now();
  const failed = (error: unknown) =>
    said("error", error instanceof Error ? (error.stack ?? error.message) : String(error));
  const events = new EventStream({ now, nextId: xidMaker(randomBytes(5), now) });
  const services = new Supervisor({ clock, logs, changed: serviceReports({ events, state, failed }) });
  let current: Config | undefined;
  let names: NodeNames = { dnsNames: [], ipAddresses: [] };
  let trustd: Trustd | undefined;

  const config = new ConfigKeeper({
    current: () => current,
    async follow(next) {
      current = next;
      const spec = { yaml: next.text, from: "the API" };
      await state.as("MachineConfig").set(MachineConfig, "v1alpha1", { spec });
    },
    async persist(next) {
      await persistConfig(stateFolder, next.text);
      const spec = { yaml: next.text, from: "the API" };
      await state.as("MachineConfig").set(MachineConfig, "persistent", { spec });
    },
    clock,
    failed,
  });
  const authority = () => {
    const found = current && identitySettings(current)?.authority;
    return found?.key === undefined ? undefined : openAuthority({ crt: found.crt, key: found.key, clock });
  };
  const stopServices = () => services.stopAll({ except: reachedBy });
  const lifecycle = power({ end, installation, stopServices });
  const over = new AbortController();
  tellOfSteps(journal, events);
  const tellingOfStatus = tellOfStatus(state, events, over.signal).catch(failed);

  const meta = () => {
    const found = installation()?.meta;
    return found && reportedMeta(found, state);
  };

  const api = new MachineApi({
    address: `[::]:${apiPort}`,
    clock,
    addressOf: (node) => portAt(node, apiPort),
    requestCertificate: ({ token, accepted }, names) =>
      requestCertificate({
        address: portAt(controlPlaneOf(current), trustdPort),
        ...{ token, names },
        authorities: accepted.map(({ pem }) => pem).join(""),
      }),
    said: (text) => said("info", text),
    failed,
    services: (callerOf) => [
      machineService({
        ...{ proc: "/proc", sys: "/sys", hostname, events, logs, services, config, lifecycle, authority },
        build: {
          ...{ tag, commit: "", built: "", engine: process.version },
          architecture: process.arch === "x64" ? "amd64" : process.arch,
        },
        isConfigured: () => current?.v1alpha1 !== undefined,
        isInstalled: async () => (await state.find(SystemDisk, "system-disk")) !== undefined,
        clusterName: () => current?.v1alpha1?.cluster?.clusterName ?? "",
        actorId: () => crypto.randomUUID(),
        meta,
        readKernelLog: kernelRecords({ now, sinceBootMs: () => uptime() * 1000 }),
      }),
      storageService({
        disks: () => listDisks("/sys"),
        systemDisk: async () => (await state.find(SystemDisk, "system-disk"))?.spec.diskID,
        partitionNamed: (name) => partitionNamed("/sys", name),
        ...{ usesOf, dropPartition },
        wipe: wipeDisk,
      }),
      filesystemService,
      imageService({ checkImage: () => installation()?.checkImage }),
      lifecycleService({ installSystem, writeSystem: () => installation()?.writeSystem }),
      timeService({
        now,
        async timeServers() {
          const { resources } = await state.list(TimeServerStatus);
          return resources[0]?.spec.timeServers ?? [];
        },
        async offsetOf(server, signal) {
          const nonce = () => randomBytes(8).readBigUInt64LE();
          const sample = await askTime(server, { clock, nonce, signal });
          return typeof sample === "string" ? sample : sample.offsetMs;
        },
      }),
      resourceService({ state, callerOf }),
    ],
  });

  await describeTypes(state, resourceTypes, resourceNamespaces);
  await report(state);
  const installed = installation();
  if (installed) await reportMeta(installed.meta, state);
  services.run({
    id: "apid",
    restart: "always",
    health: {
      check: (signal) => answers(api.port, signal),
      ...{ initialDelayMs: 1_000, everyMs: 10_000, timeoutMs: 5_000 },
    },
    async run({ started, signal }) {
      await using _ = api;
      let isUp = false;
      await followStanding(
        state,
        async (standing, next) => {
          current = next;
          ({ names } = standing);
          await api.follow(standing);
          await trustd?.renew();
          await reportStanding(state, standing, next);
          if (!isUp) started("Started");
          isUp = true;
        },
        signal,
      );
    },
  });
  services.run({
    id: "trustd",
    restart: "always",
    // It follows the config.
    dependsOn: ["apid"],
    conditions: [{ waitsFor: "this node to have the key of its cluster's authority", met: keyed }],
    async run({ started, signal }) {
      trustd = await openTrustd({
        ...{ address: `[::]:${trustdPort}`, clock, failed },
        authority: () => authority()!,
        token: () => (current && identitySettings(current)?.token) ?? "",
        names: () => names,
      });
      await using _ = trustd;
      started("Started");
      await stopped(signal);
      trustd = undefined;
    },
  });
  for (const service of await extensionServices({
    folder: extensionServicesFolder,
    config: () => current,
    openFiles: () => new UserFiles({ root: "/", bind: bindFile, unbind: unmount }),
    runProcess: (description) =>
      runProcess(description, {
        ...{ cgroups: servicesCgroup, clock },
        spawn: (command, args, options) => surroundings.track(spawn(command, args, options)),
      }),
    refused: (why) => said("error", why),
  }))
    services.run(service);
  const following = restartChanged({ state, services, signal: over.signal }).catch(failed);
  services.run({
    id: "machined",
    restart: "always",
    async run({ started, signal }) {
      started("Service started as goroutine");
      await stopped(signal);
    },
  });

  return {
    async [Symbol.asyncDispose]() {
      await sleep(clock, farewellMs, over.signal);
      await services.stopAll();
      await config[Symbol.asyncDispose]();
      over.abort();
      await Promise.all([tellingOfStatus, following]);
    },
  };

  /** Resolves when the config has come that has the key. */
  async function keyed(signal: AbortSignal): Promise<void> {
    for await (const events of state.watch(MachineConfig, { id: "v1alpha1", signal })) {
      const configs = events.flatMap((event) =>
        event.type === "bootstrapped" ? [] : [event.resource.spec.yaml],
      );
      if (configs.some((yaml) => identitySettings(parseMachineConfig(yaml))?.authority?.key !== undefined))
        return;
    }
  }
}

const stopped = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });

const portAt = (host: string, port: number) => (host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`);

/** Where the config says that the control plane is reached. */
function controlPlaneOf(config: Config | undefined): string {
  const endpoint = config?.v1alpha1?.cluster?.controlPlane?.endpoint;
  if (endpoint === undefined) throw new Error("Cannot reach the control plane: the config names no endpoint");
  return new URL(endpoint).hostname.replace(/^\[|\]$/g, "");
}

/** Whether somebody listens there. */
async function answers(port: number | undefined, signal: AbortSignal): Promise<void> {
  if (port === undefined) throw new Error("the API does not listen");
  const socket = connect({ host: "127.0.0.1", port });
  try {
    await once(socket, "connect", { signal });
  } finally {
    socket.destroy();
  }
}

/** What does not change while the machine runs. */
async function report(state: State): Promise<void> {
  const bootID = (await readFile("/proc/sys/kernel/random/boot_id", "latin1")).trim();
  await state.as("Kernel").set(BootId, "boot-id", { spec: { bootID } });
  await state.as("Platform").set(PlatformMetadata, "platformmetadata", { spec: { platform: "metal" } });
  await state.as("Version").set(Version, "version", { spec: { name: "Ingot", version: tag } });
}

async function usesOf(device: string): Promise<string[]> {
  const mounts = readFileSync("/proc/mounts", "utf8").split("\n");
  const isPartition = (await partitionNamed("/sys", device)) !== undefined;
  const isOnIt = new RegExp(`^/dev/${device}${isPartition ? "" : String.raw`(p?\d+)?`} `);
  const mounted = mounts.filter((line) => isOnIt.test(line)).map((line) => line.split(" ")[1]);
  const holders = isPartition
    ? (await readdir(`/sys/class/block/${device}/holders`)).map((name) => ({ name }))
    : await holdersOf("/sys", `/dev/${device}`);
  return [
    ...mounted.map((path) => `it is mounted at ${path}`),
    ...holders.map(({ name }) => `${name} is built on it`),
  ];
}

const wipeDisk: Parameters<typeof storageService>[0]["wipe"] = async (device, methods, signal) => {
  const disk = (await listDisks("/sys")).find(({ devPath }) => basename(devPath) === basename(device));
  return wipe({
    open: () => openBlockDevice(device, disk ? speaks(disk) : "nothing"),
    methods,
    samples: 16,
    random: Math.random,
    progress: () => undefined,
    pause: (stop) => sleep(clock, 1000, stop),
    signal,
  });
};
