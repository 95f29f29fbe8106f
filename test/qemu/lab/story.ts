// What happens in a lab, a line for each thing: kept in story.log of its directory, and told to who watches.
import { appendFileSync } from "node:fs";
import type { RunDirectory } from "../framework/run-directory.ts";

export type Told = (line: string, who: string, text: string) => void;

export class Story {
  readonly #file: string;
  readonly #told: Told;
  readonly #began = performance.now();
  readonly #lines: string[] = [];

  constructor(directory: RunDirectory, told: Told = () => {}) {
    this.#file = directory.file("story.log");
    this.#told = told;
  }

  readonly nowS = (): number => (performance.now() - this.#began) / 1000;

  readonly say = (who: string, text: string): void => {
    const line = `${this.nowS().toFixed(1).padStart(6)} s  ${who.padEnd(8)} ${text}`;
    this.#lines.push(line);
    appendFileSync(this.#file, `${line}\n`);
    this.#told(line, who, text);
  };

  /** Where it stopped. */
  last(count: number): string {
    return this.#lines.slice(-count).join("\n");
  }
}
