// The cables of a machine, with whatever is wrong with them. What lasts is done at once; a port that its switch blocks is
// blocked anew at each power-on, because the link goes up anew.
import type { Cable } from "./description.ts";
import type { Network } from "./network.ts";

export class Cabling implements Disposable {
  readonly #network: Network;
  readonly #blocked: readonly { readonly port: string; readonly forMs: number }[];
  #waiting: readonly { readonly port: string; readonly timer: NodeJS.Timeout }[] = [];

  constructor(network: Network, cables: readonly { readonly port: string; readonly cable: Cable }[]) {
    this.#network = network;
    for (const { port, cable } of cables) {
      const { plugged = true, lossPercent = 0 } = cable;
      if (!plugged) network.setLink(port, "down");
      if (lossPercent > 0) network.setLoss(port, lossPercent);
    }
    this.#blocked = cables.flatMap(({ port, cable: { blockedForMs = 0 } }) =>
      blockedForMs > 0 ? [{ port, forMs: blockedForMs }] : [],
    );
  }

  /** The machine is on: QEMU has its taps, so that their links are up. */
  linksUp(): void {
    this.#unblock();
    this.#waiting = this.#blocked.map(({ port, forMs }) => {
      this.#network.setForwarding(port, false);
      const timer = setTimeout(() => this.#unblock(port), forMs);
      return { port, timer };
    });
  }

  #unblock(only?: string): void {
    for (const { port, timer } of this.#waiting) {
      if (only !== undefined && port !== only) continue;
      clearTimeout(timer);
      this.#network.setForwarding(port, true);
    }
    this.#waiting = this.#waiting.filter(({ port }) => only !== undefined && port !== only);
  }

  [Symbol.dispose](): void {
    this.#unblock();
  }
}
