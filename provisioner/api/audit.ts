// Every change that was asked for, whatever came of it.
import { randomBytes } from "node:crypto";
import type { Clock } from "../../cosi/clock.ts";
import type { SpecOf } from "../../cosi/resource.ts";
import type { State } from "../../cosi/state.ts";
import { AuditEntry } from "../resources/audit-entry.ts";
import type { Bearer } from "./tokens.ts";

export interface Audited {
  readonly who: Bearer;
  readonly address: string;
  readonly requestId: string;
  readonly action: string;
  readonly target: string;
  readonly outcome: SpecOf<typeof AuditEntry>["outcome"];
}

export class Audit {
  readonly #state: State;
  readonly #clock: Pick<Clock, "now">;

  constructor({ state, clock }: { readonly state: State; readonly clock: Pick<Clock, "now"> }) {
    this.#state = state;
    this.#clock = clock;
  }

  async write({ who, ...rest }: Audited): Promise<void> {
    const at = this.#clock.now();
    const id = `${at.toISOString()}-${randomBytes(4).toString("hex")}`.replaceAll(":", "");
    const spec = { at, who: `${who.name} (${who.token})`, role: who.role, ...rest };
    await this.#state.create(AuditEntry, id, { spec, labels: { action: rest.action } });
  }
}
