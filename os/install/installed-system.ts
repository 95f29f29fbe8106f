// The system on a disk while it runs: what is read and written of it goes to its partitions, which nobody mounts.
import { openBlockDevice } from "../block/open-block-device.ts";
import { partitionDevice } from "../block/system-disk.ts";
import { readBootState, writeBootState } from "./boot-partition.ts";
import type { BootState } from "./boot-state.ts";
import type { ImageSource } from "./image-source.ts";
import { otherSlot, type PartitionName, partitionNumber, partitionOfSlot, type Slot } from "./layout.ts";
import { decodeMeta, encodeMeta, type MetaValues, metaBytes, metaTags } from "./meta/block.ts";
import { decodeSlotHeader, type SlotContents, slotHeaderBytes } from "./slot.ts";
import type { Target } from "./target.ts";
import { writeSlot } from "./write-slot.ts";

type OpenPartition = (name: PartitionName) => Promise<Target & AsyncDisposable>;

export const partitionsOf =
  (devPath: string): OpenPartition =>
  (name) =>
    openBlockDevice(partitionDevice(devPath, partitionNumber(name)));

export class InstalledSystem {
  readonly #open: OpenPartition;
  /** The slot that was booted. */
  readonly slot: Slot;

  constructor(open: OpenPartition, slot: Slot) {
    this.#open = open;
    this.slot = slot;
  }

  async bootState(): Promise<BootState | undefined> {
    await using boot = await this.#open("BOOT");
    return readBootState(boot, whole(boot));
  }

  /** Whether this boot is the one try that an upgrade gets. */
  async isOnTrial(): Promise<boolean> {
    const state = await this.bootState();
    return state?.is === "installed" && state.default !== this.slot;
  }

  /** From now on the boot loader boots what runs now. */
  async commit(): Promise<void> {
    await this.#boot({ is: "installed", default: this.slot });
    await this.changeMeta((values) => void values.delete(metaTags.upgradeFallback));
  }

  /** From now on it boots the other one: what ran before the last upgrade, or what an upgrade that failed left behind. */
  async rollback(): Promise<void> {
    const other = otherSlot(this.slot);
    if (!(await this.contents(other))) throw new Error("Cannot roll back: the other slot is empty");
    await this.#boot({ is: "installed", default: other });
  }

  /** Fills the other slot, and has it booted once. The kernel arguments are those of this slot. */
  async upgrade(
    source: ImageSource,
    progress: { readonly written: (bytes: number) => void; readonly signal: AbortSignal },
  ): Promise<void> {
    const other = otherSlot(this.slot);
    const own = await this.contents(this.slot);
    if (!own) throw new Error("Cannot upgrade: the slot that runs does not say with what it was booted");
    // A next that was set before points at what is about to go.
    await this.#boot({ is: "installed", default: this.slot });
    const kernelArguments = own.kernelArguments.map((word) =>
      word === `ingot.slot=${this.slot}` ? `ingot.slot=${other}` : word,
    );
    {
      await using partition = await this.#open(partitionOfSlot[other]);
      await writeSlot(partition, whole(partition), { source, kernelArguments }, progress);
    }
    await this.changeMeta((values) => void values.set(metaTags.upgradeFallback, Buffer.from(this.slot)));
    await this.#boot({ is: "installed", default: this.slot, next: other });
  }

  /** What a slot holds; undefined when it is empty. */
  async contents(slot: Slot): Promise<SlotContents | undefined> {
    await using partition = await this.#open(partitionOfSlot[slot]);
    return decodeSlotHeader(await partition.read(0, slotHeaderBytes));
  }

  async meta(): Promise<MetaValues> {
    await using partition = await this.#open("META");
    return decodeMeta(await partition.read(0, metaBytes))?.values ?? new Map();
  }

  /** Both copies are written, the first before the second: one of them is whole at any time. */
  async changeMeta(change: (values: Map<number, Uint8Array>) => void): Promise<void> {
    const values = new Map(await this.meta());
    change(values);
    const bytes = encodeMeta(values);
    await using partition = await this.#open("META");
    for (const at of [0, metaBytes / 2]) {
      await partition.write(at, bytes.subarray(at, at + metaBytes / 2));
      await partition.flush();
    }
  }

  async #boot(state: BootState): Promise<void> {
    await using boot = await this.#open("BOOT");
    await writeBootState(boot, whole(boot), state);
  }
}

const whole = ({ sizeBytes }: Target) => ({ offset: 0, sizeBytes });
