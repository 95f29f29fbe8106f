// A node in this process, for tests: the real API over the real files of this machine, with nothing behind what would
// change it but records of what was asked.
import { randomBytes } from "node:crypto";
import { SequenceEvent_Action as Action, SequenceEventSchema } from "../../../api/gen/machine/events_pb.js";
import type { ServedService } from "../../../api/grpc/serve.ts";
import { describeTypes } from "../../../cosi/grpc/definitions.ts";
import { State } from "../../../cosi/state.ts";
import { MemoryStore } from "../../../cosi/stores/memory.ts";
import { systemClock } from "../../../cosi/system-clock.ts";
import { generateConfigs } from "../../../machine-config/generate/configs.ts";
import { createSecrets, type SecretsBundle } from "../../../machine-config/generate/secrets.ts";
import { type MachineConfig, parseMachineConfig } from "../../../machine-config/machine-config.ts";
import { identitySettings } from "../../../machine-config/settings/identity.ts";
import { openAuthority } from "../../../pki/authority.ts";
import { someDisk } from "../../block/some-disk.ts";
import { MachineConfig as MachineConfigResource } from "../../resources/config/machine-config.ts";
import { HostnameStatus, hostnameId } from "../../resources/network/names.ts";
import { ConfigKeeper } from "../config/config-keeper.ts";
import { EventStream } from "../events/event-stream.ts";
import { xidMaker } from "../events/xid.ts";
import { LogBook } from "../logs/log-book.ts";
import { reportStanding } from "../report-standing.ts";
import { Supervisor } from "../supervisor/supervisor.ts";
import { filesystemService } from "./filesystem-service.ts";
import { imageService } from "./image-service.ts";
import { lifecycleService } from "./lifecycle-service.ts";
import type { KernelRecord } from "./machine/dmesg.ts";
import type { Lifecycle } from "./machine/lifecycle.ts";
import { MachineApi, type MachineApiOptions } from "./machine-api.ts";
import { machineService } from "./machine-service.ts";
import { resourceService } from "./resource-service.ts";
import { resourceNamespaces, resourceTypes } from "./resource-types.ts";
import { storageService } from "./storage-service.ts";
import { timeService } from "./time-service.ts";

export interface PracticeNodeOptions {
  /** Undefined for a machine that has no config yet. */
  readonly config?: MachineConfig;
  readonly hostname?: string;
  readonly kernelLog?: readonly KernelRecord[];
  /** Where other nodes of the test listen, by the name that the test gives them. */
  readonly addressOf?: (node: string) => string;
  /** Services that answer as a test says, in the place of ours. */
  readonly instead?: readonly ServedService[];
  /** Where a worker gets its certificate. */
  readonly requestCertificate?: MachineApiOptions["requestCertificate"];
}

export interface PracticeNode extends AsyncDisposable {
  readonly address: string;
  readonly port: number;
  readonly state: State;
  readonly events: EventStream;
  readonly logs: LogBook;
  readonly services: Supervisor;
  readonly api: MachineApi;
  readonly said: readonly string[];
  /** What the machine was asked to do with itself. */
  readonly asked: readonly string[];
  /** What a boot would read. */
  readonly persisted: () => MachineConfig | undefined;
}

const disk = someDisk("/dev/vda");
const names = { dnsNames: ["practice"], ipAddresses: ["127.0.0.1"] };

