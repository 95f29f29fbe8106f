// The scripts that iPXE runs. Foreign text enters only through `word`, `screenText` and the kernel arguments' grammar.
import type { BootPlan, DiskMethod } from "./booter.ts";
import { formatKernelArguments } from "./kernel-arguments.ts";

/** As many interfaces as a script names when it tells who the machine is. */
const reportedNics = 8;

/** Longer than a switch port without fast spanning tree stays silent after iPXE resets the link. */
const dhcpTimeoutMs = 45_000;

/** What the script asks the server, with iPXE's own variables. `:uristring` escapes what a BIOS vendor typed. */
const identity = [
  "uuid=${uuid}",
  "mac=${netX/mac:hexhyp}",
  `macs=${Array.from({ length: reportedNics }, (_, nic) => `\${net${nic}/mac:hexhyp}`).join(",")}`,
  ...["serial", "asset", "manufacturer", "product"].map((name) => `${name}=\${${name}:uristring}`),
  "buildarch=${buildarch}",
  "platform=${platform}",
].join("&");

/**
 * The first script of any iPXE. One network interface after another that has a link: configure it unless iPXE did
 * so already or the firmware left its lease, then ask what to boot.
 */
export function entryScript({ bootUrl }: { bootUrl: string }): string {
  return script(
    ":start",
    "set nic:int32 0",
    ":nic",
    "isset ${net${nic}/mac} || goto none",
    // Started by EFI firmware, iPXE knows the address that the firmware was leased, but the interface is still closed.
    "ifopen net${nic} || goto next",
    "isset ${net${nic}/ip} && goto ask ||",
    // It waits for the link by itself; iPXE of 2019, in ROMs and in QEMU, has no iflinkwait.
    `ifconf --configurator dhcp --timeout ${dhcpTimeoutMs} net\${nic} || goto next`,
    ":ask",
    `chain --replace --autofree ${word(bootUrl)}?${identity} || goto next`,
    ":next",
    "inc nic",
    "goto nic",
    ":none",
    "echo",
    `echo Ingot: no network interface reached ${screenText(bootUrl)}`,
    ...retry("start", 10),
  );
}

export interface ScriptContext {
  readonly bootId: string;
  /** Asked again after a failure. */
  readonly bootUrl: string;
  readonly urlOf: (asset: string) => string;
}

/** What iPXE does for a plan. */
export function planScript(plan: Exclude<BootPlan, { do: "ignore" }>, context: ScriptContext): string {
  const { bootUrl, bootId } = context;
  const title = `echo Ingot ${screenText(bootId)}: ${screenText(plan.why)}`;
  if (plan.do === "kernel") return script(title, ...startKernel(plan, context));
  if (plan.do === "disk") return script(title, ...bootFromDisk[plan.method]);
  if (plan.do === "hold") return holdScript(plan.why, { bootUrl, retryAfterS: plan.retryAfterS });
  return script(
    title,
    `chain --replace --autofree ${scriptUrl(plan.url)} || goto failed`,
    ...failed("the next script did not load", bootUrl),
  );
}

function startKernel(
  plan: Extract<BootPlan, { do: "kernel" }>,
  { urlOf, bootUrl }: ScriptContext,
): readonly string[] {
  // The EFI stub of older kernels finds its initramfs by this name only.
  const initrds = plan.initrds.map((asset, index) => ({ name: `initrd${index}`, url: word(urlOf(asset)) }));
  const args = [...initrds.map(({ name }) => `initrd=${name}`), formatKernelArguments(plan.args)];
  return [
    "imgfree",
    `kernel --name kernel ${word(urlOf(plan.kernel))} ${args.join(" ").trim()} || goto failed`,
    // No argument behind the URL: iPXE would wrap the image as a file of that name inside another.
    ...initrds.map(({ name, url }) => `initrd --name ${name} ${url} || goto failed`),
    "boot || goto failed",
    ...failed("the kernel or its initramfs did not load", bootUrl),
  ];
}

/** The screen of a machine that cannot go on: the reason, our address, and another try by itself. */
export function holdScript(
  why: string,
  { bootUrl, retryAfterS }: { bootUrl: string; retryAfterS: number },
): string {
  return script(
    "echo",
    `echo Ingot: ${screenText(why)}`,
    `echo Asked: ${screenText(bootUrl)}`,
    ...retry("again", retryAfterS),
    ":again",
    `chain --replace --autofree ${word(bootUrl)}?${identity} || goto unreachable`,
    "exit",
    ":unreachable",
    `echo Ingot: cannot reach ${screenText(bootUrl)}`,
    ...retry("again", retryAfterS),
  );
}

/** UEFI takes success for the end of booting and shows its menu; after a failure it goes on to what is next. */
const leave = ["iseq ${platform} efi && exit 1 ||", "exit"];

const bootFromDisk: Readonly<Record<DiskMethod, readonly string[]>> = {
  exit: leave,
  sanboot: [
    "iseq ${platform} efi && sanboot --no-describe --drive 0 ||",
    "iseq ${platform} pcbios && sanboot --no-describe --drive 0x80 ||",
    ...leave,
  ],
  // Answered by the HTTP server with 404 before any script; one that still got here leaves the same way.
  "http-404": ["exit 1"],
};

function failed(what: string, bootUrl: string): readonly string[] {
  return [
    ":failed",
    "echo",
    `echo Ingot: ${what}: \${errno:int32}`,
    `echo Asked: ${screenText(bootUrl)}`,
    ...retry("again", 10),
    ":again",
    "imgfree",
    `chain --replace --autofree ${word(bootUrl)}?${identity} || goto failed`,
  ];
}

/** A person may press a key to go on at once, or Ctrl-B for a shell. */
function retry(label: string, afterS: number): readonly string[] {
  const s = Math.max(1, Math.min(3600, Math.round(afterS)));
  return [
    `echo Trying again in ${s} s. Press s for a shell, any other key to try now.`,
    `prompt --key s --timeout ${s * 1000} && shell ||`,
    `goto ${label}`,
  ];
}

const script = (...lines: readonly string[]) => `#!ipxe\n${lines.join("\n")}\n`;

/** Text for iPXE's screen: what its parser could read as a variable, a quote or an operator is left out. */
export function screenText(text: string): string {
  return text
    .replace(/[^A-Za-z0-9 .,:;/_@()=?%+-]/g, "?")
    .trim()
    .slice(0, 200);
}

/** One word of a command line made by us. Throws rather than let a stray character become a second word. */
function word(text: string): string {
  if (!/^[A-Za-z0-9._~:/@%+=&?,[\]-]+$/.test(text)) {
    throw new Error(`Cannot write ${JSON.stringify(text)} into an iPXE script: not a single plain word`);
  }
  return text;
}

const urlVariables = /\$\{(?:uuid|mac|mac:hexhyp|serial|asset|buildarch|platform|ip)\}/g;

/** A URL that a person configured: plain, but for a few of iPXE's variables. Throws on any other. */
export function scriptUrl(text: string): string {
  if (!/^(?:https?|tftp):\/\//.test(text)) {
    throw new Error(`Cannot boot ${JSON.stringify(text)}: only http, https and tftp addresses`);
  }
  word(text.replace(urlVariables, "x"));
  return text;
}
