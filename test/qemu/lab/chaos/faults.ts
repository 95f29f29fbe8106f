// How each fault of a schedule is brought about in a lab, and taken back.
import { execFileSync } from "node:child_process";
import { appendFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pause } from "../pause.ts";
import type { LabSite } from "../site.ts";
import type { Revival } from "./revival.ts";
import type { Fault } from "./schedule.ts";

const nft = (text: string) => execFileSync("nft", [text], { stdio: ["ignore", "ignore", "pipe"] });

export interface FaultsOptions {
  readonly site: LabSite;
  /** The provisioner's, which can be full. */
  readonly stateDir: string;
  readonly revival: Revival;
  readonly say: (who: string, text: string) => void;
  /** Everything is healed at once. */
  readonly signal: AbortSignal;
}

export class Faults {
  readonly #options: FaultsOptions;
  /** By what is broken: until it is whole. */
  readonly #healing = new Map<string, Promise<void>>();
  begun = 0;

  constructor(options: FaultsOptions) {
    this.#options = options;
    // BMCs answer by addresses of this namespace: what is sent there comes in by its loopback.
    nft("add table ip chaos; add chain ip chaos in { type filter hook input priority 0; }");
    for (const set of ["hung", "dark"])
      nft(`add set ip chaos ${set} { type ipv4_addr; }; add rule ip chaos in ip daddr @${set} drop`);
  }

  /** Resolves when it is there; it lasts as long as it says. */
  async begin(fault: Fault): Promise<void> {
    const { revival, say } = this.#options;
    const victim = "machine" in fault ? fault.machine : "network" in fault ? fault.network : "chaos";
    const broken = `${fault.kind} ${victim}`;
    // The schedule breaks nothing twice at a time; a provisioner that took long to answer made us late.
    await this.#healing.get(broken);
    say(victim, `${fault.kind} for ${(fault.forMs / 1000).toFixed(1)} s`);
    await revival.underway;
    const heal = await this.#bringAbout(fault);
    this.begun++;
    const healed = pause(fault.forMs, this.#options.signal)
      .then(heal)
      .then(() => say(victim, `${fault.kind}: over`));
    this.#healing.set(broken, healed);
  }

  async healed(): Promise<void> {
    await Promise.all(this.#healing.values());
  }

  /** Resolves to what takes it back. */
  async #bringAbout(fault: Fault): Promise<() => Promise<void>> {
    const { site, revival } = this.#options;
    switch (fault.kind) {
      case "power cut": {
        const { chassis } = this.#server(fault.machine);
        const wasOn = chassis.powered;
        // The BMC has no other mains.
        const answersAgain = this.#silence("dark", fault.machine);
        chassis.pressByHand("off");
        return async () => {
          answersAgain();
          if (wasOn) chassis.pressByHand("on");
        };
      }
      case "link down":
        return this.#link(fault.machine);
      case "packet loss": {
        const { machine } = this.#server(fault.machine);
        machine.loseFrames(fault.percent);
        return async () => machine.loseFrames(0);
      }
      case "BMC hangs": {
        const answersAgain = this.#silence("hung", fault.machine);
        return async () => answersAgain();
      }
      case "provisioner killed": {
        await site.provisioner.stop("SIGKILL");
        return () => revival.begin();
      }
      case "pxe-server killed": {
        const pxeServer = site.networks.pxeServers.find(({ name }) => name === fault.network)!;
        await pxeServer.stop("SIGKILL");
        return async () => pxeServer.start(site.provisioner.identities);
      }
      case "disk full": {
        const ballast = join(this.#options.stateDir, "ballast");
        fill(ballast);
        return async () => rmSync(ballast, { force: true });
      }
    }
  }

  /** Whatever is sent to its BMC is lost, for either of two reasons, which may overlap. */
  #silence(why: "hung" | "dark", name: string): () => void {
    const { ipmi, redfish } = this.#server(name);
    const address = (ipmi ?? redfish)?.address;
    if (address === undefined) return () => {};
    nft(`add element ip chaos ${why} { ${address} }`);
    return () => nft(`delete element ip chaos ${why} { ${address} }`);
  }

  async #link(name: string): Promise<() => Promise<void>> {
    const { machine } = this.#server(name);
    await machine.setLinks("down");
    return () => machine.setLinks("up");
  }

  #server(name: string) {
    return this.#options.site.rack.find(name)!;
  }
}

/** Writes until there is no room left. */
function fill(file: string): void {
  writeFileSync(file, "");
  for (const size of [1 << 20, 4096, 1]) {
    const piece = Buffer.alloc(size);
    for (;;) {
      try {
        appendFileSync(file, piece);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOSPC") break;
        throw error;
      }
    }
  }
}
