// A machine's description as QEMU's command line: pure, so that it can be read and tested without a machine.
import type { Boot, DiskDescription, DiskFault, MachineDescription } from "./description.ts";
import type { WireSockets } from "./wire/wire.ts";

/** Files and links that exist only while the machine does. */
export interface Surroundings {
  /** What the machine says is appended here, whether anybody is connected to its line or not. */
  readonly serialFile: string;
  readonly serialSocket: string;
  /** Where a BMC waits for the machine; without one it has none. */
  readonly bmcSocket?: string | undefined;
  /** Where a TPM waits for it. */
  readonly tpmSocket?: string | undefined;
  readonly qmpSocket: string;
  /** UEFI's own code (shared) and this machine's variables (its own, kept over power cycles). */
  readonly uefi: { readonly code: string; readonly variables: string };
  readonly diskFiles: readonly string[];
  readonly taps: readonly string[];
  /** Of network cards whose frames the lab carries itself; undefined where the switch alone does. */
  readonly wires: readonly (WireSockets | undefined)[];
  readonly uuid: string;
  readonly serialNumber: string;
}

export function qemuArguments(machine: MachineDescription, boot: Boot, around: Surroundings): string[] {
  const order = "order" in boot ? boot.order : [];
  const index = (what: "network" | "disk", nth: number) => {
    const at = order.indexOf(what);
    return at < 0 ? "" : `,bootindex=${at * 16 + nth + 1}`;
  };
  return [
    // No KVM: an emulated CPU behaves the same everywhere this runs.
    ...["-accel", "tcg", "-cpu", "max"],
    // Without a picture SeaBIOS and iPXE talk on the serial line.
    ...["-machine", machine.firmware === "uefi" ? "q35" : "pc,graphics=off"],
    ...["-smp", String(machine.cpus ?? 2), "-m", String(machine.memoryMegabytes ?? 1024)],
    ...["-name", machine.name, "-uuid", around.uuid],
    ...[
      "-smbios",
      `type=1,manufacturer=Ingot,product=Lab machine,serial=${around.serialNumber},uuid=${around.uuid}`,
    ],
    ...["-nodefaults", "-no-user-config", "-display", "none", "-vga", "std"],
    ...[
      "-chardev",
      `socket,id=serial,path=${around.serialSocket},server=on,wait=off,logfile=${around.serialFile},logappend=on`,
      "-serial",
      "chardev:serial",
    ],
    ...(around.bmcSocket === undefined ? [] : bmc(around.bmcSocket)),
    ...(around.tpmSocket === undefined ? [] : tpm(around.tpmSocket)),
    ...["-qmp", `unix:${around.qmpSocket},server=on,wait=off`],
    // The process is the power: a restart ends it too, and whoever holds the power decides what comes next.
    ...["-action", `reboot=${"restarts" in boot ? "reset" : "shutdown"},shutdown=poweroff,watchdog=reset`],
    ...(machine.firmware === "uefi" ? uefi(around) : retry(machine)),
    // OVMF tries PXE before HTTP; these variables of its own take PXE away.
    ...("networkOver" in boot
      ? ["IPv4PXESupport", "IPv6PXESupport"].flatMap((name) => [
          "-fw_cfg",
          `name=opt/org.tianocore/${name},string=no`,
        ])
      : []),
    ...("kernel" in boot
      ? ["-kernel", boot.kernel, "-initrd", boot.initramfs, "-append", boot.arguments]
      : []),
    ...(machine.disks ?? []).flatMap((disk, nth) =>
      diskArguments(disk, nth, around.diskFiles[nth]!, index("disk", nth)),
    ),
    ...(machine.nics ?? []).flatMap(({ model, mac }, nth) => [
      "-netdev",
      `tap,id=net${nth},ifname=${around.taps[nth]},script=no,downscript=no${around.wires[nth] ? ",vnet_hdr=off" : ""}`,
      "-device",
      // OVMF has its own drivers; an option ROM would put another iPXE before it.
      `${model},netdev=net${nth},mac=${mac}${told[model]}${machine.firmware === "uefi" ? ",romfile=" : ""}${index("network", nth)}`,
    ]),
    ...around.wires.flatMap((sockets, nth) => (sockets ? wire(sockets, nth) : [])),
    ...["-device", "virtio-rng-pci"],
    ...(machine.clock === undefined ? [] : ["-rtc", `base=${machine.clock}`]),
    ...(machine.watchdog ? ["-device", "i6300esb"] : []),
  ];
}

/**
 * Connected in the background, which `reconnect` means: a chardev that is connected when the BMC's device is made kills
 * QEMU, since no interface is there yet to tell it to. The guest finds a keyboard controller style interface by ACPI
 * and SMBIOS, as on most servers.
 */
