// How each fault of a schedule is brought about in a lab, and taken back.
import { execFileSync } from "node:child_process";
import { appendFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LabSite } from "../site.ts";
import type { Fault } from "./schedule.ts";

const nft = (text: string) => execFileSync("nft", [text], { stdio: ["ignore", "ignore", "pipe"] });

export class Faults {
  readonly #site: LabSite;
  readonly #stateDir: string;
  readonly #restart: () => Promise<void>;

  /** `restart`: how the provisioner comes back. */
  constructor(site: LabSite, stateDir: string, restart: () => Promise<void>) {
    this.#site = site;
    this.#stateDir = stateDir;
    this.#restart = restart;
    // BMCs answer by addresses of this namespace: what is sent there comes in by its loopback.
    nft("add table ip chaos; add chain ip chaos in { type filter hook input priority 0; }");
    for (const set of ["hung", "dark"])
      nft(`add set ip chaos ${set} { type ipv4_addr; }; add rule ip chaos in ip daddr @${set} drop`);
  }

  /** Resolves to what takes it back. */
  async begin(fault: Fault): Promise<() => Promise<void>> {
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
        const { provisioner } = this.#site;
        await provisioner.stop("SIGKILL");
        return this.#restart;
      }
      case "pxe-server killed": {
        const pxeServer = this.#site.networks.pxeServers.find(({ name }) => name === fault.network)!;
        await pxeServer.stop("SIGKILL");
        return async () => pxeServer.start(this.#site.provisioner.identities);
      }
      case "disk full": {
        const ballast = join(this.#stateDir, "ballast");
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
    return this.#site.rack.find(name)!;
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
