import { beforeEach, describe, expect, test } from "vitest";
import { Custody, type DisksSeen } from "./custody.ts";

/** One disk, as its machine and the judge find it. */
let disk: { is: "blank" } | { is: "marked" } | { is: "installed"; system: string };
let isOff: boolean;
let custody: Custody;

const disks: DisksSeen = {
  remains: () => (disk.is === "blank" ? undefined : "something is still at 0 on disk0"),
  mark: () => {
    disk = { is: "marked" };
  },
  unmarked: () => (disk.is === "marked" ? undefined : "disk0"),
  system: async () => (disk.is === "installed" ? disk.system : undefined),
};
const look = () => custody.look(() => isOff);
const isIn = (stage: string) => custody.learn("machine-statuses", { stage });
const isWiped = (wipedAt: number) => {
  disk = { is: "blank" };
  custody.learn("wipe-statuses", { wipedAt });
};
const isInstalled = (system: string, wipeId: number) => {
  disk = { is: "installed", system };
  custody.learn("installations", { wipeId });
};
/** Somebody asks, and it is written down. */
const asks = (claim: Parameters<Custody["claimIs"]>[0]) => {
  custody.giveUp();
  custody.claimIs(claim);
};
const comesToPool = (wipedAt: number) => {
  isWiped(wipedAt);
  isIn("pool");
};
const runs = async () => {
  comesToPool(1);
  expect(await look()).toEqual([]);
  asks({ is: "assigned", wipeId: 1 });
  isIn("installing");
  isInstalled("first", 1);
  isIn("running");
  isOff = false;
  expect(await look()).toEqual([]);
};

beforeEach(() => {
  disk = { is: "blank" };
  isOff = true;
  custody = new Custody("m", disks);
});

describe("the judge of a machine", () => {
  test("finds nothing wrong with a life from the pool to work and back, and again", async () => {
    await runs();
    asks({ is: "free", wipeId: 2 });
    disk = { is: "blank" };
    expect(await look()).toEqual([]);
    expect(custody.isClean).toBe(false);
    comesToPool(2);
    isOff = true;
    expect(await look()).toEqual([]);
    expect(disk.is).toBe("marked");
    asks({ is: "assigned", wipeId: 2 });
    isInstalled("second", 2);
    isIn("running");
    expect(await look()).toEqual([]);
    expect(custody.runs).toBe(2);
  });

  test("marks the disks of a machine that is clean and off, and of no other", async () => {
    comesToPool(1);
    isOff = false;
    await look();
    expect(disk.is).toBe("blank");
    isOff = true;
    custody.giveUp();
    await look();
    expect(disk.is).toBe("blank");
    custody.claimIs({ is: "free", wipeId: 1 });
    await look();
    expect(disk.is).toBe("marked");
  });

  test.each([
    ["wiped", () => (disk = { is: "blank" })],
    ["installed", () => (disk = { is: "installed", system: "x" })],
  ])("tells, once, that a machine in the pool was %s", async (_, happens) => {
    comesToPool(1);
    await look();
    happens();
    isOff = false;
    const wrong = ["m: disk0 was wiped or written, and nobody asked for it"];
    expect(await look()).toEqual(wrong);
    expect(await look()).toEqual([]);
  });

  test("a mark that is still there after a wipe that was asked for is a wipe that was lost", async () => {
    comesToPool(1);
    await look();
    asks({ is: "free", wipeId: 2 });
    expect(custody.isClean).toBe(false);
    custody.learn("wipe-statuses", { wipedAt: 2 });
    expect(await look()).toEqual([
      "m: it is in the pool, wiped under 2, and something is still at 0 on disk0",
    ]);
  });

  test("a system that is still there after a release is told", async () => {
    await runs();
    asks({ is: "free", wipeId: 2 });
    custody.learn("wipe-statuses", { wipedAt: 2 });
    expect(await look()).toEqual([]);
    isIn("pool");
    expect(await look()).toEqual([
      "m: it is in the pool, wiped under 2, and something is still at 0 on disk0",
    ]);
  });

  test.each([
    [
      "erased itself",
      () => (disk = { is: "blank" }),
      [
        "m: its system is gone, and nobody released it",
        "m: it is installed, it is said, and there is no system on its disks",
      ],
    ],
    [
      "was installed anew",
      () => isInstalled("second", 1),
      ["m: another system is on it, and nobody released it"],
    ],
    [
      "was wiped and installed anew between two looks",
      () => {
        isWiped(2);
        isInstalled("second", 2);
      },
      [
        "m: it was wiped under 2, and nobody released it",
        "m: another system is on it, and nobody released it",
      ],
    ],
  ])("a node that %s, and was not released, is told", async (_, happens, wrong) => {
    await runs();
    happens();
    expect(await look()).toEqual(wrong);
    expect(await look()).toEqual([]);
  });

  test("a machine may begin its installation anew until it is installed", async () => {
    comesToPool(1);
    await look();
    asks({ is: "assigned", wipeId: 1 });
    isIn("installing");
    for (const system of ["first", "second"]) {
      disk = { is: "installed", system };
      expect(await look()).toEqual([]);
    }
    isInstalled("third", 1);
    expect(await look()).toEqual([]);
  });

  test("an installation of before the wipe says nothing of the one after it", async () => {
    await runs();
    asks({ is: "free", wipeId: 2 });
    comesToPool(2);
    isOff = true;
    await look();
    asks({ is: "assigned", wipeId: 2 });
    isIn("installing");
    disk = { is: "blank" };
    expect(await look()).toEqual([]);
  });

  test("when an answer was lost, anything may happen until it is known what was heard", async () => {
    await runs();
    custody.giveUp();
    isWiped(2);
    expect(await look()).toEqual([]);
    custody.claimIs({ is: "free", wipeId: 2 });
    isIn("pool");
    expect(await look()).toEqual([]);
    expect(custody.isClean).toBe(true);
  });

  test("records that come while the disks are looked at are judged by the next look", async () => {
    comesToPool(1);
    await look();
    asks({ is: "assigned", wipeId: 1 });
    const looking = look();
    isInstalled("first", 1);
    expect(await looking).toEqual([]);
  });

  test("a machine is home in the pool when it is nobody's, and at work when it is somebody's", async () => {
    comesToPool(1);
    expect(custody.isHome).toBe(true);
    asks({ is: "assigned", wipeId: 1 });
    expect(custody.isHome).toBe(false);
    isIn("running");
    expect(custody.isHome).toBe(true);
    custody.giveUp();
    expect(custody.isHome).toBe(false);
  });
});
