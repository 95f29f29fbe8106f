import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import {
  DiskProgress_Step as Step,
  WipeMethod,
  WipeOrderSchema,
} from "../../../api/gen/ingot/agent/v1/wipe_pb.js";
import { VirtualClock } from "../../../cosi/virtual-clock.ts";
import { randomFrom } from "../../../workshop/mutate.ts";
import type { Disk } from "../../block/disks.ts";
import { signatures } from "../../block/signatures.ts";
import { type Faults, memoryDisk } from "../../block/wipe/memory-disk.ts";
import type { Progress } from "../order-runner.ts";
import { wipeOrder } from "./wipe.ts";

const size = 1024 * 1024;
type Wanted = NonNullable<MessageInitShape<typeof WipeOrderSchema>["disks"]>[number];

interface Model extends Partial<Disk> {
  readonly faults?: Faults;
  readonly signature?: string;
  readonly unreadable?: boolean;
  readonly holds?: () => Promise<readonly string[]>;
}

function machine(models: Readonly<Record<string, Model>>) {
  const contents = new Map(Object.keys(models).map((name) => [name, Buffer.alloc(size, "secret ")]));
  const disks = Object.entries(models).map(
    ([name, it]): Disk => ({
      devPath: `/dev/${name}`,
      sizeBytes: size,
      sectorBytes: 512,
      physicalSectorBytes: 512,
      model: "Model",
      serial: name,
      wwid: "",
      transport: "sata",
      busPath: `/${name}`,
      firmwareVersion: "",
      rotational: false,
      readOnly: false,
      removable: false,
      cdrom: false,
      holders: [],
      ...it,
    }),
  );
  const of = ({ serial }: Disk) => models[serial]!;
  let opened = 0;
  let most = 0;
  const clock = new VirtualClock();
  const progress: Progress[] = [];
  const said: string[] = [];
  const execute = wipeOrder({
    clock,
    random: randomFrom(3),
    disks: async () => disks,
    signatures: async (disk) => {
      if (of(disk).unreadable) throw new Error("Cannot read: EIO");
      return signatures.filter(({ name }) => name === of(disk).signature);
    },
    takeApart: (disk) => of(disk).holds?.() ?? Promise.resolve([]),
    open: async (disk) => {
      most = Math.max(most, ++opened);
      const device = memoryDisk(contents.get(disk.serial)!, of(disk).faults);
      return { ...device, [Symbol.asyncDispose]: async () => void opened-- };
    },
    wiped: () => {},
    said: (_, text) => said.push(text),
  });
  const advance = (ms: number) => clock.advance(ms);
  const run = (wanted: readonly Wanted[], { parallel = 0, signal = new AbortController().signal } = {}) =>
    execute(create(WipeOrderSchema, { wipeId: 7n, disks: [...wanted], parallel }), {
      progress: (it) => progress.push(it),
      signal,
    });
  const isBlank = (name: string) => contents.get(name)!.every((byte) => byte === 0);
  return { run, isBlank, progress, said, most: () => most, advance };
}

const zero = (name: string, more: Partial<Wanted> = {}): Wanted =>
  ({ disk: `serial-${name}`, methods: [WipeMethod.ZERO], verifySamples: 8, ...more }) as Wanted;

const verdicts = (outcome: Awaited<ReturnType<ReturnType<typeof machine>["run"]>>) => {
  if (!("result" in outcome) || outcome.result?.case !== "wipe") throw new Error("no wipe result");
  return outcome.result.value.disks!.map((it) => it.failure ?? `wiped by ${WipeMethod[it.method!]}`);
};

