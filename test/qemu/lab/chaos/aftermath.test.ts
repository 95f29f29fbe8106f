import { beforeEach, describe, expect, test } from "vitest";
import { Board } from "../board.ts";
import { type AftermathOptions, bringHome, putToWork } from "./aftermath.ts";

const names = ["a", "b"];
let board: Board;
let asked: string[];
let expiry: AbortController;
let options: AftermathOptions;

/** What the provisioner records of a machine. */
const becomes = (name: string, stage: string) => board.learn(name, "machine-statuses", { stage });
const isHome = (name: string) => board.stageOf(name) === "pool";
const isAssigned = (name: string) => board.stageOf(name) === "starting" || board.stageOf(name) === "running";

beforeEach(() => {
  board = new Board(() => 0);
  asked = [];
  expiry = new AbortController();
  for (const name of names) board.add(name);
  options = {
    ...{ board, names, say: () => {}, signal: new AbortController().signal, expiry: expiry.signal },
    ask: async (name, action) => void asked.push(`${action} ${name}`),
    whyOf: async (name) => `why of ${name}`,
  };
});

describe("after chaos", () => {
  test("nothing is wrong when every machine comes to the pool", async () => {
    const home = bringHome({ ...options, isHome });
    becomes("a", "pool");
    becomes("b", "wiping");
    becomes("b", "pool");
    expect(await home).toEqual([]);
    expect(asked).toEqual([]);
  });

  test.each([
    ["comes to the pool, and is not lost", "pool", []],
    ["fails again, and is lost", "failed", ["b is lost: failed (why of b)"]],
  ])("a machine that failed is tried again, once, and %s", async (_, then, wrong) => {
    becomes("a", "pool");
    becomes("b", "failed");
    const ask = async (name: string, action: string) => {
      asked.push(`${action} ${name}`);
      becomes(name, "wiping");
      setImmediate(() => becomes(name, then));
    };
    expect(await bringHome({ ...options, isHome, ask })).toEqual(wrong);
    expect(asked).toEqual(["retry b"]);
  });

  test("a machine that comes nowhere is lost, wherever it is", async () => {
    becomes("a", "pool");
    becomes("b", "wiping");
    const home = bringHome({ ...options, isHome });
    expiry.abort();
    expect(await home).toEqual(["b is lost: wiping (why of b)"]);
  });

  test("so is one that cannot be put to work", async () => {
    const work = putToWork({ ...options, isAssigned });
    becomes("a", "running");
    becomes("b", "installing");
    becomes("b", "failed");
    expect(await work).toEqual(["b is lost: failed (why of b)"]);
    expect(asked).toEqual(["assign a", "assign b"]);
  });

  test("whoever is somebody's already is not assigned again, though it is not ready at the moment", async () => {
    becomes("a", "starting");
    becomes("b", "pool");
    const work = putToWork({ ...options, isAssigned });
    becomes("a", "running");
    becomes("b", "running");
    expect(await work).toEqual([]);
    expect(asked).toEqual(["assign b"]);
  });

  test("one that may not be assigned is lost at once, and says why", async () => {
    becomes("a", "running");
    becomes("b", "pool");
    const ask = async () => {
      throw new Error("cannot assign: it is failed");
    };
    const said: string[] = [];
    const say = (who: string, text: string) => void said.push(`${who}: ${text}`);
    expect(await putToWork({ ...options, isAssigned, ask, say })).toEqual(["b is lost: pool (why of b)"]);
    expect(said).toEqual(["b: assign: cannot assign: it is failed"]);
  });
});
