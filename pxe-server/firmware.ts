// Which firmware gets which loader. Every boot file name stands only in this table.

export const loaderKinds = ["snponly", "ipxe", "signed"] as const;
/**
 * `snponly` drives the NIC through the firmware and boots nearly everywhere; `ipxe` carries its own drivers, which hang
 * some NICs and save others; `signed` is for Secure Boot.
 */
export type LoaderKind = (typeof loaderKinds)[number];

interface Row {
  /** Client system architecture types, RFC 4578 §2.1 and IANA's registry after it. */
  readonly codes: readonly number[];
  /** HTTP Boot firmware (UEFI 2.5 §24.7) takes a URL where PXE firmware takes a TFTP path. */
  readonly over: "tftp" | "http";
  readonly loaders: { readonly [K in LoaderKind]?: string };
}

const bios = { snponly: "undionly.kpxe", ipxe: "ipxe.pxe" };
const x64 = { snponly: "snponly.efi", ipxe: "ipxe-amd64.efi", signed: "shimx64.efi" };
// Debian builds only the all-driver binary for these.
const arm64 = { snponly: "ipxe-arm64.efi", ipxe: "ipxe-arm64.efi", signed: "shimaa64.efi" };
const riscv64 = { snponly: "ipxe-riscv64.efi", ipxe: "ipxe-riscv64.efi" };
const none = {};

const table = {
  bios: { codes: [0], over: "tftp", loaders: bios },
  "bios-http": { codes: [20], over: "http", loaders: bios },
  "uefi-ia32": { codes: [6], over: "tftp", loaders: none },
  "uefi-ia32-http": { codes: [15], over: "http", loaders: none },
  // 9 is EFI byte code in the RFC, but x86-64 machines send it as often as 7 (RFC 5970's errata).
  "uefi-x64": { codes: [7, 9], over: "tftp", loaders: x64 },
  "uefi-x64-http": { codes: [16, 17], over: "http", loaders: x64 },
  "uefi-arm32": { codes: [10], over: "tftp", loaders: none },
  "uefi-arm32-http": { codes: [18], over: "http", loaders: none },
  "uefi-arm64": { codes: [11], over: "tftp", loaders: arm64 },
  "uefi-arm64-http": { codes: [19], over: "http", loaders: arm64 },
  "uefi-riscv64": { codes: [27], over: "tftp", loaders: riscv64 },
  "uefi-riscv64-http": { codes: [28], over: "http", loaders: riscv64 },
  // U-Boot starts EFI binaries by itself (bootefi), so it gets what UEFI gets.
  "uboot-arm32": { codes: [21], over: "tftp", loaders: none },
  "uboot-arm32-http": { codes: [23], over: "http", loaders: none },
  "uboot-arm64": { codes: [22], over: "tftp", loaders: arm64 },
  "uboot-arm64-http": { codes: [24], over: "http", loaders: arm64 },
  // The boot ROM fetches its own file list by TFTP and never asks for a loader.
  "raspberry-pi": { codes: [41], over: "tftp", loaders: none },
} as const satisfies Record<string, Row>;

export type Architecture = keyof typeof table;

const rows: Readonly<Record<Architecture, Row>> = table;
export const architectures = Object.keys(table) as readonly Architecture[];

const byCode = new Map(
  architectures.flatMap((architecture) => rows[architecture].codes.map((code) => [code, architecture])),
);

/** Boot ROMs before 2020 call themselves a PC's BIOS; IEEE's registry tells whose they are. */
const raspberryMakers: ReadonlySet<string> = new Set([
  ...["b8:27:eb", "dc:a6:32", "e4:5f:01", "28:cd:c1", "d8:3a:dd", "2c:cf:67"],
]);

/** The first architecture of option 93 that the table knows; firmware may list several, best first. */
export function architectureOf(codes: readonly number[], mac = ""): Architecture | undefined {
  const said = codes.map((code) => byCode.get(code)).find((known) => known !== undefined);
  return said === "bios" && raspberryMakers.has(mac.slice(0, 8)) ? "raspberry-pi" : said;
}

/** What a machine's firmware says of itself in DHCP. */
export interface Firmware {
  readonly architecture: Architecture | undefined;
  readonly isIpxe: boolean;
}

export type NextStage =
  | { readonly load: "loader"; readonly over: "tftp" | "http"; readonly file: string }
  /** iPXE of any kind: it gets our script, never a loader again, or it would load itself for ever. */
  | { readonly load: "script" }
  /** A Raspberry Pi's boot ROM: no loader's name, but a server to fetch its own list of files from. */
  | { readonly load: "own files" }
  | { readonly load: "nothing"; readonly why: string };

export function nextStage({ architecture, isIpxe }: Firmware, kind: LoaderKind = "snponly"): NextStage {
  if (isIpxe) return { load: "script" };
  if (architecture === "raspberry-pi") return { load: "own files" };
  if (!architecture) return { load: "nothing", why: "its client architecture is not one we know" };
  const { over, loaders } = rows[architecture];
  const file = loaders[kind];
  if (!file) return { load: "nothing", why: `there is no ${kind} loader for ${architecture}` };
  return { load: "loader", over, file };
}

/** EFI builds of iPXE fetch this from the root of the TFTP server they came from, before their own DHCP. */
export const autoexecFile = "autoexec.ipxe";

/** A Raspberry Pi asks for each file below its serial number or its MAC, then without; undefined for other names. */
export function raspberryFile(name: string): string | undefined {
  return /^(?:(?:[0-9a-f]{8}|[0-9a-f]{2}(?:-[0-9a-f]{2}){5})\/)?([A-Za-z0-9][A-Za-z0-9_-]*(?:[./][A-Za-z0-9_-]+)*)$/.exec(
    name,
  )?.[1];
}

/** Every loader that the table can offer for a kind: what must be present before serving. */
export function loaderFiles(kinds: readonly LoaderKind[]): readonly string[] {
  const files = architectures.flatMap((architecture) =>
    kinds.map((kind) => rows[architecture].loaders[kind]),
  );
  return [...new Set(files.filter((file) => file !== undefined))].sort();
}
