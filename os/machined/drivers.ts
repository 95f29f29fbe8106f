import type { ModuleIndex } from "./module-index.ts";

export interface DriversOptions {
  readonly index: ModuleIndex;
  /** Loads one module by its file below the release's folder. */
  readonly load: (file: string) => Promise<void>;
  /** A module that cannot be loaded: the machine goes on without it. */
  readonly refused: (file: string, reason: unknown) => void;
}

/** Modules that no device asks for, by the driver whose devices they show to programs. */
const companions: Readonly<Record<string, readonly string[]>> = {
  ipmi_si: ["ipmi_devintf"],
  ipmi_ssif: ["ipmi_devintf"],
};

/** Devices that hold data, and what brings such devices: PCI's class 01, SCSI, virtio's block (2) and SCSI (8) devices. */
const holdsData = /^pci:.*bc01sc|^scsi:|^virtio:d0000000[28]v/;

/**
 * Loads the modules of all hardware that becomes known: each once, after those that it needs, and beside all others.
 * Most of the time of a load is a driver waiting for its device.
 */
export class Drivers {
  readonly #options: DriversOptions;
  readonly #seen = new Set<string>();
  /** By file: resolves when it is loaded, or refused. */
  readonly #loads = new Map<string, Promise<void>>();
  readonly #loading = new Map<string, Promise<void>>();
  /** Files that something else than a disk needs. */
  readonly #notForDisks = new Set<string>();
  /** Disks wait here for `beginDisks`; undefined from then on. */
  #waiting: string[] | undefined = [];

  constructor(options: DriversOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#loads.size;
  }

  /** Files whose load has not ended. */
  get loading(): readonly string[] {
    return [...this.#loading.keys()];
  }

  /** There is a device that describes itself so, such as `pci:v00008086d…`. */
  found(modalias: string): void {
    if (this.#seen.has(modalias)) return;
    this.#seen.add(modalias);
    if (this.#waiting && holdsData.test(modalias)) this.#waiting.push(modalias);
    else this.#drive(modalias);
  }

  /** Loads the drivers of disks too, from now on: until here they do not hold up the others. */
  beginDisks(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const modalias of waiting) this.#drive(modalias);
  }

  /**
   * Resolves when nothing is being loaded any more, or nothing but what disks need: those take seconds to look around. A
   * driver may bring new devices (a bus, a controller): `look` is called whenever loads have ended, and tells of those
   * by `found`.
   */
  async settled(look: () => void, what: "all" | "all but disks"): Promise<void> {
    for (;;) {
      look();
      const awaited = [...this.#loading].filter(([file]) => what === "all" || this.#notForDisks.has(file));
      if (awaited.length === 0) return;
      await Promise.all(awaited.map(([, load]) => load));
    }
  }

  #drive(modalias: string): void {
    const { index } = this.#options;
    for (const module of index.matching(modalias)) {
      for (const name of [module, ...(companions[module] ?? [])]) {
        const files = index.filesFor(name);
        if (!holdsData.test(modalias)) for (const file of files) this.#notForDisks.add(file);
        this.#inOrder(files);
      }
    }
  }

  /** The files of one module: what it needs comes first. All are begun at once, so that `settled` sees the whole chain. */
  #inOrder(files: readonly string[]): void {
    let before: Promise<void> = Promise.resolve();
    for (const file of files) {
      let load = this.#loads.get(file);
      if (!load) {
        load = this.#load(file, before);
        this.#loads.set(file, load);
        this.#loading.set(file, load);
      }
      before = load;
    }
  }

  async #load(file: string, before: Promise<void>): Promise<void> {
    try {
      await before;
      await this.#options.load(file);
    } catch (reason) {
      this.#options.refused(file, reason);
    } finally {
      this.#loading.delete(file);
    }
  }
}
