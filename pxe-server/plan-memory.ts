// The last plan of each machine, for when nobody can be asked: on disk, so that it outlives this process, and without
// secrets, because a token in a file would outlive the machine it was for.
import { open, readFile, rename } from "node:fs/promises";
import { z } from "zod";
import { type BootPlan, diskMethods } from "./booter.ts";
import { loaderKinds } from "./firmware.ts";

const served = { why: z.string(), loader: z.enum(loaderKinds).optional() };

const plan = z.discriminatedUnion("do", [
  z.strictObject({
    ...served,
    do: z.literal("kernel"),
    kernel: z.string(),
    initrds: z.array(z.string()),
    args: z.array(z.strictObject({ name: z.string(), value: z.string().optional() })),
    paceBytesPerSecond: z.number().positive().optional(),
  }),
  z.strictObject({ ...served, do: z.literal("chain"), url: z.string() }),
  z.strictObject({ ...served, do: z.literal("disk"), method: z.enum(diskMethods) }),
  z.strictObject({ ...served, do: z.literal("hold"), retryAfterS: z.number().positive() }),
  z.strictObject({ do: z.literal("ignore"), why: z.string() }),
]) satisfies z.ZodType<BootPlan>;

const fileFormat = z.array(z.tuple([z.string(), plan]));

/** More machines than a segment has; the one that asked longest ago is forgotten first. */
const maxPlans = 10_000;

export interface PlanMemory extends AsyncDisposable {
  recall(mac: string): BootPlan | undefined;
  /** Returns at once; on disk soon after. The plan must be free of secrets. */
  remember(mac: string, plan: BootPlan): void;
  forget(mac: string): void;
}

/** A file that cannot be read is reported and replaced: it is a convenience, and no reason not to boot machines. */
export async function openPlanMemory(path: string, onWarning: (text: string) => void): Promise<PlanMemory> {
  try {
    return new Memory(path, new Map(fileFormat.parse(JSON.parse(await readFile(path, "utf8")))), onWarning);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") {
      onWarning(`cannot read the plans in ${path}, beginning anew: ${String(error)}`);
    }
    return new Memory(path, new Map(), onWarning);
  }
}

class Memory implements PlanMemory {
  readonly #path: string;
  readonly #plans: Map<string, BootPlan>;
  readonly #onWarning: (text: string) => void;
  #isDirty = false;
  #writing: Promise<void> | undefined;

  constructor(path: string, plans: Map<string, BootPlan>, onWarning: (text: string) => void) {
    this.#path = path;
    this.#plans = plans;
    this.#onWarning = onWarning;
  }

  recall(mac: string): BootPlan | undefined {
    return this.#plans.get(mac);
  }

  remember(mac: string, plan: BootPlan): void {
    const isNews = JSON.stringify(this.#plans.get(mac)) !== JSON.stringify(plan);
    this.#plans.delete(mac);
    this.#plans.set(mac, plan);
    const [oldest] = this.#plans.keys();
    if (this.#plans.size > maxPlans && oldest !== undefined) this.#plans.delete(oldest);
    if (isNews) this.#keep();
  }

  forget(mac: string): void {
    if (this.#plans.delete(mac)) this.#keep();
  }

  #keep(): void {
    this.#isDirty = true;
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing;
  }

  /** What changes while a write is under way goes out with the next one: a storm of machines costs few writes. */
  async #write(): Promise<void> {
    while (this.#isDirty) {
      this.#isDirty = false;
      const fresh = `${this.#path}.new`;
      try {
        {
          await using file = await open(fresh, "w", 0o600);
          await file.writeFile(JSON.stringify([...this.#plans]));
          await file.datasync();
        }
        await rename(fresh, this.#path);
      } catch (error) {
        this.#onWarning(`cannot keep plans in ${this.#path}: ${String(error)}`);
      }
    }
  }
}