const bmc = (socket: string) => [
  "-chardev",
  `socket,id=bmc,path=${socket},reconnect=1`,
  "-device",
  "ipmi-bmc-extern,id=bmc0,chardev=bmc",
  "-device",
  "isa-ipmi-kcs,bmc=bmc0",
];

/** A bond asks its cards for their speed, which virtio tells only when told. */
const told = { "virtio-net-pci": ",speed=10000,duplex=full", e1000e: "" };

const tpm = (socket: string) => [
  "-chardev",
  `socket,id=tpm,path=${socket}`,
  "-tpmdev",
  "emulator,id=tpm0,chardev=tpm",
  "-device",
  "tpm-tis,tpmdev=tpm0",
];

/**
 * Each frame leaves QEMU by one socket and comes back by another. The filters of what the machine sends (`rx`, as the
 * network receives it) are asked last to first, those of what it gets first to last: what comes back passes none again.
 */
function wire(sockets: WireSockets, nth: number): string[] {
  const chardev = (end: keyof WireSockets) => [
    "-chardev",
    `socket,id=${end}${nth},path=${sockets[end]},server=on,wait=off`,
  ];
  const filter = (queue: "rx" | "tx", way: "indev" | "outdev", end: keyof WireSockets) => [
    "-object",
    `filter-redirector,id=filter-${end}${nth},netdev=net${nth},queue=${queue},${way}=${end}${nth}`,
  ];
  return [
    ...[...chardev("fromMachine"), ...chardev("toNetwork")],
    ...[...chardev("fromNetwork"), ...chardev("toMachine")],
    ...filter("rx", "indev", "toNetwork"),
    ...filter("rx", "outdev", "fromMachine"),
    ...filter("tx", "outdev", "fromNetwork"),
    ...filter("tx", "indev", "toMachine"),
  ];
}

const retry = ({ bootRetryMs }: MachineDescription) =>
  bootRetryMs === undefined ? [] : ["-boot", `reboot-timeout=${bootRetryMs}`];

function uefi({ uefi: { code, variables } }: Surroundings): string[] {
  return [
    "-drive",
    `if=pflash,format=raw,unit=0,readonly=on,file=${code}`,
    "-drive",
    `if=pflash,format=raw,unit=1,file=${variables}`,
  ];
}

function diskArguments(disk: DiskDescription, nth: number, file: string, bootindex: string): string[] {
  const id = `disk${nth}`;
  const { bus, serial } = disk;
  const drive = ["-drive", `if=none,id=${id},format=raw,discard=unmap,${medium(disk, file)}`];
  const number = `serial=${serial ?? `LAB${nth}`}`;
  switch (bus) {
    case "virtio":
      return [...drive, "-device", `virtio-blk-pci,drive=${id},${number}${bootindex}`];
    case "nvme":
      return [...drive, "-device", `nvme,drive=${id},${number}${bootindex}`];
    case "sata":
      return [
        ...drive,
        "-device",
        `ahci,id=ahci${nth}`,
        "-device",
        `ide-hd,bus=ahci${nth}.0,drive=${id},${number}${bootindex}`,
      ];
    case "scsi":
      return [
        ...drive,
        "-device",
        `virtio-scsi-pci,id=scsi${nth}`,
        "-device",
        `scsi-hd,bus=scsi${nth}.0,drive=${id},${number}${bootindex}`,
      ];
  }
}

/** The file, with the faults of the disk. */
function medium(disk: DiskDescription, file: string): string {
  const { faults = [], writeBytesPerSecond: write, readBytesPerSecond: read } = disk;
  const pace = [
    ...(write === undefined ? [] : [`,throttling.bps-write=${write}`]),
    ...(read === undefined ? [] : [`,throttling.bps-read=${read}`]),
  ].join("");
  if (faults.length === 0) return `file=${file}${pace}`;
  const rules = faults
    .flatMap(faultRules)
    .map((rule, nth) => rule.map((setting) => `file.inject-error.${nth}.${setting}`));
  return `file.driver=blkdebug,file.image.driver=file,file.image.filename=${file},${rules.flat().join(",")}${pace}`;
}

const EIO = 5;

/** What refuses to be written refuses to be zeroed too, which QEMU tells apart. */
const faultRules = ({ on, sector }: DiskFault) =>
  (on === "write" ? ["write", "write-zeroes"] : ["read"]).map((kind) => [
    "event=none",
    `iotype=${kind}`,
    `errno=${EIO}`,
    ...(sector === undefined ? [] : [`sector=${sector}`]),
  ]);
