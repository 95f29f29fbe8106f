// A provisioner and a machine as small as can be, and the judge beside them: right lives are never wrong, and each thing
// that must never be is found.
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type Claim, Custody, type DisksSeen } from "./custody.ts";

type Answer = "heard" | "answer lost" | "never heard";
const answers: readonly Answer[] = ["heard", "answer lost", "never heard"];

class World {
  #disk = "";
  #installations = 0;
  #isOff = false;
  #wipeAsked = 1;
  #wipedAt = 0;
  #assignedAt: number | undefined;
  #isLeaving = false;
  #installedAt = -1;
  readonly wrong: string[] = [];
  readonly custody: Custody;

  constructor() {
    const disks: DisksSeen = {
      remains: () => (this.#disk === "" ? undefined : `${this.#disk} is still there`),
      mark: () => {
        this.#disk = "mark";
      },
      unmarked: () => (this.#disk === "mark" ? undefined : "disk0"),
      system: async () => (this.#disk.startsWith("system") ? this.#disk : undefined),
    };
    this.custody = new Custody("m", disks);
  }

  /** What the machine and its provisioner do next by themselves; undefined when they are where they want to be. */
  get next(): "wipe" | "begin to install" | "install" | undefined {
    if (this.#wipedAt < this.#needed) return "wipe";
    if (this.#assignedAt === undefined || this.#installedAt >= this.#assignedAt) return undefined;
    return this.#disk.startsWith("system") ? "install" : "begin to install";
  }

  /** `how` is what the wipe leaves undone. */
  step(how: "right" | "leaves the disk as it is" = "right"): void {
    const next = this.next;
    if (next === "wipe") {
      if (how === "right") this.#disk = "";
      this.#wipedAt = this.#needed;
      if (this.#isLeaving) this.#assignedAt = undefined;
      this.#isLeaving = false;
      this.#tell();
    }
    if (next === "begin to install") this.#disk = `system ${this.#installations++}`;
    if (next === "install") {
      this.#installedAt = this.#assignedAt!;
      this.#tell();
    }
  }

  /** Before anybody knows that it is installed, it may begin anew. */
  beginAnew(): void {
    if (this.next === "install") this.#disk = `system ${this.#installations++}`;
  }

  power(isOff: boolean): void {
    this.#isOff = isOff;
  }

  async ask(action: "assign" | "release" | "wipe", answer: Answer): Promise<void> {
    await this.look();
    const isFree = this.#assignedAt === undefined;
    const isPool = isFree && this.#wipedAt >= this.#wipeAsked;
    const isLegal = action === "release" ? !isFree && !this.#isLeaving : isPool;
    if (answer !== "never heard") {
      if (!isLegal) return;
      if (action === "assign") this.#assignedAt = Math.max(this.#wipeAsked, this.#wipedAt);
      if (action === "release") this.#isLeaving = true;
      if (action === "wipe") this.#wipeAsked = Math.max(this.#wipeAsked, this.#wipedAt) + 1;
    }
    this.custody.giveUp();
    if (answer === "heard") this.learn();
    this.#tell();
  }

  learn(): void {
    const assigned = this.#assignedAt;
    const claim: Claim =
      assigned === undefined || this.#isLeaving
        ? { is: "free", wipeId: this.#needed }
        : { is: "assigned", wipeId: assigned };
    this.custody.claimIs(claim);
  }

  async look(): Promise<void> {
    this.wrong.push(...(await this.custody.look(() => this.#isOff)));
  }

  /** Something that must never be. */
  sabotage(): void {
    this.#disk = this.#disk === "" ? "mark" : "";
  }

  get isJudged(): boolean {
    return this.#disk === "mark" || this.#installedAt >= (this.#assignedAt ?? Number.POSITIVE_INFINITY);
  }

  get #needed(): number {
    return this.#isLeaving ? Math.max(this.#wipeAsked, this.#assignedAt!) + 1 : this.#wipeAsked;
  }

  #tell(): void {
    const isDone = this.next === undefined;
    const stage =
      this.#assignedAt === undefined ? (isDone ? "pool" : "wiping") : isDone ? "running" : "installing";
    this.custody.learn("wipe-statuses", { wipedAt: this.#wipedAt });
    this.custody.learn("installations", { wipeId: this.#installedAt });
    this.custody.learn("machine-statuses", { stage });
  }
}

type Move = (world: World) => void | Promise<void>;

const ask = fc
  .tuple(fc.constantFrom("assign" as const, "release" as const, "wipe" as const), fc.constantFrom(...answers))
  .map(
    ([action, answer]): Move =>
      (world) =>
        world.ask(action, answer),
  );
const moves = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.constant<Move>((world) => world.step()) },
    { weight: 1, arbitrary: fc.constant<Move>((world) => world.beginAnew()) },
    { weight: 2, arbitrary: fc.constant<Move>((world) => world.look()) },
    { weight: 2, arbitrary: fc.constant<Move>((world) => world.learn()) },
    {
      weight: 2,
      arbitrary: fc.boolean().map(
        (off): Move =>
          (world) =>
            world.power(off),
      ),
    },
    { weight: 3, arbitrary: ask },
  ),
  { maxLength: 60 },
);

async function lived(story: readonly Move[]): Promise<World> {
  const world = new World();
  for (const move of story) await move(world);
  return world;
}

/** Everything that was asked is known, and done. */
async function settle(world: World): Promise<void> {
  world.learn();
  while (world.next !== undefined) world.step();
  world.power(true);
  await world.look();
}

test("no life that is right is called wrong, however much was asked and whatever answers were lost", async () => {
  await fc.assert(
    fc.asyncProperty(moves, async (story) => {
      const world = await lived(story);
      await settle(world);
      expect(world.wrong).toEqual([]);
      expect(world.custody.isHome).toBe(true);
    }),
  );
});

test("whatever happens to the disks of a machine that nobody gave up is found, after any life", async () => {
  await fc.assert(
    fc.asyncProperty(moves, async (story) => {
      const world = await lived(story);
      await settle(world);
      expect(world.isJudged).toBe(true);
      world.sabotage();
      await world.look();
      expect(world.wrong).not.toEqual([]);
    }),
  );
});

test.each(["wipe", "release"] as const)(
  "a %s that erased nothing is found, after any life",
  async (action) => {
    await fc.assert(
      fc.asyncProperty(moves, async (story) => {
        const world = await lived(story);
        await settle(world);
        if (action === "release") await world.ask("assign", "heard");
        await settle(world);
        await world.ask(action, "heard");
        fc.pre(world.next === "wipe");
        world.step("leaves the disk as it is");
        await world.look();
        expect(world.wrong).not.toEqual([]);
      }),
    );
  },
);
