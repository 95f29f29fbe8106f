// What people want of their machines while things go wrong: each is put to work as soon as it is free, and released again
// once it has come so far. When that is depends on the machine; how far, and after which pauses, follows from the seed.
import { between, oneOf, type Random, randomFrom } from "../../../../provisioner/simulation/random.ts";

/** From there on it is somebody's, in this order. */
const owned = ["installing", "starting", "running"] as const;
/** Whether they are met while they install, at their first boot from disk, or at work. */
const releasedFrom = ["installing", "starting", "running", "running", "running"] as const;
/** What was refused, or could not be asked, is asked again. */
const againMs = 3_000;

/** From one stay in the pool to the next. */
interface Life {
  readonly assignAfterMs: number;
  readonly releaseFrom: (typeof owned)[number];
  readonly releaseAfterMs: number;
}

export type Wish = "assign" | "release";

interface Course {
  readonly random: Random;
  life: Life;
  isFree: boolean;
  wish: Wish | undefined;
  dueMs: number;
  readonly heard: Set<Wish>;
}

export class Operators {
  readonly #courses: ReadonlyMap<string, Course>;

  constructor(seed: number, machines: readonly string[]) {
    this.#courses = new Map(
      machines.map((machine, nth) => {
        const random = randomFrom(seed * 1_000 + nth);
        const life = { ...lifeFrom(random), assignAfterMs: 0 };
        return [machine, { random, life, isFree: true, wish: undefined, dueMs: 0, heard: new Set() }];
      }),
    );
  }

  /** What is to be asked of a machine now. */
  due(machine: string, stage: string, nowMs: number): Wish | undefined {
    const course = this.#courses.get(machine)!;
    const isFree = stage === "pool";
    if (isFree && !course.isFree) {
      course.life = lifeFrom(course.random);
      course.heard.clear();
    }
    // Stages in between, such as failed, belong to the life that they interrupt.
    if (isFree || isOwned(stage)) course.isFree = isFree;
    const { life } = course;
    const wish = isFree ? "assign" : isReleasable(stage, life) ? "release" : undefined;
    if (wish !== course.wish) {
      course.wish = wish;
      course.dueMs = nowMs + (wish === "assign" ? life.assignAfterMs : life.releaseAfterMs);
    }
    if (wish === undefined || course.heard.has(wish) || nowMs < course.dueMs) return undefined;
    course.dueMs = nowMs + againMs;
    return wish;
  }

  /** It was asked, and not refused: nobody asks again in this life. */
  heard(machine: string, wish: Wish): void {
    this.#courses.get(machine)!.heard.add(wish);
  }
}

function lifeFrom(random: Random): Life {
  return {
    assignAfterMs: between(random, 0, 15_000),
    releaseFrom: oneOf(random, releasedFrom),
    releaseAfterMs: between(random, 0, 20_000),
  };
}

const isOwned = (stage: string): boolean => (owned as readonly string[]).includes(stage);

const isReleasable = (stage: string, { releaseFrom }: Life): boolean =>
  (owned.slice(owned.indexOf(releaseFrom)) as readonly string[]).includes(stage);
