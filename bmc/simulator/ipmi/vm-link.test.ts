import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decode, encode } from "../../../wire/codec.ts";
import { checksum } from "../../ipmi/checksum.ts";
import { getDeviceId } from "../../ipmi/commands/device.ts";
import { setGlobalEnables } from "../../ipmi/commands/system-interface.ts";
import { manualClock } from "../../manual-clock.ts";
import { SimulatedChassis } from "../chassis.ts";
import { openVmBridge } from "./vm-bridge.ts";
import { type VmFrame, VmFrameReader, writeFrame } from "./vm-frames.ts";
import { VmLink, vmCapabilities, vmCommands, vmMessage } from "./vm-link.ts";

const frame: fc.Arbitrary<VmFrame> = fc.record({
  kind: fc.constantFrom("message", "command"),
  bytes: fc.uint8Array({ maxLength: 300 }),
});

describe("frames of the virtual machine protocol", () => {
  test("are found as they were written, however the stream is cut", () => {
    fc.assert(
      fc.property(
        fc.array(frame, { maxLength: 8 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 40 })),
        (frames, cuts) => {
          const stream = Buffer.concat(frames.map(writeFrame));
          const reader = new VmFrameReader();
          const found: VmFrame[] = [];
          for (let at = 0; at < stream.length; ) {
            const size = cuts.next().value;
            found.push(...reader.read(stream.subarray(at, at + size)));
            at += size;
          }
          expect(found).toEqual(frames);
        },
      ),
    );
  });

  test("are found again after whatever came before the last end", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1000 }), frame, (noise, good) => {
        const reader = new VmFrameReader();
        reader.read(Uint8Array.of(...noise, 0xa1));
        expect(reader.read(writeFrame(good))).toEqual([good]);
      }),
    );
  });

  test.each([
    ["nothing special", [0x20, 0x18], [0x20, 0x18, 0xa0]],
    ["an end of a message", [0xa0], [0xaa, 0xb0, 0xa0]],
    ["an end of a command", [0xa1], [0xaa, 0xb1, 0xa0]],
    ["an escape", [0xaa], [0xaa, 0xba, 0xa0]],
  ])("escape %s as QEMU does", (_, bytes, written) => {
    expect([...writeFrame({ kind: "message", bytes: Uint8Array.from(bytes) })]).toEqual(written);
  });

  test.each([
    ["longer than QEMU's buffer", [...Array<number>(301).fill(1), 0xa0]],
    ["ending in an escape", [1, 0xaa, 0xa0]],
    ["with two escapes", [1, 0xaa, 0xaa, 2, 0xa0]],
  ])("are left out when %s", (_, bytes) => {
    expect(new VmFrameReader().read(Uint8Array.from(bytes))).toEqual([]);
  });
});

function machine() {
  const chassis = new SimulatedChassis({ clock: manualClock() });
  const reader = new VmFrameReader();
  const heard: VmFrame[] = [];
  const link = new VmLink({ chassis, send: (bytes) => heard.push(...reader.read(bytes)) });
  const take = () => heard.splice(0);
  return { chassis, link, take };
}

const command = (...bytes: number[]): VmFrame => ({ kind: "command", bytes: Uint8Array.from(bytes) });
const toldCapabilities = (could: Partial<ReturnType<typeof vmCapabilities.decode>>) =>
  writeFrame(
    command(
      vmCommands.capabilities,
      ...encode(vmCapabilities, {
        ...{ reserved: 0, softOff: 0, attention: 1, interrupt: 0, irq: 1, reset: 0, powerOff: 0 },
        ...could,
      }),
    ),
  );

function asked(id: number, netFn: number, code: number, data: Uint8Array = new Uint8Array()): Uint8Array {
  const bytes = encode(vmMessage, { id, function: { netFn, lun: 0 }, code, data });
  return writeFrame({ kind: "message", bytes: Uint8Array.of(...bytes, checksum(bytes, 0, bytes.length)) });
}

