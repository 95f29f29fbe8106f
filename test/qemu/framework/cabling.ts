// The cables of a machine, with whatever is wrong with them. What lasts is done at once; a port that its switch blocks is
// blocked anew at each power-on, because the link goes up anew.
import type { Cable } from "./description.ts";
import type { Network } from "./network.ts";

interface Port {
  readonly network: Network;
  /** Its name there. */
  readonly port: string;
}

export class Cabling implements Disposable {
  readonly #ports: readonly Port[];
  readonly #blocked: readonly (Port & { readonly forMs: number })[];
  #waiting: readonly (Port & { readonly timer: NodeJS.Timeout })[] = [];

  constructor(cables: readonly (Port & { readonly cable: Cable })[]) {
    this.#ports = cables;
    for (const { network, port, cable } of cables) {
      const { plugged = true, lossPercent = 0 } = cable;
      if (!plugged) network.setLink(port, "down");
      if (lossPercent > 0) network.setLoss(port, lossPercent);
    }
    this.#blocked = cables.flatMap(({ network, port, cable: { blockedForMs = 0 } }) =>
      blockedForMs > 0 ? [{ network, port, forMs: blockedForMs }] : [],
    );
  }

  setLinks(state: "up" | "down"): void {
    for (const { network, port } of this.#ports) network.setLink(port, state);
  }

  loseFrames(percent: number): void {
    for (const { network, port } of this.#ports) network.setLoss(port, percent);
  }

  /** The machine is on: QEMU has its taps, so that their links are up. */
  linksUp(): void {
    this.#unblock();
    this.#waiting = this.#blocked.map(({ network, port, forMs }) => {
      network.setForwarding(port, false);
      const timer = setTimeout(() => this.#unblock(port), forMs);
      return { network, port, timer };
    });
  }

  #unblock(only?: string): void {
    for (const { network, port, timer } of this.#waiting) {
      if (only !== undefined && port !== only) continue;
      clearTimeout(timer);
      network.setForwarding(port, true);
    }
    this.#waiting = this.#waiting.filter(({ port }) => only !== undefined && port !== only);
  }

  [Symbol.dispose](): void {
    this.#unblock();
  }
}
