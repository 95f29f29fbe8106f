// The judge of one machine. From what was asked of it follows what must be on its disks: the mark that was put there while
// it was clean and off, or the system that it was installed with. Whatever is wiped or installed without a word of ours,
// and whatever a wipe has left behind, shows there.
import type { RecordSpec, Watched } from "../milestones.ts";
import type { Disks } from "./disks.ts";

/** Whose it is, as far as its provisioner was asked. */
export type Claim =
  /** Nobody's, as soon as it was wiped under this number. */
  | { readonly is: "free"; readonly wipeId: number }
  /** Somebody's, since it was wiped under this number. */
  | { readonly is: "assigned"; readonly wipeId: number }
  /** The answer to what was asked was lost: anything may happen to it. */
  | { readonly is: "unknown"; readonly why: string };

export type DisksSeen = Pick<Disks, keyof Disks>;

type Held =
  | { readonly is: "nothing" }
  | { readonly is: "marked" }
  | { readonly is: "installed"; readonly system: string };

/** What its records told. Each was true when the disks are looked at after it. */
interface Told {
  readonly stage: string;
  readonly wipedAt: number;
  /** The wipe on top of which a system was installed; -1: none was. */
  readonly installedAt: number;
}

export class Custody {
  readonly #name: string;
  readonly #disks: DisksSeen;
  #claim: Claim = { is: "free", wipeId: 1 };
  #held: Held = { is: "nothing" };
  #told: Told = { stage: "unknown", wipedAt: 0, installedAt: -1 };
  /** The last wipe that the disks were looked at after. */
  #lookedAfter = 0;
  /** A wrong is told once. */
  readonly #wrongs = new Set<string>();
  /** How often it came to run. */
  runs = 0;

  constructor(name: string, disks: DisksSeen) {
    this.#name = name;
    this.#disks = disks;
  }

  learn(kind: Watched, { stage, wipedAt, wipeId }: RecordSpec): void {
    if (kind === "machine-statuses" && stage !== undefined) {
      if (stage === "running" && this.#told.stage !== stage) this.runs++;
      this.#told = { ...this.#told, stage };
    }
    if (kind === "wipe-statuses") this.#told = { ...this.#told, wipedAt: wipedAt ?? 0 };
    if (kind === "installations") this.#told = { ...this.#told, installedAt: wipeId ?? -1 };
  }

  get claim(): Claim {
    return this.#claim;
  }

  /** Something was asked that touches its disks, and was not refused. */
  giveUp(): void {
    this.#held = { is: "nothing" };
    this.#claim = { is: "unknown", why: "it was just asked for something" };
  }

  claimIs(claim: Claim): void {
    this.#claim = claim;
  }

  get isClean(): boolean {
    return isClean(this.#claim, this.#told);
  }

  /** It is where it belongs. */
  get isHome(): boolean {
    return this.#claim.is === "assigned" ? this.#told.stage === "running" : this.isClean;
  }

  /** Resolves to what is wrong. Nothing may be asked of the machine meanwhile. */
  async look(isOff: () => boolean): Promise<string[]> {
    // As they were before the disks were looked at: records that come meanwhile tell of later disks.
    const told = this.#told;
    const claim = this.#claim;
    const system = await this.#disks.system();
    const wrong = [...this.#wrong(claim, told, system)];
    if (wrong.length > 0) this.#held = { is: "nothing" };
    if (isInstalled(claim, told) && system !== undefined) this.#held = { is: "installed", system };
    if (isClean(claim, told)) {
      this.#lookedAfter = told.wipedAt;
      if (this.#held.is === "nothing" && isOff()) {
        this.#disks.mark();
        this.#held = { is: "marked" };
      }
    }
    const untold = wrong.filter((text) => !this.#wrongs.has(text));
    for (const text of untold) this.#wrongs.add(text);
    return untold.map((text) => `${this.#name}: ${text}`);
  }

  *#wrong(claim: Claim, told: Told, system: string | undefined): Generator<string> {
    const held = this.#held;
    if (held.is === "marked") {
      const disk = this.#disks.unmarked();
      if (disk !== undefined) yield `${disk} was wiped or written, and nobody asked for it`;
    }
    if (claim.is === "assigned" && told.wipedAt > claim.wipeId)
      yield `it was wiped under ${told.wipedAt}, and nobody released it`;
    if (held.is === "installed" && system !== held.system)
      yield `${system === undefined ? "its system is gone" : "another system is on it"}, and nobody released it`;
    if (isInstalled(claim, told) && system === undefined)
      yield "it is installed, it is said, and there is no system on its disks";
    if (isClean(claim, told) && told.wipedAt > this.#lookedAfter) {
      const remains = this.#disks.remains();
      if (remains !== undefined) yield `it is in the pool, wiped under ${told.wipedAt}, and ${remains}`;
    }
  }
}

const isClean = (claim: Claim, { stage, wipedAt }: Told) =>
  claim.is === "free" && stage === "pool" && wipedAt >= claim.wipeId;

const isInstalled = (claim: Claim, { installedAt }: Told) =>
  claim.is === "assigned" && installedAt >= claim.wipeId;