describe("the emulated BMC's wire to its machine", () => {
  test("begins with its version, and nothing to attend to", () => {
    expect(machine().take()).toEqual([command(0xff, 1), command(0x00)]);
  });

  test("answers a command of the guest with the same number and a right checksum", () => {
    const { link, take } = machine();
    take();
    link.receive(asked(0xa0, getDeviceId.netFn, getDeviceId.code));
    const [answer, ...more] = take();
    expect(more).toEqual([]);
    expect(checksum(answer!.bytes, 0, answer!.bytes.length)).toBe(0);
    const { id, function: target, code, data } = decode(vmMessage, answer!.bytes.subarray(0, -1));
    expect({ id, netFn: target.netFn, code, completion: data[0] }).toEqual({
      id: 0xa0,
      netFn: 7,
      code: 1,
      completion: 0,
    });
    expect(decode(getDeviceId.response, data.subarray(1)).ipmiVersion).toEqual({ major: 2, minor: 0 });
  });

  test("lets the guest command the chassis that its BMC has", () => {
    const { link, chassis } = machine();
    chassis.press("on");
    link.receive(asked(1, 0x00, 0x02, Uint8Array.of(0)));
    expect(chassis.powered).toBe(false);
  });

  test.each([
    ["a wrong checksum", Uint8Array.of(1, 0x18, 1, 0x77, 0xa0)],
    ["too few bytes", Uint8Array.of(0, 0xa0)],
    ["a response", asked(1, 7, 1)],
  ])("drops %s", (_, bytes) => {
    const { link, take } = machine();
    take();
    link.receive(bytes);
    expect(take()).toEqual([]);
  });

  test("raises interrupts when the guest asks for them, and no longer after a reset", () => {
    const { link, take } = machine();
    take();
    const wants = (receiveInterrupt: 0 | 1) =>
      encode(setGlobalEnables.request, {
        ...{ oem: 0, reserved: 0, eventLog: 0, eventBuffer: 0, eventBufferInterrupt: 0 },
        receiveInterrupt,
      });
    const commands = () => take().filter(({ kind }) => kind === "command");
    link.receive(asked(1, setGlobalEnables.netFn, setGlobalEnables.code, wants(1)));
    expect(commands()).toEqual([command(vmCommands.enableInterrupts)]);
    link.receive(asked(2, setGlobalEnables.netFn, setGlobalEnables.code, wants(1)));
    expect(commands()).toEqual([]);
    link.receive(writeFrame(command(vmCommands.reset)));
    expect(commands()).toEqual([command(vmCommands.disableInterrupts)]);
  });

  test.each([
    ["powerOff", 3],
    ["reset", 4],
    ["interrupt", 7],
    ["softOff", 9],
  ] as const)("presses %s only on a machine that said it can", (control, code) => {
    const { link, take } = machine();
    take();
    expect(link.press(control)).toBe(false);
    link.receive(toldCapabilities({}));
    expect(link.press(control)).toBe(false);
    link.receive(toldCapabilities({ [control]: 1 }));
    expect(link.press(control)).toBe(true);
    expect(take()).toEqual([command(code)]);
  });
});

describe("the socket for a virtual machine", () => {
  test("serves one process after another, and belongs to the newest", async () => {
    const folder = await mkdtemp(join(tmpdir(), "ingot-vm-"));
    try {
      const path = join(folder, "bmc");
      await using bridge = await openVmBridge({
        chassis: new SimulatedChassis({ clock: manualClock() }),
        path,
      });
      expect(bridge.press("reset")).toBe(false);

      const first = connect(path);
      await once(first, "data");
      const closed = once(first, "close");
      const second = connect(path);
      await Promise.all([once(second, "data"), closed]);
      second.write(toldCapabilities({ reset: 1 }));
      second.write(asked(1, getDeviceId.netFn, getDeviceId.code));
      await once(second, "data");
      expect(bridge.press("reset")).toBe(true);
      const [told] = (await once(second, "data")) as [Buffer];
      expect(new VmFrameReader().read(told)).toEqual([command(vmCommands.reset)]);
      second.destroy();
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
