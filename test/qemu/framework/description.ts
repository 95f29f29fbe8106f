import type { PortDescription } from "./wire/switch-port.ts";

/** A server as data. Sizes are binary megabytes; what is left out is what most servers in a lab are. */
export interface MachineDescription {
  readonly name: string;
  readonly firmware: "bios" | "uefi";
  readonly cpus?: number | undefined;
  readonly memoryMegabytes?: number;
  readonly disks?: readonly DiskDescription[];
  readonly nics?: readonly NicDescription[];
  /** A hardware watchdog that resets the machine when nobody pets it. */
  readonly watchdog?: boolean;
  /** A TPM 2.0 that is not in the processor: swtpm, a process beside the machine's. */
  readonly tpm?: boolean | undefined;
  /** BIOS: so long after nothing could be booted it starts over, as servers do; never, where nothing is said. */
  readonly bootRetryMs?: number | undefined;
  /** What its clock says at power-on, such as 1970-01-01T00:00:10; now, where nothing is said. */
  readonly clock?: string;
}

export interface DiskDescription {
  readonly bus: "virtio" | "nvme" | "sata" | "scsi";
  readonly megabytes: number;
  readonly serial?: string | undefined;
  /** Accesses that fail, as on a disk that is dying. */
  readonly faults?: readonly DiskFault[];
  /** As slow as that at writing. */
  readonly writeBytesPerSecond?: number | undefined;
  /** At reading: a disk that does a byte a second hangs. */
  readonly readBytesPerSecond?: number | undefined;
  /** What stands at its beginning when the machine is new: a boot sector, say. */
  readonly content?: Uint8Array;
}

export interface DiskFault {
  readonly on: "read" | "write";
  /** Of 512 bytes. Undefined: all of them. */
  readonly sector?: number | undefined;
}

export interface NicDescription {
  readonly model: "virtio-net-pci" | "e1000e";
  readonly mac: string;
  readonly cable?: Cable | undefined;
  /** What the switch does on this port, besides forwarding. */
  readonly port?: PortDescription | undefined;
  /** Which of the networks that the machine is plugged into; the first, unless said. */
  readonly network?: number | undefined;
}

/** What is wrong between a network card and its switch. */
export interface Cable {
  readonly plugged?: boolean | undefined;
  /** Of all frames, in both directions. */
  readonly lossPercent?: number | undefined;
  /** After power-on the switch's port forwards nothing for so long, as spanning tree without edge ports does. */
  readonly blockedForMs?: number | undefined;
  /** Each way. */
  readonly latencyMs?: number | undefined;
  /** Of each frame by chance: up to so much more. */
  readonly jitterMs?: number | undefined;
}

/** What the firmware tries, in order; or a kernel handed to it directly, as no real firmware does. */
export type Boot =
  | {
      readonly order: readonly ("network" | "disk")[];
      /** UEFI: by HTTP Boot, where PXE would come first. */
      readonly networkOver?: "http";
      /** A restart starts it again with the same order; otherwise the machine is off after it. */
      readonly restarts?: "by itself";
    }
  | { readonly kernel: string; readonly initramfs: string; readonly arguments: string };
