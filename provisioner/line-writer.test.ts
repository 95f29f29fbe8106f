import { expect, test } from "vitest";
import { VirtualClock } from "../cosi/virtual-clock.ts";
import { LineWriter, type LineWriterOptions } from "./line-writer.ts";

type Done = Parameters<LineWriterOptions["write"]>[1];

function open(most?: number) {
  const clock = new VirtualClock();
  const begun: { text: string; done: Done }[] = [];
  const writer = new LineWriter({
    write: (bytes, done) => begun.push({ text: Buffer.from(bytes).toString(), done }),
    clock,
    ...(most !== undefined && { most }),
  });
  const written = () => begun.map(({ text }) => text);
  const end = (bytes = Number.POSITIVE_INFINITY) => begun.at(-1)!.done(null, bytes);
  const fail = (code: string) => begun.at(-1)!.done(Object.assign(new Error(code), { code }), 0);
  return { clock, writer, written, end, fail };
}

test("lines that come soon after each other, or while others are written, go together", async () => {
  const { clock, writer, written, end } = open();
  writer.line("a");
  writer.line("b");
  expect(written()).toEqual([]);
  await clock.advance(20);
  writer.line("c");
  writer.line("d");
  expect(written()).toEqual(["a\nb\n"]);
  end();
  expect(written()).toEqual(["a\nb\n", "c\nd\n"]);
});

test("what is written in part goes on where it stopped", async () => {
  const { clock, writer, written, end } = open();
  writer.line("abc");
  await clock.advance(20);
  writer.line("next");
  end(2);
  end();
  expect(written()).toEqual(["abc\n", "c\n", "next\n"]);
});

test("a reader that is not ready is tried again, and one that is gone is not waited for", async () => {
  const { clock, writer, written, fail, end } = open();
  writer.line("a");
  await clock.advance(20);
  fail("EAGAIN");
  expect(written()).toEqual(["a\n"]);
  await clock.advance(20);
  fail("EPIPE");
  writer.line("b");
  end();
  expect(written()).toEqual(["a\n", "a\n", "b\n"]);
});

test("of what nobody reads so much is kept, and what is lost is told", async () => {
  const { clock, writer, written, end } = open(6);
  writer.line("first");
  await clock.advance(20);
  for (const text of ["abc", "d", "e", "f"]) writer.line(text);
  end();
  expect(written().at(-1)).toBe("abc\nd\n(2 lines were lost: nobody read them in time)\n");
  writer.line("again");
  end();
  expect(written().at(-1)).toBe("again\n");
});

test("it says when all is written, and gives up what is not begun", async () => {
  const { clock, writer, end } = open();
  await writer.drained();
  writer.line("a");
  await clock.advance(20);
  writer.line("b");
  const drained = writer.drained();
  expect(writer.take()).toBe("b\n");
  end();
  await drained;
});
