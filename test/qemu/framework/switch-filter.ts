// What a switch drops, as nftables does it for its bridges. A bridge without STP keeps no port blocked by itself.

export class SwitchFilter {
  readonly #nft: (...args: readonly string[]) => void;
  /** Nothing is asked of nftables before anything is to be dropped. */
  #made = false;
  readonly #lossy = new Set<string>();

  constructor(nft: (...args: readonly string[]) => void) {
    this.#nft = nft;
  }

  /** Loses so many of a port's frames from now on, in and out; 0 is none. */
  setLoss(port: string, percent: number): void {
    if (percent === 0 && !this.#lossy.has(port)) return;
    this.#make();
    const chain = `loss_${port}`;
    if (!this.#lossy.has(port)) {
      this.#lossy.add(port);
      this.#nft(
        `add chain bridge lab ${chain}; add rule bridge lab forward iifname ${port} jump ${chain}; add rule bridge lab forward oifname ${port} jump ${chain}`,
      );
    }
    const share = percent < 100 ? `numgen random mod 10000 < ${Math.round(percent * 100)} ` : "";
    const drop = percent === 0 ? "" : `; add rule bridge lab ${chain} ${share}drop`;
    this.#nft(`flush chain bridge lab ${chain}${drop}`);
  }

  setForwarding(port: string, forwards: boolean): void {
    this.#make();
    this.#nft(`${forwards ? "delete" : "add"} element bridge lab blocked { ${port} }`);
  }

  #make(): void {
    if (this.#made) return;
    this.#made = true;
    this.#nft(
      "add table bridge lab; add set bridge lab blocked { type ifname; };",
      "add chain bridge lab forward { type filter hook forward priority 0; };",
      "add rule bridge lab forward iifname @blocked drop; add rule bridge lab forward oifname @blocked drop",
    );
  }
}
