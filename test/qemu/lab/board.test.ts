import { describe, expect, test } from "vitest";
import { Board } from "./board.ts";
import type { RecordSpec, Watched } from "./milestones.ts";

/** What a provisioner records of a machine, from its first word to the pool. */
const course: readonly (readonly [atS: number, kind: Watched, spec: RecordSpec, said: readonly string[]])[] =
  [
    [
      4,
      "boot-statuses",
      { state: "booting", why: "nobody knows it" },
      ["asks what to boot: nobody knows it"],
    ],
    [5, "boot-statuses", { state: "booting", why: "nobody knows it" }, []],
    [20, "boot-statuses", { state: "agent", version: "0.1.0" }, ["its agent 0.1.0 has come"]],
    [
      21,
      "machine-statuses",
      { stage: "discovered", why: "nobody has accepted it yet" },
      ["discovered: nobody has accepted it yet"],
    ],
    [22, "admissions", { state: "waiting", why: "no rule fits" }, []],
    [23, "admissions", { state: "accepted", why: "rule lab" }, ["accepted: rule lab"]],
    [24, "wipe-statuses", wiping(5, 20), ["20 % of its disks are wiped"]],
    [25, "wipe-statuses", wiping(6, 20), ["30 % of its disks are wiped"]],
    [26, "wipe-statuses", wiping(7, 20), []],
    [27, "wipe-statuses", { wipedAt: 1 }, ["all of its disks are wiped and read back"]],
    [28, "bmcs", { address: "10.1.0.11" }, ["an account on its BMC, 10.1.0.11"]],
    [30, "machine-statuses", { stage: "pool", why: "it is clean" }, ["in the pool: it is clean"]],
    [31, "machine-statuses", { stage: "pool", why: "it is clean" }, []],
  ];

function wiping(doneBytes: number, totalBytes: number): RecordSpec {
  return { wipedAt: 0, run: { state: "running", progress: [{ doneBytes, totalBytes }] } };
}

describe("the board of the lab", () => {
  test("tells each milestone and each step of a wipe once, and when", () => {
    let nowS = 2;
    const board = new Board(() => nowS);
    board.add("bios-1");
    expect(board.booting).toBe(0);
    board.poweredOn("bios-1");
    expect(board.booting).toBe(1);
    for (const [atS, kind, spec, said] of course) {
      nowS = atS;
      expect(board.learn("bios-1", kind, spec).lines, `${atS} s`).toEqual(said);
    }
    expect(board.booting).toBe(0);
    expect(board.stageOf("bios-1")).toBe("pool");
    expect(board.allHave("pool")).toBe(true);
    board.add("late");
    expect(board.allHave("pool")).toBe(false);
    expect(board.table()).toMatchInlineSnapshot(`
      "               PXE     agent  accepted     wiped       BMC      pool
      bios-1       2.0 s    18.0 s    21.0 s    25.0 s    26.0 s    28.0 s
      late             -         -         -         -         -         -"
    `);
  });

  test("counts a wipe anew when it begins anew", () => {
    const board = new Board(() => 0);
    board.add("a");
    board.learn("a", "wipe-statuses", wiping(9, 10));
    board.learn("a", "wipe-statuses", { wipedAt: 0, run: { state: "interrupted" } });
    expect(board.learn("a", "wipe-statuses", wiping(1, 10)).lines).toEqual(["10 % of its disks are wiped"]);
  });

  test("knows who waits for people", () => {
    const board = new Board(() => 0);
    board.add("a");
    expect(board.isStuck("a")).toBe(false);
    board.learn("a", "machine-statuses", { stage: "conflicted", why: "another machine claims to be it" });
    expect(board.isStuck("a")).toBe(true);
  });

  test("lets those who wait look when others have learned the same", async () => {
    const board = new Board(() => 0);
    board.add("a");
    let othersKnow = false;
    const waiting = board.until(() => board.stageOf("a") === "running" && othersKnow);
    board.learn("a", "machine-statuses", { stage: "running", why: "" });
    othersKnow = true;
    await waiting;
  });

  test("knows nothing of machines that are not the lab's", () => {
    expect(new Board(() => 0).learn("stranger", "admissions", { state: "accepted" })).toEqual({
      lines: [],
      reached: [],
    });
  });
});
