// The ways in which a machine's firmware boots from the network, and the loader of ours that each of them takes.
import type { MachineDescription } from "./description.ts";

interface NetworkFirmware {
  readonly firmware: MachineDescription["firmware"];
  readonly networkOver?: "http";
  readonly loader?: "ipxe";
  readonly chainOnce?: string;
  /** Undefined: iPXE is in the ROM already and must not be given another. */
  readonly takes: { readonly file: string; readonly over: "tftp" | "http" } | undefined;
}

export const networkFirmware = {
  "SeaBIOS with iPXE ROM": { firmware: "bios", takes: undefined },
  "SeaBIOS to our iPXE": {
    firmware: "bios",
    chainOnce: "undionly.kpxe",
    takes: { file: "undionly.kpxe", over: "tftp" },
  },
  "OVMF PXE": { firmware: "uefi", takes: { file: "snponly.efi", over: "tftp" } },
  "OVMF PXE to ipxe.efi": {
    firmware: "uefi",
    loader: "ipxe",
    takes: { file: "ipxe-amd64.efi", over: "tftp" },
  },
  "OVMF HTTP Boot": {
    firmware: "uefi",
    networkOver: "http",
    takes: { file: "snponly.efi", over: "http" },
  },
} as const satisfies Record<string, NetworkFirmware>;

export type NetworkFirmwareName = keyof typeof networkFirmware;
export const networkFirmwareNames = Object.keys(networkFirmware) as readonly NetworkFirmwareName[];

export const speaks = (name: NetworkFirmwareName) =>
  "networkOver" in networkFirmware[name] ? "HTTP Boot" : "PXE";
