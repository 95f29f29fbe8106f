import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeFrame, FrameReader } from "./frame-stream.ts";
import { answerLacp } from "./lacp.ts";
import { BondGroup, SwitchPort } from "./switch-port.ts";

const machine = "525400000101";
const neighbour = "525400000201";
const everybody = "ffffffffffff";
const frame = (to: string, from: string, rest = "0800cafe") => Buffer.from(`${to}${from}${rest}`, "hex");
const nothing = { toNetwork: [], toMachine: [] };

describe("a stream of frames", () => {
  test("gives back what was put in, in whatever pieces it comes", () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 5 });
    fc.assert(
      fc.property(pieces, fc.integer({ min: 1, max: 9 }), (frames, size) => {
        const stream = Buffer.concat(frames.map(encodeFrame));
        const reader = new FrameReader();
        const read: Uint8Array[] = [];
        for (let at = 0; at < stream.length; at += size)
          read.push(...reader.read(stream.subarray(at, at + size)));
        expect(read.map((one) => [...one])).toEqual(frames.map((one) => [...one]));
      }),
    );
  });

  test("is refused where it is none", () => {
    expect(() => new FrameReader().read(Buffer.from("ffffffff", "hex"))).toThrow("Cannot read a frame of");
  });
});

describe("a port whose network comes tagged", () => {
  const port = new SwitchPort({ vlan: 5 }, 1, undefined);

  test("takes the machine's tag off, and puts it on what the machine gets", () => {
    const tagged = frame(neighbour, machine, "810060050800cafe");
    expect(port.fromMachine(tagged)).toEqual({ ...nothing, toNetwork: [frame(neighbour, machine)] });
    expect(port.fromNetwork(frame(machine, neighbour))).toEqual({
      ...nothing,
      toMachine: [frame(machine, neighbour, "810000050800cafe")],
    });
  });

  test.each([
    ["without a tag", "0800cafe"],
    ["with another", "810000060800cafe"],
  ])("drops what comes %s", (_, rest) => {
    expect(port.fromMachine(frame(neighbour, machine, rest))).toEqual(nothing);
  });
});

describe("the ports of a bond", () => {
  const lacpFrom = (system: Buffer, number: number) =>
    answerLacp(Buffer.alloc(124), { system, key: 9, port: number });
  /** What a machine says once it has heard the switch: the same words, with itself for the actor. */
  const settled = (port: SwitchPort, number: number) => {
    const self = Buffer.from(machine, "hex");
    const first = lacpFrom(self, number);
    const [heard] = port.fromMachine(first).toMachine;
    return answerLacp(heard!, { system: self, key: 9, port: number });
  };
  const bonded = (until: "nothing" | "forwards") => {
    const group = new BondGroup(Buffer.from("020000000001", "hex"));
    const description = { bond: { name: "bond0", until } };
    return [1, 2].map((number) => new SwitchPort(description, number, group)) as [SwitchPort, SwitchPort];
  };

  test("forward nothing before the machine speaks LACP, unless they fall back", () => {
    const data = frame(neighbour, machine);
    expect(bonded("nothing")[0].fromMachine(data)).toEqual(nothing);
    expect(bonded("forwards")[0].fromMachine(data)).toEqual({ ...nothing, toNetwork: [data] });
  });

  test("forward once both ends agree, each frame to the machine once, and its own never back", () => {
    const [one, two] = bonded("nothing");
    for (const [port, number] of [[one, 1] as const, [two, 2] as const]) {
      const agreement = settled(port, number);
      expect(port.fromNetwork(frame(machine, neighbour))).toEqual(nothing);
      port.fromMachine(agreement);
    }
    const data = frame(everybody, machine);
    expect(one.fromMachine(data)).toEqual({ ...nothing, toNetwork: [data] });
    expect(two.fromNetwork(data)).toEqual(nothing);
    const shout = frame(everybody, neighbour);
    expect([one, two].flatMap((port) => port.fromNetwork(shout).toMachine)).toEqual([shout]);
    const whisper = frame(machine, neighbour);
    expect(two.fromNetwork(whisper)).toEqual({ ...nothing, toMachine: [whisper] });

    one.reset();
    expect(one.fromMachine(data)).toEqual(nothing);
    expect(two.fromNetwork(shout).toMachine).toEqual([shout]);
  });

  test("LACP reaches nobody behind a port that has no bond", () => {
    const port = new SwitchPort({}, 1, undefined);
    expect(port.fromMachine(lacpFrom(Buffer.from(machine, "hex"), 1))).toEqual(nothing);
  });
});
