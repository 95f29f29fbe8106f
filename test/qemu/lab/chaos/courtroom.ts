// All machines before their judges: whatever is asked of one is asked here, so that its judge knows of it.
import { CommandFailure } from "../../../../provisioner/cli/exit-codes.ts";
import type { LabSite, News } from "../site.ts";
import { claimOf } from "./claim-of.ts";
import { Custody } from "./custody.ts";
import { Disks } from "./disks.ts";
import type { Deed } from "./schedule.ts";

type Action = Deed["action"];

export class Courtroom {
  readonly #site: Pick<LabSite, "rack" | "provisioner">;
  readonly #say: (who: string, text: string) => void;
  readonly #custodies = new Map<string, Custody>();
  /** What must never be, and was seen. */
  readonly violations: string[] = [];
  /** What was asked of machines and not refused. */
  readonly deeds: Record<Action, number> = { assign: 0, release: 0, wipe: 0 };

  constructor(site: Pick<LabSite, "rack" | "provisioner">, say: (who: string, text: string) => void) {
    this.#site = site;
    this.#say = say;
  }

  of(name: string): Custody {
    const known =
      this.#custodies.get(name) ?? new Custody(name, new Disks(this.#find(name).machine.diskFiles));
    this.#custodies.set(name, known);
    return known;
  }

  learn({ name, kind, spec }: News): void {
    this.of(name).learn(kind, spec);
  }

  isUnclear(name: string): boolean {
    return this.of(name).claim.is === "unknown";
  }

  isAssigned(name: string): boolean {
    return this.of(name).claim.is === "assigned";
  }

  async look(name: string): Promise<void> {
    const { machine, chassis } = this.#find(name);
    const found = await this.of(name).look(() => !chassis.powered && !machine.isOn);
    this.violations.push(...found);
    for (const text of found) this.#say("chaos", text);
  }

  async learnClaim(name: string): Promise<void> {
    this.of(name).claimIs(await claimOf(this.#site.provisioner.api(), this.#idOf(name)));
  }

  /** Rejects with the provisioner's refusal. */
  async ask(name: string, action: Action | "retry"): Promise<void> {
    await this.look(name);
    const body = action === "assign" ? { profile: "default" } : {};
    const path = `/api/v1/machines/${this.#idOf(name)}/actions/${action}`;
    try {
      await this.#site.provisioner.api().call("POST", path, body);
    } catch (error) {
      // It may have been heard all the same: what is written down will tell.
      if (!isRefusal(error)) this.of(name).giveUp();
      throw error;
    }
    if (action !== "retry") this.of(name).giveUp();
    await this.learnClaim(name);
  }

  /** Resolves to whether it was heard, and not refused. */
  async do({ machine, action }: Pick<Deed, "machine" | "action">): Promise<boolean> {
    const refusal = await this.ask(machine, action).then(
      () => undefined,
      (error: Error) => error.message,
    );
    this.#say(machine, `${action}: ${refusal ?? "asked"}`);
    if (refusal === undefined) this.deeds[action]++;
    return refusal === undefined;
  }

  /** Why it is in its stage, or why nobody can say. */
  async whyOf(name: string): Promise<string> {
    try {
      const path = `/api/v1/machine-statuses/${this.#idOf(name)}`;
      const status = await this.#site.provisioner.api().call("GET", path);
      return (status as { readonly spec: { readonly why: string } }).spec.why;
    } catch (error) {
      return (error as Error).message;
    }
  }

  #find(name: string) {
    return this.#site.rack.find(name)!;
  }

  #idOf(name: string): string {
    return this.#find(name).machine.uuid;
  }
}

/** Nothing came of what was asked: it was not legal, or nobody was there to hear it. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof CommandFailure)) return false;
  const { cause } = error;
  const isUnheard = cause instanceof Error && "code" in cause && cause.code === "ECONNREFUSED";
  return isUnheard || ["conflict", "notFound", "invalid", "forbidden"].includes(error.ending);
}