export async function openPracticeNode(options: PracticeNodeOptions = {}): Promise<PracticeNode> {
  const {
    hostname = "practice",
    kernelLog = [],
    addressOf = (node) => `${node}:50000`,
    instead = [],
  } = options;
  const clock = systemClock;
  const now = () => clock.now();
  const state = new State({ store: new MemoryStore({ history: 500 }), clock });
  const events = new EventStream({ now, nextId: xidMaker(randomBytes(5), now) });
  const logs = new LogBook(() => clock.now());
  const services = new Supervisor({ clock, logs, changed: () => undefined });
  const asked: string[] = [];
  const said: string[] = [];
  let current = options.config;
  let persisted = options.config;

  const failed = (error: unknown) => {
    said.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  };
  const config = new ConfigKeeper({
    current: () => current,
    async follow(next) {
      current = next;
      await state.set(MachineConfigResource, "v1alpha1", { spec: { yaml: next.text, from: "the API" } });
      // Not awaited: the API waits for the answer to this call before it changes.
      void api.follow(standing()).catch(failed);
    },
    persist(next) {
      persisted = next;
      return Promise.resolve();
    },
    clock,
    failed,
  });
  const record = (text: string, sequence: string, actorId = "") => {
    asked.push(text);
    events.publish(SequenceEventSchema, { sequence, action: Action.START }, actorId);
    return Promise.resolve();
  };
  const lifecycle: Lifecycle = {
    reboot: (how, actorId) => record(`reboot ${how}`, "reboot", actorId),
    shutdown: (force, actorId) => record(`shutdown${force ? " by force" : ""}`, "shutdown", actorId),
    reset: ({ graceful, reboot }, actorId) =>
      record(`reset${graceful ? " gracefully" : ""}${reboot ? ", reboot" : ""}`, "reset", actorId),
    rollback: () => record("rollback", "reboot"),
    upgrade: ({ image }, actorId) => record(`upgrade to ${image}`, "upgrade", actorId),
  };
  const identity = () => current && identitySettings(current);
  const standing = () => ({ identity: identity(), names });

  const api = new MachineApi({
    address: "127.0.0.1:0",
    clock,
    addressOf,
    requestCertificate:
      options.requestCertificate ??
      (() => Promise.reject(new Error("Cannot request a certificate: nobody gives any"))),
    said: (text) => void said.push(text),
    failed,
    services: (callerOf) => [
      ...instead,
      ...[
        machineService({
          proc: "/proc",
          sys: "/sys",
          build: {
            ...{ tag: "v1.13.0", commit: "practice", built: "", engine: process.version },
            architecture: process.arch === "x64" ? "amd64" : process.arch,
          },
          isConfigured: () => current?.v1alpha1 !== undefined,
          isInstalled: () => Promise.resolve(false),
          config,
          authority: () => {
            const authority = identity()?.authority;
            return authority?.key === undefined
              ? undefined
              : openAuthority({ crt: authority.crt, key: authority.key, clock });
          },
          clusterName: () => current?.v1alpha1?.cluster?.clusterName ?? "practice",
          lifecycle,
          actorId: () => crypto.randomUUID(),
          hostname: () => hostname,
          events,
          logs,
          services,
          meta: () => undefined,
          async *readKernelLog({ tail }) {
            if (!tail) yield kernelLog;
          },
        }),
        storageService({
          disks: () => Promise.resolve([disk]),
          systemDisk: () => Promise.resolve(undefined),
          partitionNamed: () => Promise.resolve(undefined),
          dropPartition: () =>
            Promise.reject(new Error("Cannot drop: there are no partitions in a practice node")),
          usesOf: () => Promise.resolve([]),
          wipe: () => Promise.reject(new Error("Cannot wipe: there are no disks in a practice node")),
        }),
        filesystemService,
        imageService({ checkImage: () => undefined }),
        lifecycleService({
          installSystem({ image, disk }, { said }) {
            said(`writing ${image} on ${disk}`);
            return record(`install ${image} on ${disk}`, "install");
          },
          writeSystem:
            () =>
            (image, { said }) => {
              said(`writing ${image}`);
              return record(`write ${image}`, "upgrade");
            },
        }),
        timeService({
          now,
          timeServers: () => Promise.resolve(["time.example"]),
          offsetOf: () => Promise.resolve(1500),
        }),
        resourceService({ state, callerOf }),
      ].filter(({ service }) => instead.every((it) => it.service !== service)),
    ],
  });
  await describeTypes(state, resourceTypes, resourceNamespaces);
  await state.set(HostnameStatus, hostnameId, { spec: { hostname, domainname: "" } });
  if (current) {
    await state.set(MachineConfigResource, "v1alpha1", { spec: { yaml: current.text, from: "a test" } });
  }
  await api.follow(standing());
  await reportStanding(state, standing(), current);

  return {
    get address() {
      return `127.0.0.1:${api.port}`;
    },
    get port() {
      return api.port!;
    },
    ...{ state, events, logs, services, api, said, asked },
    persisted: () => persisted,
    async [Symbol.asyncDispose]() {
      await config[Symbol.asyncDispose]();
      await api[Symbol.asyncDispose]();
      await services[Symbol.asyncDispose]();
    },
  };
}

/** The configs of a cluster for practice, and what its clients need. */
export async function practiceCluster(): Promise<{
  readonly secrets: SecretsBundle;
  readonly controlPlane: MachineConfig;
  readonly worker: MachineConfig;
}> {
  const secrets = await createSecrets({ clock: systemClock });
  const plan = {
    clusterName: "practice",
    endpoint: "https://10.0.0.10:6443",
    secrets,
    clock: systemClock,
    installDisk: "/dev/vda",
  };
  const { controlPlane, worker } = await generateConfigs(plan);
  return {
    secrets,
    controlPlane: parseMachineConfig(controlPlane.text),
    worker: parseMachineConfig(worker.text),
  };
}
