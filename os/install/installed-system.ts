// The system on a disk while it runs: what is read and written of it goes to its partitions, which nobody mounts.
import { openBlockDevice } from "../block/open-block-device.ts";
import { partitionDevice } from "../block/system-disk.ts";
import { readBootState, writeBootState } from "./boot-partition.ts";
import type { BootState } from "./boot-state.ts";
import type { ImageSource } from "./image-source.ts";
import { slotArguments } from "./installed-arguments.ts";
import { otherSlot, type PartitionName, partitionNumber, partitionOfSlot, type Slot } from "./layout.ts";
import { decodeMeta, encodeMeta, type MetaValues, metaBytes, metaTags } from "./meta/block.ts";
import {
  decodeSlotHeader,
  encodeSlotHeader,
  placesIn,
  type SlotContents,
  slotHeaderBytes,
  slotScriptBytes,
} from "./slot.ts";
import { digestOf, type Target } from "./target.ts";
import { decodeTrial, encodeTrial, type TrialRecord } from "./trial.ts";
import { writeSlot } from "./write-slot.ts";

type OpenPartition = (name: PartitionName) => Promise<Target & AsyncDisposable>;

/** A device is open for one at a time: others wait for their turn. */
const turns = new Map<string, Promise<void>>();

export const partitionsOf =
  (devPath: string): OpenPartition =>
  async (name) => {
    const path = partitionDevice(devPath, partitionNumber(name));
    const before = turns.get(path);
    const over = Promise.withResolvers<void>();
    turns.set(path, over.promise);
    await before;
    try {
      const device = await openBlockDevice(path);
      return {
        ...device,
        async [Symbol.asyncDispose]() {
          try {
            await device[Symbol.asyncDispose]();
          } finally {
            over.resolve();
          }
        },
      };
    } catch (error) {
      over.resolve();
      throw error;
    }
  };

