import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { defaultLimits, negotiate } from "./options.ts";
import { decodeFromClient, decodeRequest, encodeBlocks, encodeError, encodeOack } from "./packet.ts";
import { advance, begin, type Event, type Step } from "./transfer.ts";

const agree = (options: Record<string, string>, size: number) =>
  negotiate(new Map(Object.entries(options)), size, { maxBlockSize: 65_464, maxWindow: 64 });
const ack = (block: number): Event => ({ type: "ack", block });
const run = (first: Step, ...events: Event[]) =>
  events.reduce<Step>((step, event) => advance(step.transfer, event), first);

const timeouts = (n: number) => Array.from({ length: n }, (): Event => ({ type: "timeout" }));
const read = (...strings: string[]) =>
  Buffer.from(`\0\x01${strings.map((s) => `${s}\0`).join("")}`, "latin1");

describe("a request", () => {
  test("of EDK2 decodes", () => {
    expect(
      decodeRequest(read("snponly.efi", "octet", "tsize", "0", "blksize", "1468", "windowsize", "4")),
    ).toEqual({
      type: "read",
      file: "snponly.efi",
      mode: "octet",
      options: new Map([
        ["tsize", "0"],
        ["blksize", "1468"],
        ["windowsize", "4"],
      ]),
    });
  });

  test("keeps the first of a repeated option, in lower case", () => {
    const { options } = decodeRequest(read("f", "OCTET", "BlkSize", "8", "blksize", "9"))!;
    expect([...options]).toEqual([["blksize", "8"]]);
  });

  test.each([
    ["nothing", Buffer.alloc(0)],
    ["one byte", Buffer.from([0])],
    ["an ACK", Buffer.from([0, 4, 0, 1])],
    ["no mode", read("f")],
    ["no end", Buffer.from("\0\x01file\0octet", "latin1")],
    ["an empty name", read("", "octet")],
    ["more than 512 bytes", read("f".repeat(600), "octet")],
  ])("of %s is none", (_, packet) => expect(decodeRequest(packet)).toBeUndefined());
});

describe("negotiation", () => {
  test.each([
    [{ blksize: "1468" }, [["blksize", "1468"]]],
    [{ blksize: "9000" }, [["blksize", "1468"]]],
    [{ blksize: "7" }, []],
    [{ blksize: "65465" }, []],
    [{ blksize: "-1" }, []],
    [{ blksize: "1e3" }, []],
    [{ windowsize: "16" }, [["windowsize", "16"]]],
    [{ windowsize: "65535" }, [["windowsize", "64"]]],
    [{ windowsize: "0" }, []],
    [{ timeout: "5" }, [["timeout", "5"]]],
    [{ timeout: "256" }, []],
    [{ tsize: "0" }, [["tsize", "1000"]]],
    [{ multicast: "" }, []],
  ])("of %j accepts %j", (options, accepted) => {
    expect(negotiate(new Map(Object.entries(options)), 1000, defaultLimits).accepted).toEqual(accepted);
  });
});

describe("a transfer", () => {
  test("without options starts with the first block", () => {
    expect(begin(agree({}, 600), 600).action).toEqual({ do: "blocks", from: 1, to: 1 });
  });

  test("of a whole number of blocks ends with an empty one", () => {
    expect(run(begin(agree({}, 1024), 1024), ack(1), ack(2)).action).toEqual({
      do: "blocks",
      from: 3,
      to: 3,
    });
    expect(run(begin(agree({}, 1024), 1024), ack(1), ack(2), ack(3)).action).toEqual({ do: "finish" });
  });

  test("with options waits for ACK 0", () => {
    const first = begin(agree({ blksize: "8", windowsize: "4" }, 100), 100);
    expect(first.action).toEqual({ do: "oack" });
    expect(run(first, ack(3)).action).toEqual({ do: "nothing" });
    expect(run(first, ack(0)).action).toEqual({ do: "blocks", from: 1, to: 4 });
  });

  test("that EDK2 refuses after the OACK is declined, not failed", () => {
    const first = begin(agree({ tsize: "0" }, 100), 100);
    expect(run(first, { type: "error", code: 8, message: "User aborted the transfer" }).action).toEqual({
      do: "decline",
    });
  });

  test("does not answer a repeated ACK in lock-step", () => {
    expect(run(begin(agree({}, 5000), 5000), ack(1), ack(1)).action).toEqual({ do: "nothing" });
  });

  test("restarts a window at the gap that an ACK inside it reports", () => {
    const first = begin(agree({ blksize: "8", windowsize: "4" }, 100), 100);
    expect(run(first, ack(0), ack(2)).action).toEqual({ do: "blocks", from: 3, to: 6 });
  });

  test("repairs a window whose first block was lost, once", () => {
    const first = begin(agree({ blksize: "8", windowsize: "4" }, 100), 100);
    expect(run(first, ack(0), ack(4), ack(4)).action).toEqual({ do: "blocks", from: 5, to: 8 });
    expect(run(first, ack(0), ack(4), ack(4), ack(4)).action).toEqual({ do: "nothing" });
  });

  test("passes block 65,535", () => {
    const size = 8 * 70_000;
    let step = begin(agree({ blksize: "8" }, size), size);
    step = advance(step.transfer, ack(0));
    for (let block = 1; block < 65_536; block++) step = advance(step.transfer, ack(block & 0xffff));
    expect(step.action).toEqual({ do: "blocks", from: 65_536, to: 65_536 });
    expect(advance(step.transfer, ack(0)).action).toEqual({ do: "blocks", from: 65_537, to: 65_537 });
  });

  test("gives up after seven timeouts without progress", () => {
    const first = begin(agree({}, 100), 100);
    expect(run(first, ...timeouts(7)).action).toEqual({ do: "blocks", from: 1, to: 1 });
    expect(run(first, ...timeouts(8)).action).toMatchObject({ do: "fail" });
  });

  test("is no amplifier: acknowledging every block of a window does not fetch the file over and over", () => {
    let step = run(begin(agree({ blksize: "8", windowsize: "64" }, 8000), 8000), ack(0));
    for (let block = 1; block <= 1001; block++) step = run(step, ack(block));
    expect(step.action).toEqual({ do: "finish" });
    expect(step.transfer.outgoing).toBeLessThan(5 * 1001);
  });

  test("ends when too much has to be sent again", () => {
    const first = begin(agree({ blksize: "8", windowsize: "64" }, 80), 80);
    let step = run(first, ack(0));
    for (let round = 0; round < 400 && step.action.do !== "fail"; round++) {
      step = run({ ...step, transfer: { ...step.transfer, timeouts: 0 } }, ...timeouts(1));
    }
    expect(step.action).toEqual({ do: "fail", why: "too much had to be sent again" });
  });

  // A lossy, duplicating network and a client after RFC 7440: the file arrives whole, or the transfer says why not.
  test("delivers every byte whatever the network loses or repeats", () => {
    const scenario = fc.record({
      size: fc.integer({ min: 0, max: 3000 }),
      blockSize: fc.integer({ min: 8, max: 64 }),
      window: fc.integer({ min: 1, max: 16 }),
      fates: fc.array(fc.constantFrom("deliver", "deliver", "deliver", "drop", "twice"), {
        minLength: 1,
        maxLength: 200,
      }),
    });
    fc.assert(
      fc.property(scenario, ({ size, blockSize, window, fates }) => {
        const content = Uint8Array.from({ length: size }, (_, index) => index * 7);
        expect(deliver(content, blockSize, window, fates)).toEqual(content);
      }),
      { numRuns: 300 },
    );
  });
});

