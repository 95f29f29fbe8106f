// The one seam of the pxe-server: what should this machine boot, what are the bytes, and how far did it get?
import type { Architecture, LoaderKind } from "./firmware.ts";
import type { KernelArgument } from "./kernel-arguments.ts";

/** What is known of the machine that asks. Firmware tells its MAC and architecture; iPXE tells the rest. */
export interface Client {
  /** Lower case with colons. The interface it boots by. */
  readonly mac: string;
  /** Every interface, where iPXE told us. */
  readonly macs?: readonly string[] | undefined;
  readonly uuid?: string | undefined;
  readonly serial?: string | undefined;
  readonly asset?: string | undefined;
  readonly manufacturer?: string | undefined;
  readonly product?: string | undefined;
  readonly architecture?: Architecture | undefined;
  /** DHCP option 77, in which iPXE says its name. */
  readonly userClass?: string | undefined;
  /** DHCP option 60. */
  readonly vendorClass?: string | undefined;
  /** Where it asks from, once that is known. */
  readonly address?: string | undefined;
}

/** What asks: firmware by DHCP, a loader or a file on its way, or iPXE for the script that decides. */
export type Stage = "firmware" | "loader" | "script";

/** One question. Each part of a boot asks again, because the answer may have changed in between. */
export interface Asking extends Client {
  readonly bootId: string;
  readonly stage: Stage;
}

/**
 * How a machine is sent on to its disk. Firmware differs: some boots the next device when iPXE exits, some only when
 * iPXE starts the disk itself, some only when the boot file is missing.
 */
export const diskMethods = ["exit", "sanboot", "http-404"] as const;
export type DiskMethod = (typeof diskMethods)[number];

interface Served {
  /** Shown to operators, in logs and on the machine's screen. */
  readonly why: string;
  /** Instead of the default loader, for firmware that hangs on it. */
  readonly loader?: LoaderKind | undefined;
}

export type BootPlan =
  | (Served & {
      readonly do: "kernel";
      /** Names of assets, as `Booter.asset` knows them. */
      readonly kernel: string;
      readonly initrds: readonly string[];
      readonly args: readonly KernelArgument[];
      /** Some 25G NICs hang on a big download at full speed. */
      readonly paceBytesPerSecond?: number | undefined;
    })
  | (Served & { readonly do: "chain"; readonly url: string })
  | (Served & { readonly do: "disk"; readonly method: DiskMethod })
  /** Nothing to boot yet: the screen says why, and asks again. */
  | (Served & { readonly do: "hold"; readonly retryAfterS: number })
  /** May not netboot here: every route is silent or refuses. */
  | { readonly do: "ignore"; readonly why: string };

export interface Asset {
  /** Over shared memory, so that the TFTP workers read it without a copy. */
  readonly bytes: Uint8Array<SharedArrayBuffer>;
  readonly sha256: string;
}

/** One step of one machine's boot. The last of a successful boot is the last `downloaded`. */
export type Progress =
  | { readonly step: "asked"; readonly protocol: "dhcp" | "bootserver"; readonly firmware: string }
  | { readonly step: "offered"; readonly file: string; readonly tactic: string }
  | { readonly step: "ignored"; readonly why: string }
  | { readonly step: "leased"; readonly address: string }
  | ({ readonly step: "downloading" | "downloaded"; readonly over: Transport; readonly file: string } & Sent)
  | { readonly step: "scripted"; readonly plan: BootPlan["do"]; readonly why: string }
  | { readonly step: "failed"; readonly over: Transport; readonly file: string; readonly why: string };

export type Transport = "tftp" | "http";

interface Sent {
  readonly sentBytes: number;
  readonly totalBytes: number;
}

export interface Report {
  /** Follows one power-on through every protocol. */
  readonly bootId: string;
  readonly mac: string;
  readonly atMs: number;
  readonly progress: Progress;
}

export interface Booter {
  plan(asking: Asking, signal: AbortSignal): Promise<BootPlan>;
  /** Only names that a plan of this booter gave out; undefined for any other. */
  asset(name: string, signal: AbortSignal): Promise<Asset | undefined>;
  /** Must return at once: the machine is waiting for its next packet. */
  report(report: Report): void;
}
