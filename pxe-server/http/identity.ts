// Who asks: the query that our entry script makes of iPXE's variables. Everything in it is a stranger's text.
import type { Client } from "../booter.ts";
import type { Architecture } from "../firmware.ts";
import { macOf } from "../mac.ts";

const maxChars = 128;

/** Undefined when there is no MAC in it: nobody that a plan could be made for. */
export function clientOf(query: URLSearchParams): Client | undefined {
  const mac = macOf(query.get("mac") ?? "");
  if (!mac) return undefined;
  const macs = (query.get("macs") ?? "")
    .split(",")
    .slice(0, 16)
    .map(macOf)
    .filter((known) => known !== undefined);
  const text = (name: string) => query.get(name)?.trim().slice(0, maxChars) || undefined;
  const uuid = query.get("uuid")?.toLowerCase();
  return {
    mac,
    macs: macs.length > 0 ? [...new Set(macs)] : undefined,
    uuid: uuid && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(uuid) ? uuid : undefined,
    serial: text("serial"),
    asset: text("asset"),
    manufacturer: text("manufacturer"),
    product: text("product"),
    architecture: architectures[`${query.get("platform")}/${query.get("buildarch")}`],
  };
}

/** iPXE's `platform` and `buildarch`. */
const architectures: Readonly<Record<string, Architecture>> = {
  "pcbios/i386": "bios",
  "pcbios/x86_64": "bios",
  "efi/i386": "uefi-ia32",
  "efi/x86_64": "uefi-x64",
  "efi/arm32": "uefi-arm32",
  "efi/arm64": "uefi-arm64",
  "efi/riscv64": "uefi-riscv64",
};