type InFlight = { readonly to: "client" | "server"; readonly block: number };

/**
 * Plays a whole transfer over a network with these fates, against a client after RFC 7440 §4. The network behaves
 * after 200 packets, and once the server has waited three times in vain: nobody promises a file through a cut cable.
 */
function deliver(
  content: Uint8Array,
  blockSize: number,
  window: number,
  fates: readonly string[],
): Uint8Array {
  const agreement = agree({ blksize: String(blockSize), windowsize: String(window) }, content.length);
  const wire: InFlight[] = [];
  const received: number[] = [];
  let step = begin(agreement, content.length);
  let lastInOrder = 0;
  let sinceAck = 0;
  let reportedGapAfter = -1;
  let packets = 0;

  const send = (packet: InFlight) => {
    const fate = step.transfer.timeouts < 3 && packets < 200 ? fates[packets++ % fates.length] : "deliver";
    if (wire.length > 10_000) throw new Error("the packets multiply");
    if (fate !== "drop") wire.push(packet);
    if (fate === "twice") wire.push(packet);
  };
  const acknowledge = () => {
    sinceAck = 0;
    send({ to: "server", block: lastInOrder });
  };
  const clientReceives = (block: number) => {
    if (block === 0) return acknowledge();
    // The newest again: its ACK was lost. Anything older is an echo, and answering echoes multiplies them.
    if (block === lastInOrder) return acknowledge();
    if (block < lastInOrder) return undefined;
    if (block > lastInOrder + 1) {
      if (reportedGapAfter === lastInOrder) return undefined;
      reportedGapAfter = lastInOrder;
      return acknowledge();
    }
    const bytes = encodeBlocks(content, blockSize, block, block).subarray(4);
    received.push(...bytes);
    lastInOrder = block;
    reportedGapAfter = -1;
    if (bytes.length < blockSize || ++sinceAck === window) acknowledge();
    return undefined;
  };
  const serverActs = () => {
    const { action } = step;
    if (action.do === "oack") send({ to: "client", block: 0 });
    if (action.do !== "blocks") return;
    for (let block = action.from; block <= action.to; block++) send({ to: "client", block });
  };

  serverActs();
  while (step.action.do !== "finish" && step.action.do !== "fail") {
    const packet = wire.shift();
    if (packet?.to === "client") {
      clientReceives(packet.block);
      continue;
    }
    step = advance(step.transfer, packet ? ack(packet.block & 0xffff) : { type: "timeout" });
    reportedGapAfter = packet ? reportedGapAfter : -1;
    serverActs();
    if (packets > 100_000) throw new Error("the transfer never ended");
  }
  expect(step.action).toEqual({ do: "finish" });
  return Uint8Array.from(received);
}

describe("packets", () => {
  test("of blocks follow one another", () => {
    const packets = encodeBlocks(Buffer.from("abcdefghij"), 8, 1, 2);
    expect(packets.toString("latin1")).toBe("\0\x03\0\x01abcdefgh\0\x03\0\x02ij");
  });

  test("of an OACK and an error read as the RFCs draw them", () => {
    expect(encodeOack([["blksize", "1428"]]).toString("latin1")).toBe("\0\x06blksize\x001428\0");
    expect(encodeError("notFound", "no such file").toString("latin1")).toBe("\0\x05\0\x01no such file\0");
  });

  test("from a client decode, or are nothing", () => {
    expect(decodeFromClient(Buffer.from([0, 4, 1, 2]))).toEqual({ type: "ack", block: 258 });
    expect(decodeFromClient(Buffer.from("\0\x05\0\x08no end", "latin1"))).toEqual({
      type: "error",
      code: 8,
      message: "no end",
    });
    for (const bytes of [[], [0], [0, 4], [0, 4, 1], [0, 3, 0, 1, 5]]) {
      expect(decodeFromClient(Buffer.from(bytes))).toBeUndefined();
    }
  });
});