export class InstalledSystem {
  readonly #open: OpenPartition;
  #changed: Promise<void> = Promise.resolve();
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
    await this.changeMeta((values) => {
      values.delete(metaTags.upgradeFallback);
      values.delete(metaTags.trial);
    });
  }

  /** The slot that was tried last and has not proved itself: the one that runs, or one that was given up. */
  async trial(): Promise<TrialRecord | undefined> {
    return decodeTrial((await this.meta()).get(metaTags.trial));
  }

  /** Keeps what is to be known of the trial in whatever boots next. */
  async noteTrial(news: Pick<TrialRecord, "reached" | "failure">): Promise<void> {
    await this.changeMeta((values) => {
      const trial = decodeTrial(values.get(metaTags.trial));
      if (trial) values.set(metaTags.trial, encodeTrial({ ...trial, ...news }));
    });
  }

  /** What was tried before this boot and fell back to it has been told: it is no longer waited for. */
  async endTrial(failure: string): Promise<void> {
    await this.noteTrial({ failure });
    await this.changeMeta((values) => void values.delete(metaTags.upgradeFallback));
  }

  /** From now on it boots the other one: what ran before the last upgrade. */
  async rollback(): Promise<void> {
    const other = otherSlot(this.slot);
    const damage = await this.#damageOf(other);
    if (damage !== undefined) throw new Error(`Cannot roll back: the other slot ${damage}`);
    const trial = await this.trial();
    // It would be booted for good: one that panics would do so for ever.
    if (trial?.slot === other)
      throw new Error(
        `Cannot roll back: the other slot has ${trial.image}, which never proved itself (${trial.failure ?? "it was not tried yet"}); upgrade to it to try it again`,
      );
    // Whoever asks for it during a trial says with it what is to be told of that.
    await this.noteTrial({ failure: "somebody asked for the system before it" });
    await this.#boot({ is: "installed", default: other });
  }

  /** Fills the other slot, and has it booted once. The kernel arguments are those of this slot. */
  async upgrade(
    { source, from }: { readonly source: ImageSource; readonly from: string },
    progress: { readonly written: (bytes: number) => void; readonly signal: AbortSignal },
  ): Promise<void> {
    const other = otherSlot(this.slot);
    if (await this.isOnTrial())
      throw new Error(
        "Cannot upgrade: the last upgrade has not proved itself yet, and the other slot may be needed",
      );
    const own = await this.contents(this.slot);
    if (!own) throw new Error("Cannot upgrade: the slot that runs does not say with what it was booted");
    // A next that was set before points at what is about to go.
    await this.#boot({ is: "installed", default: this.slot });
    const kernelArguments = slotArguments(
      source.release.kernelArguments,
      own.kernelArguments
        .filter((word) => !own.release.kernelArguments.includes(word))
        .map((word) => (word === `ingot.slot=${this.slot}` ? `ingot.slot=${other}` : word)),
    );
    {
      await using partition = await this.#open(partitionOfSlot[other]);
      await writeSlot(partition, whole(partition), { source, kernelArguments }, progress);
    }
    await this.changeMeta((values) => {
      values.set(metaTags.upgradeFallback, Buffer.from(this.slot));
      values.set(metaTags.trial, encodeTrial({ slot: other, image: from }));
    });
    await this.#boot({ is: "installed", default: this.slot, next: other });
  }

  /** What keeps a slot from being booted; undefined when it is whole. */
  async #damageOf(slot: Slot): Promise<string | undefined> {
    await using partition = await this.#open(partitionOfSlot[slot]);
    const header = await partition.read(0, slotHeaderBytes);
    const contents = decodeSlotHeader(header);
    if (!contents) return "is empty";
    const script = encodeSlotHeader(contents).subarray(0, slotScriptBytes);
    if (Buffer.compare(script, header.subarray(0, slotScriptBytes)) !== 0)
      return "is damaged: its boot script";
    const places = placesIn(contents.release);
    for (const part of ["kernel", "initramfs"] as const) {
      const { sizeBytes, sha256 } = contents.release[part];
      if ((await digestOf(partition, places[part], sizeBytes)) !== sha256) return `is damaged: its ${part}`;
    }
    return undefined;
  }

  /** Has the next boot upgrade to it. */
  async stageUpgrade(image: string): Promise<void> {
    await this.changeMeta((values) => void values.set(metaTags.stagedUpgradeImage, Buffer.from(image)));
  }

  async stagedUpgrade(): Promise<string | undefined> {
    const staged = (await this.meta()).get(metaTags.stagedUpgradeImage);
    return staged && Buffer.from(staged).toString("utf8");
  }

  async forgetStagedUpgrade(): Promise<void> {
    await this.changeMeta((values) => {
      values.delete(metaTags.stagedUpgradeImage);
      values.delete(metaTags.stagedUpgradeOptions);
    });
  }

  /** What a slot holds; undefined when it is empty. */
  async contents(slot: Slot): Promise<SlotContents | undefined> {
    await using partition = await this.#open(partitionOfSlot[slot]);
    return decodeSlotHeader(await partition.read(0, slotHeaderBytes));
  }

  async meta(): Promise<MetaValues> {
    await using partition = await this.#open("META");
    // Awaited here: the partition is closed when this returns.
    return await metaOn(partition);
  }

  /** Both copies are written, the first before the second: one of them is whole at any time. */
  changeMeta(change: (values: Map<number, Uint8Array>) => void): Promise<void> {
    // One after another: what two change at a time would be what one of them has seen.
    const changed = this.#changed.then(() => this.#changeMeta(change));
    this.#changed = changed.catch(() => {});
    return changed;
  }

  async #changeMeta(change: (values: Map<number, Uint8Array>) => void): Promise<void> {
    await using partition = await this.#open("META");
    const values = new Map(await metaOn(partition));
    change(values);
    const bytes = encodeMeta(values);
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

async function metaOn(partition: Pick<Target, "read">): Promise<MetaValues> {
  return decodeMeta(await partition.read(0, metaBytes))?.values ?? new Map();
}