describe("an order to wipe", () => {
  test("wipes its disks, tells each step, and gives each a result", async () => {
    const { run, isBlank, progress } = machine({ a: {}, b: { wwid: "" }, c: {} });
    const outcome = await run([zero("a"), zero("b")]);
    expect(outcome).toMatchObject({
      is: "succeeded",
      result: {
        value: {
          disks: [
            {
              disk: "serial-a",
              model: "Model",
              serial: "a",
              sizeBytes: BigInt(size),
              method: WipeMethod.ZERO,
              verification: { samples: 8, mismatches: 0 },
            },
            { disk: "serial-b" },
          ],
        },
      },
    });
    expect([isBlank("a"), isBlank("b"), isBlank("c")]).toEqual([true, true, false]);
    const steps = progress.flatMap(({ progress: it }) =>
      it?.case === "wipe" ? [it.value.disks!.find(({ disk }) => disk === "serial-a")!.step] : [],
    );
    expect([...new Set(steps)]).toEqual([
      Step.WAITING,
      Step.TAKING_APART,
      Step.ERASING,
      Step.VERIFYING,
      Step.DONE,
    ]);
  });

  test("goes on beside a bad disk, and says which was bad", async () => {
    const { run, isBlank, said } = machine({ a: {}, bad: { faults: { failsFrom: 0 } }, c: {} });
    const outcome = await run([zero("a"), zero("bad"), zero("c")]);
    expect(said).toHaveLength(3);
    expect(said).toEqual(
      expect.arrayContaining([
        "disk /dev/a (serial a) is wiped, and was read back at 8 places",
        "disk /dev/bad (serial bad) is not wiped: Cannot write at 0: EIO",
      ]),
    );
    expect(outcome).toMatchObject({
      is: "failed",
      why: "1 of 3 disks: serial-bad: Cannot write at 0: EIO",
    });
    expect(verdicts(outcome)).toEqual(["wiped by ZERO", "Cannot write at 0: EIO", "wiped by ZERO"]);
    expect([isBlank("a"), isBlank("c")]).toEqual([true, true]);
  });

  test.each([
    ["another serial number", {}, { expectedSerial: "z" }, "another disk: its serial number is a, not z"],
    ["another wwid", {}, { expectedWwid: "naa.1" }, "another disk: its wwid is none, not naa.1"],
    ["another size", {}, { expectedSizeBytes: 5n }, "another disk: its size is 1048576, not 5"],
    ["VMFS on it", { signature: "vmfs" }, {}, "it bears vmfs, which other machines may use"],
    ["no sign that can be read", { unreadable: true }, {}, "cannot be told: Cannot read: EIO"],
    ["a lid", { removable: true }, {}, "it is removable"],
    ["a write protection", { readOnly: true }, { evenIfSharedOrRemovable: true }, "it is read-only"],
    ["a slot for CDs", { cdrom: true }, { evenIfSharedOrRemovable: true }, "it is a CD drive"],
    [
      "RAID that does not let go",
      { holds: () => Promise.reject(new Error("Cannot take md127 apart")) },
      {},
      "Cannot take md127 apart",
    ],
    ["no method that it can do", {}, { methods: [WipeMethod.NVME_FORMAT] }, "none of the methods asked for"],
  ] satisfies [string, Model, Partial<Wanted>, string][])(
    "spares a disk with %s",
    async (_, model, more, why) => {
      const { run, isBlank } = machine({ a: model });
      const [failure] = verdicts(await run([zero("a", more)]));
      expect(failure).toContain(why);
      expect(isBlank("a")).toBe(false);
    },
  );

  test.each([
    ["shared", { signature: "gfs2" }],
    ["removable", { removable: true }],
  ])("wipes what is %s when somebody wants it all the same", async (_, model) => {
    const { run, isBlank } = machine({ a: model });
    expect(await run([zero("a", { evenIfSharedOrRemovable: true })])).toMatchObject({ is: "succeeded" });
    expect(isBlank("a")).toBe(true);
  });

  test("tells what it took apart, and of a disk that is not there", async () => {
    const { run } = machine({ a: { holds: async () => ["md127 (raid1)"] } });
    const outcome = await run([zero("a"), zero("gone")]);
    expect(outcome).toMatchObject({ result: { value: { disks: [{ takenApart: ["md127 (raid1)"] }, {}] } } });
    expect(verdicts(outcome)[1]).toBe("no such disk is in this machine now");
  });

  test("works on as many disks at once as it may", async () => {
    const { run, most } = machine({ a: {}, b: {}, c: {}, d: {} });
    await run(
      ["a", "b", "c", "d"].map((name) => zero(name)),
      { parallel: 2 },
    );
    expect(most()).toBe(2);
  });

  test("that is stopped leaves the disks that it has not begun", async () => {
    const { run, isBlank } = machine({ a: {}, b: {} });
    const signal = AbortSignal.abort(new Error("the provisioner cancelled it"));
    const outcome = await run([zero("a"), zero("b")], { signal });
    expect(verdicts(outcome)).toEqual(["the provisioner cancelled it", "the provisioner cancelled it"]);
    expect(isBlank("a")).toBe(false);
  });

  test("tells what became of the others when a disk hangs", async () => {
    const { run, advance, said } = machine({ a: {}, hung: { holds: () => new Promise(() => {}) } });
    const stop = new AbortController();
    const running = run([zero("a"), zero("hung")], { signal: stop.signal });
    await advance(31_000);
    expect(said).toContain("disk /dev/hung (serial hung) has not answered for 30 s: does it hang?");
    stop.abort(new Error("it was not done within 60 s"));
    await advance(20_000);
    expect(verdicts(await running)).toEqual([
      "wiped by ZERO",
      "it was not done within 60 s, and the disk did not stop within 20 s: it hangs",
    ]);
  });

  test("names a disk twice and wipes it once", async () => {
    const { run } = machine({ a: {} });
    expect(verdicts(await run([zero("a"), zero("a")]))).toEqual(["wiped by ZERO"]);
  });
});
