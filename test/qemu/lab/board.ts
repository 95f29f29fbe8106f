// What is known of each machine of the lab, and when it became known: the lines that are told, and the table at the end.
import { milestones, type RecordSpec, type Watched, wipeDone } from "./milestones.ts";

/** Where a life ends until somebody comes. */
const stuck: ReadonlySet<string> = new Set(["failed", "conflicted"]);

interface Course {
  /** When each milestone was reached, in seconds after its power-on. */
  readonly reached: Map<string, number>;
  poweredOnS?: number;
  stage?: string;
  toldTenth: number;
}

export interface Learned {
  /** What somebody who watches should know. */
  readonly lines: readonly string[];
  /** The milestones that it got to by that. */
  readonly reached: readonly string[];
}

export class Board {
  readonly #courses = new Map<string, Course>();
  readonly #nowS: () => number;
  readonly #waiting = new Set<() => void>();

  constructor(nowS: () => number) {
    this.#nowS = nowS;
  }

  get machines(): readonly string[] {
    return [...this.#courses.keys()];
  }

  /** So many were turned on, and have not come further than their firmware and their loader. */
  get booting(): number {
    const isBooting = ({ poweredOnS, reached }: Course) => poweredOnS !== undefined && !reached.has("agent");
    return [...this.#courses.values()].filter(isBooting).length;
  }

  add(machine: string): void {
    this.#courses.set(machine, { reached: new Map(), toldTenth: 0 });
  }

  poweredOn(machine: string): void {
    const course = this.#courses.get(machine);
    if (course) course.poweredOnS ??= this.#nowS();
  }

  /** Takes what the provisioner has recorded of a machine. */
  learn(machine: string, kind: Watched, spec: RecordSpec): Learned {
    const course = this.#courses.get(machine);
    const lines: string[] = [];
    const milestonesReached: string[] = [];
    if (!course) return { lines, reached: milestonesReached };
    for (const { name, kind: of, reached } of milestones) {
      if (of !== kind || course.reached.has(name)) continue;
      const text = reached(spec);
      if (text === undefined) continue;
      course.reached.set(name, this.#nowS() - (course.poweredOnS ?? this.#nowS()));
      lines.push(text);
      milestonesReached.push(name);
    }
    if (kind === "machine-statuses" && spec.stage !== course.stage) {
      course.stage = spec.stage ?? "";
      if (lines.length === 0) lines.push(`${course.stage}: ${spec.why ?? ""}`);
    }
    if (kind === "wipe-statuses") {
      const tenth = Math.floor((wipeDone(spec) ?? 0) * 10);
      if (tenth > course.toldTenth) lines.push(`${tenth * 10} % of its disks are wiped`);
      course.toldTenth = tenth;
    }
    // Others learn of it in the same moment, and whoever waits asks them too.
    queueMicrotask(() => {
      for (const look of this.#waiting) look();
    });
    return { lines, reached: milestonesReached };
  }

  /** Resolves as soon as that holds; what is learned is what changes it. */
  async until(holds: () => boolean): Promise<void> {
    if (holds()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = () => holds() && resolve();
    this.#waiting.add(look);
    await promise;
    this.#waiting.delete(look);
  }

  stageOf(machine: string): string {
    return this.#courses.get(machine)?.stage ?? "unknown";
  }

  isStuck(machine: string): boolean {
    return stuck.has(this.stageOf(machine));
  }

  allHave(milestone: string): boolean {
    return [...this.#courses.values()].every(({ reached }) => reached.has(milestone));
  }

  /** Seconds from its power-on to each milestone that it has reached. */
  timesOf(machine: string): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#courses.get(machine)?.reached ?? []);
  }

  /** Seconds from power-on to each milestone that any machine has reached. */
  table(): string {
    const names = milestones
      .map(({ name }) => name)
      .filter((name) => [...this.#courses.values()].some(({ reached }) => reached.has(name)));
    const width = Math.max(8, ...[...this.#courses.keys()].map((name) => name.length));
    const row = (first: string, cells: readonly string[]) =>
      [first.padEnd(width), ...cells.map((cell) => cell.padStart(9))].join(" ");
    return [
      row("", names),
      ...[...this.#courses].map(([machine, { reached }]) =>
        row(
          machine,
          names.map((name) => (reached.has(name) ? `${reached.get(name)!.toFixed(1)} s` : "-")),
        ),
      ),
    ].join("\n");
  }
}
