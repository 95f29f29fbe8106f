// The emulated BMC's end of the wire to its virtual machine: the guest's commands in, answers and control out.
import { bits } from "../../../wire/bits.ts";
import { rest } from "../../../wire/bytes.ts";
import { decode, encode } from "../../../wire/codec.ts";
import { WireError } from "../../../wire/error.ts";
import { u8 } from "../../../wire/integers.ts";
import { struct } from "../../../wire/struct.ts";
import { checksum } from "../../ipmi/checksum.ts";
import type { RawResponse } from "../../ipmi/command.ts";
import type { SimulatedChassis } from "../chassis.ts";
import { execute } from "./execute.ts";
import { systemInterface } from "./handler.ts";
import { BmcMemory } from "./memory.ts";
import { VmFrameReader, writeFrame } from "./vm-frames.ts";

/** First byte of a command frame. What is not told from here is what a virtual machine tells. */
export const vmCommands = {
  noAttention: 0x00,
  attention: 0x01,
  attentionInterrupt: 0x02,
  powerOff: 0x03,
  reset: 0x04,
  enableInterrupts: 0x05,
  disableInterrupts: 0x06,
  interrupt: 0x07,
  capabilities: 0x08,
  softOff: 0x09,
  version: 0xff,
} as const;
const protocolVersion = 1;

/** What a virtual machine says that its BMC can do to it. */
export const vmCapabilities = bits({
  reserved: 2,
  softOff: 1,
  attention: 1,
  interrupt: 1,
  irq: 1,
  reset: 1,
  powerOff: 1,
});
type Capabilities = ReturnType<typeof vmCapabilities.decode>;

export type VmControl = "powerOff" | "reset" | "interrupt" | "softOff";

/** A request or a response, without its checksum. */
export const vmMessage = struct({ id: u8, function: bits({ netFn: 6, lun: 2 }), code: u8, data: rest });

export interface VmLinkOptions {
  readonly chassis: SimulatedChassis;
  readonly send: (bytes: Uint8Array) => void;
}

export class VmLink {
  readonly #chassis: SimulatedChassis;
  readonly #memory: BmcMemory;
  readonly #send: VmLinkOptions["send"];
  readonly #frames = new VmFrameReader();
  #capabilities: Capabilities | undefined;
  #interruptsEnabled = false;

  constructor({ chassis, send }: VmLinkOptions) {
    this.#chassis = chassis;
    this.#memory = BmcMemory.of(chassis);
    this.#send = send;
    this.#command(vmCommands.version, protocolVersion);
    this.#command(vmCommands.noAttention);
  }

  /** What makes no sense is dropped: the virtual machine asks again, or gives up. */
  receive(chunk: Uint8Array): void {
    for (const { kind, bytes } of this.#frames.read(chunk)) {
      if (kind === "message") this.#answer(bytes);
      else this.#obey(bytes);
    }
  }

  /** Does it to the machine, from outside of it. False when the virtual machine said that it cannot. */
  press(control: VmControl): boolean {
    if (this.#capabilities?.[control] !== 1) return false;
    this.#command(vmCommands[control]);
    return true;
  }

  #answer(bytes: Uint8Array): void {
    const request = readVmMessage(bytes);
    if (!request || request.function.netFn % 2 === 1) return;
    const { id, function: target, code, data } = request;
    const { completion, data: answered } = execute(
      { ...target, code, data },
      { chassis: this.#chassis, memory: this.#memory, privilege: systemInterface },
    );
    this.#message(
      { ...request, id, function: { ...target, netFn: target.netFn + 1 } },
      { completion, data: answered },
    );
    this.#followInterrupts();
  }

  #message(head: Omit<ReturnType<typeof vmMessage.decode>, "data">, { completion, data }: RawResponse): void {
    const bytes = encode(vmMessage, { ...head, data: Uint8Array.of(completion, ...data) });
    this.#send(
      writeFrame({ kind: "message", bytes: Uint8Array.of(...bytes, checksum(bytes, 0, bytes.length)) }),
    );
  }

  /** The virtual machine raises interrupts for its guest; the guest tells the BMC whether it wants them. */
  #followInterrupts(): void {
    const { receiveInterrupt, eventBufferInterrupt } = this.#memory.globalEnables;
    const wanted = receiveInterrupt === 1 || eventBufferInterrupt === 1;
    if (wanted === this.#interruptsEnabled) return;
    this.#interruptsEnabled = wanted;
    this.#command(wanted ? vmCommands.enableInterrupts : vmCommands.disableInterrupts);
  }

  #obey([command, argument]: Uint8Array): void {
    if (command === vmCommands.capabilities && argument !== undefined) {
      this.#capabilities = decode(vmCapabilities, Uint8Array.of(argument));
    } else if (command === vmCommands.reset) {
      // The machine was reset, and whoever runs on it next has not asked for interrupts.
      this.#memory.forgetHost();
      this.#followInterrupts();
    }
  }

  #command(...bytes: readonly number[]): void {
    this.#send(writeFrame({ kind: "command", bytes: Uint8Array.from(bytes) }));
  }
}

function readVmMessage(bytes: Uint8Array) {
  if (checksum(bytes, 0, bytes.length) !== 0) return undefined;
  try {
    return decode(vmMessage, bytes.subarray(0, -1));
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}
