// A whole lab: the networks of a rack's description, the provisioner and the pxe-servers on them, the rack's machines, and
// what the provisioner records of each. The terminal, the suites, chaos and the benchmark are made of it.
import { randomBytes } from "node:crypto";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { openRedfishRack, type RedfishRack } from "../../../bmc/simulator/redfish/rack.ts";
import { systemClock } from "../../../bmc/system-clock.ts";
import { createAuthority } from "../../../pki/authority.ts";
import { guestArguments } from "../framework/guest-arguments.ts";
import { project } from "../framework/image.ts";
import type { RunDirectory } from "../framework/run-directory.ts";
import type { Server } from "../framework/server.ts";
import { startTimeServer } from "../framework/time-server.ts";
import { openRackNetworks, type RackNetworks, siteAddress } from "../rack/rack-networks.ts";
import { openRackServer } from "../rack/rack-server.ts";
import type { Rack as RackDescription } from "../rack/schema.ts";
import { Board } from "./board.ts";
import { followMachines } from "./follow-machines.ts";
import type { RecordSpec, Watched } from "./milestones.ts";
import { LabProvisioner } from "./provisioner.ts";
import { Rack } from "./rack.ts";

export interface News {
  readonly id: string;
  readonly name: string;
  readonly kind: Watched;
  readonly spec: RecordSpec;
  /** The milestones that the machine got to by that. */
  readonly reached: readonly string[];
}

export interface LabSiteOptions {
  readonly directory: RunDirectory;
  readonly description: RackDescription;
  readonly nowS: () => number;
  /** What happens, and to whom. */
  readonly say: (who: string, text: string) => void;
  /** What the provisioner has recorded of one of the lab's machines. */
  readonly learned?: (news: News) => void;
  /** The provisioner ended, and nobody wanted it to. Undefined: then the lab ends too. */
  readonly provisionerEnded?: (failure: Error) => void;
  /** The folder of the image that machines boot; undefined: the one that this checkout builds. */
  readonly image?: string | undefined;
  /** More kernel arguments than every machine of the lab has. */
  readonly arguments?: readonly string[];
  readonly signal: AbortSignal;
}

export interface LabSite extends AsyncDisposable {
  readonly board: Board;
  readonly rack: Rack;
  readonly networks: RackNetworks;
  readonly provisioner: LabProvisioner;
  /** Accepts whatever the lab has made. */
  acceptAll(): Promise<void>;
  /** Rejects when it must end; resolves after the signal. */
  readonly living: Promise<void>;
}

/** What the provisioner says that is told otherwise; all of it is in serve.log. */
const told = [
  // A download is told when it begins and when it is done; in between it would drown the rest.
  / loads .*, [1-9]\d* of /,
  // What a controller decided of a machine shows in its records.
  /^ingot: [A-Z]\w+ [0-9a-f-]{36}: /,
];

export async function openLabSite(options: LabSiteOptions): Promise<LabSite> {
  const { directory, description, nowS, say, signal } = options;
  const failure = Promise.withResolvers<never>();
  await using around = new AsyncDisposableStack();
  const networks = around.use(await openRackNetworks(description.networks, directory));
  around.use(await startTimeServer(siteAddress));
  const redfish = around.use(await redfishRack());
  const board = new Board(nowS);
  const cpus = cpusFor(description.machines.length);
  // Before the provisioner, which so ends while its machines and their BMCs still answer.
  const rack = around.use(
    new Rack({
      open: (machine, nth) =>
        openRackServer({ ...machine, cpus: machine.cpus ?? cpus }, nth, {
          networks: description.networks,
          switches: networks.switches,
          directory,
          redfish,
        }),
      added: (server, { powered }) => {
        board.add(server.machine.name);
        if (!powered) return say(server.machine.name, `in its place, off${bmcOf(server)}`);
        server.chassis.pressByHand("on");
        board.poweredOn(server.machine.name);
        say(server.machine.name, `powered on${bmcOf(server)}`);
      },
    }),
  );
  const provisioner = around.use(
    new LabProvisioner({
      directory,
      segmentsFile: networks.segmentsFile,
      enrol: networks.pxeServers.map(({ name }) => name),
      image: options.image ?? join(project, "out/image"),
      arguments: [...guestArguments, "printk.devkmsg=on", "panic=10", ...(options.arguments ?? [])],
      print: (line) => {
        if (!told.some((pattern) => pattern.test(line))) say("ingot", line.replace(/^[\d:.]+ |^ingot: /, ""));
      },
      ended: options.provisionerEnded ?? failure.reject,
      signal,
    }),
  );
  await provisioner.start();
  for (const pxeServer of networks.pxeServers) pxeServer.start(provisioner.identities);
  const following = followMachines(provisioner, {
    signal,
    learn(id, kind, spec) {
      const name = rack.nameOf(id);
      if (name === undefined) return;
      const { lines, reached } = board.learn(name, kind, spec);
      for (const text of lines) say(name, text);
      options.learned?.({ id, name, kind, spec, reached });
    },
  });
  const living = Promise.race([following, failure.promise]);
  // Awaited by who holds the site, whatever ends first.
  for (const one of [following, living]) one.catch(() => {});
  const opened = around.move();
  return {
    board,
    rack,
    networks,
    provisioner,
    living,
    acceptAll: async () => {
      const when = [{ field: "system.manufacturer", is: "like", pattern: "Ingot*" }];
      const spec = { order: 1, verdict: "accept", when };
      await provisioner.api().call("PUT", "/api/v1/rules/lab", { spec });
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** Emulated processors that are more than the computer's wait for each other; guests' kernels have stalled over that. */
const cpusFor = (machines: number) => (availableParallelism() >= 2 * machines ? 2 : 1);

const bmcOf = ({ ipmi, redfish }: Server) =>
  ipmi || redfish ? `; its BMC is ${(ipmi ?? redfish)!.address}` : "";

async function redfishRack(): Promise<RedfishRack> {
  const authority = await createAuthority({
    commonName: "BMCs of the lab",
    algorithm: "ecdsa-p256",
    clock: { now: () => new Date(systemClock.now()) },
  });
  const { certificate, key } = await authority.issue({
    ipAddresses: [siteAddress],
    purposes: ["serverAuth"],
  });
  return openRedfishRack({ certificate: certificate.pem, key: key.pkcs8Pem, randomBytes });
}
