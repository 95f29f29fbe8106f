// One virtual server. Its power is the QEMU process: off means that there is none. Disks and UEFI variables are files
// that stay; the boot order is computed at each power-on, as a BMC's would be.
import { createHash } from "node:crypto";
import { copyFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { Cabling } from "./cabling.ts";
import { Child } from "./child.ts";
import { consoleFont } from "./console-font.ts";
import { type Deadline, deadlineMs } from "./deadlines.ts";
import type { Boot, DiskDescription, MachineDescription, NicDescription } from "./description.ts";
import type { Network } from "./network.ts";
import { pictureText } from "./picture-text.ts";
import { qemuArguments, type Surroundings } from "./qemu-arguments.ts";
import { Qmp, type ShutdownReason } from "./qmp.ts";
import type { RunDirectory } from "./run-directory.ts";
import { startTpm } from "./tpm.ts";
import { Transcript } from "./transcript.ts";
import { needsWire, Wiring, wireSockets } from "./wire/wiring.ts";

const uefiFirmware = {
  code: "/usr/share/OVMF/OVMF_CODE_4M.fd",
  variables: "/usr/share/OVMF/OVMF_VARS_4M.fd",
};

type Power =
  | { readonly state: "off" }
  | {
      readonly state: "on";
      readonly qemu: Child;
      readonly qmp: Qmp;
      readonly ended: Promise<ShutdownReason>;
    };

export class Machine implements AsyncDisposable {
  readonly name: string;
  readonly uuid: string;
  readonly serialNumber: string;
  /** What it said on its serial line, over all its boots. */
  readonly console: Transcript;
  readonly #description: MachineDescription;
  readonly #directory: RunDirectory;
  readonly #surroundings: Surroundings;
  readonly #networks: readonly Network[];
  readonly #cabling: Cabling;
  readonly #wiring: Wiring;
  /** Of each card: whether the machine finds a carrier there. */
  readonly #links: boolean[];
  #tpm: Child | undefined;
  #power: Power = { state: "off" };
  #captures = 0;

  constructor(
    description: MachineDescription,
    network: Network | readonly Network[],
    directory: RunDirectory,
    options: { readonly bmcSocket?: string } = {},
  ) {
    const { name, disks = [], nics = [], firmware, tpm } = description;
    this.name = name;
    this.uuid = uuidOf(name);
    this.serialNumber = `SN-${name}`;
    this.#description = description;
    this.#directory = directory;
    this.#networks = [network].flat();
    const networkOf = ({ network: nth = 0 }: NicDescription) => this.#networks[nth]!;
    const file = (suffix: string) => directory.file(`${name}.${suffix}`);
    this.#surroundings = {
      serialFile: file("serial.log"),
      serialSocket: file("serial"),
      bmcSocket: options.bmcSocket,
      tpmSocket: tpm ? file("tpm") : undefined,
      qmpSocket: file("qmp"),
      uefi: { code: uefiFirmware.code, variables: file("uefi-variables") },
      diskFiles: disks.map((_, nth) => file(`disk${nth}`)),
      taps: nics.map((nic) => networkOf(nic).addPort()),
      wires: nics.map((nic, nth) => (needsWire(nic) ? wireSockets(file, nth) : undefined)),
      uuid: this.uuid,
      serialNumber: this.serialNumber,
    };
    this.#cabling = new Cabling(
      nics.map((nic, nth) => ({
        network: networkOf(nic),
        port: this.#surroundings.taps[nth]!,
        cable: nic.cable ?? {},
      })),
    );
    this.#wiring = new Wiring(nics, this.#surroundings.wires);
    this.#links = nics.map(({ cable: { plugged = true } = {} }) => plugged);
    this.console = new Transcript(name, this.#surroundings.serialFile);
    disks.forEach((disk, nth) => newDisk(this.#surroundings.diskFiles[nth]!, disk));
    if (firmware === "uefi") copyFileSync(uefiFirmware.variables, this.#surroundings.uefi.variables);
  }

  /** What its disks hold, in the order of its description. */
  get diskFiles(): readonly string[] {
    return this.#surroundings.diskFiles;
  }

  get isOn(): boolean {
    return this.#power.state === "on" && this.#power.qemu.running;
  }

  async powerOn(boot: Boot): Promise<void> {
    if (this.isOn) throw new Error(`Cannot power on ${this.name}: it is on`);
    const { switchName } = this.#networks[0]!;
    const { tpmSocket } = this.#surroundings;
    if (tpmSocket !== undefined) {
      rmSync(tpmSocket, { force: true });
      this.#tpm = await startTpm({ name: this.name, directory: this.#directory, socket: tpmSocket });
    }
    const qemu = new Child(
      this.name,
      "ip",
      [
        "netns",
        "exec",
        switchName,
        "qemu-system-x86_64",
        ...qemuArguments(this.#description, boot, this.#surroundings),
      ],
      this.#directory.file(`${this.name}.qemu.log`),
    );
    const qmp = await openWhenReady(
      qemu,
      this.#surroundings.qmpSocket,
      this.#directory.file(`${this.name}.qemu.log`),
    );
    const ended = qemu.exited.then(() => qmp.reason ?? "crash");
    this.#power = { state: "on", qemu, qmp, ended };
    this.#cabling.linksUp();
    this.#wiring.connect();
    void qemu.exited.then(() => this.#wiring.disconnect());
    // QEMU begins with every link up; firmware takes longer to look than this does.
    for (const [nic, up] of this.#links.entries()) if (!up) await this.#setLink(nic, up);
  }

  /** As pulling the plug does. */
  async cutPower(): Promise<void> {
    if (this.#power.state === "off") return;
    await this.#power.qemu.stop("SIGKILL");
    this.#power.qmp[Symbol.dispose]();
    this.#power = { state: "off" };
  }

  /** Pulls the cable of a network card, or plugs it in: the card sees it. */
  async plug(nic: number, plugged: boolean): Promise<void> {
    this.#on();
    this.#links[nic] = plugged;
    await this.#setLink(nic, plugged);
  }

  /** Takes the links of all its cards down or up at both ends, whether it is on or not. */
  async setLinks(state: "up" | "down"): Promise<void> {
    this.#cabling.setLinks(state);
    this.#links.fill(state === "up");
    if (this.isOn) await Promise.all(this.#links.map((up, nic) => this.#setLink(nic, up)));
  }

  /** Loses so many of its frames from now on; 0 is none. */
  loseFrames(percent: number): void {
    this.#cabling.loseFrames(percent);
  }

  /** Presses the power button, as an operating system sees it. */
  async pressPowerButton(): Promise<void> {
    await this.#on().qmp.run("system_powerdown");
  }

  /** Presses the three keys, as somebody at the keyboard does. */
  async pressCtrlAltDel(): Promise<void> {
    const keys = ["ctrl", "alt", "delete"].map((data) => ({ type: "qcode", data }));
    await this.#on().qmp.run("send-key", { keys });
  }

  /** A non-maskable interrupt: an operating system that hangs tells where. */
  async interrupt(): Promise<void> {
    await this.#on().qmp.run("inject-nmi");
  }

  /** The serial line, both ways, for as long as it is on. What it says is in `console` all the same. */
  openSerialLine(): Socket {
    this.#on();
    return connect(this.#surroundings.serialSocket);
  }

  /** Resolves whenever it goes down, to why: "guest-shutdown", "guest-reset", "host-signal" … */
  get ended(): Promise<ShutdownReason> {
    return this.#on().ended;
  }

  /** The same, under a deadline. */
  async waitForPowerOff(within: Deadline = "powerOff"): Promise<ShutdownReason> {
    const { ended } = this.#on();
    const expired = AbortSignal.timeout(deadlineMs[within]);
    const reason = await Promise.race([
      ended,
      new Promise<never>((_, reject) => {
        expired.addEventListener("abort", () =>
          reject(new Error(`${this.name} did not go off within ${deadlineMs[within] / 1000} s`)),
        );
      }),
    ]);
    this.#power = { state: "off" };
    return reason;
  }

  /** Resolves when its watchdog has reset it, to how it went down. Rejects when something else did. */
  async waitForWatchdog(): Promise<ShutdownReason> {
    const { qmp } = this.#on();
    const reason = await this.waitForPowerOff("operatingSystem");
    if (!qmp.watchdogBit) throw new Error(`${this.name} went down (${reason}), and not by its watchdog`);
    return reason;
  }

  /** Writes what a screen would show. */
  async screenshot(name: string): Promise<string> {
    const file = this.#directory.file(`${this.name}.${name}.png`);
    await this.#on().qmp.run("screendump", { filename: file, format: "png" });
    return file;
  }

  /** Writes what passes through its first network card from now on until it goes off; answers the file. */
  async capture(): Promise<string> {
    const file = this.#directory.file(`${this.name}.${this.#captures++}.pcap`);
    const filter = { "qom-type": "filter-dump", id: `capture${this.#captures}`, netdev: "net0", file };
    await this.#on().qmp.run("object-add", filter);
    return file;
  }

  /** What is written on its screen; of a picture, as UEFI leaves one, in the letters of the kernel that draws it. */
  async screenText(kernel: string): Promise<string> {
    if (this.#description.firmware === "uefi") {
      const file = this.#directory.file(`${this.name}.ppm`);
      await this.#on().qmp.run("screendump", { filename: file });
      return pictureText(readFileSync(file), consoleFont(kernel));
    }
    // The text that VGA keeps at 0xb8000, a character and its colour by turns.
    const file = this.#directory.file(`${this.name}.vga`);
    await this.#on().qmp.run("pmemsave", { val: 0xb8000, size: 32 * 1024, filename: file });
    const cells = Buffer.from(readFileSync(file).filter((_, nth) => nth % 2 === 0));
    return cells
      .toString("latin1")
      .replaceAll("\0", " ")
      .replace(/.{80}/gs, (line) => `${line.trimEnd()}\n`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cabling[Symbol.dispose]();
    await this.cutPower();
    await this.#tpm?.stop();
  }

  async #setLink(nic: number, up: boolean): Promise<void> {
    const { qmp } = this.#on();
    await qmp.run("set_link", { name: `net${nic}`, up }).catch((error: unknown) => {
      // A machine that went off meanwhile learns it when it is on again.
      if (qmp.isOpen) throw error;
    });
  }

  #on(): Extract<Power, { state: "on" }> {
    if (this.#power.state === "off") throw new Error(`Cannot do that: ${this.name} is off`);
    return this.#power;
  }
}

/** The same machine has the same identity in every run. */
function uuidOf(name: string): string {
  const hex = createHash("sha256").update(`ingot lab ${name}`).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function newDisk(file: string, { megabytes, content = new Uint8Array() }: DiskDescription): void {
  writeFileSync(file, content);
  truncateSync(file, megabytes * 1024 * 1024);
}

/** QEMU makes its socket a moment after it starts. */
async function openWhenReady(qemu: Child, socket: string, logFile: string): Promise<Qmp> {
  const expiry = AbortSignal.timeout(deadlineMs.processStart);
  for (;;) {
    try {
      return await Qmp.open(socket);
    } catch (cause) {
      if (!qemu.running || expiry.aborted) {
        await qemu.stop("SIGKILL");
        throw new Error(`Cannot power on ${qemu.name}: QEMU did not start; see ${logFile}`, { cause });
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
