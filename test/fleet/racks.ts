// The fleet in processes of its own, and the pxe-server that its racks ask: this process has little else to do, so that
// how long an answer takes here is how long the provisioner took for it.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { RemoteBooter } from "../../pxe-server/remote-booter.ts";
import type { FleetMember, FromRack, RackTold, ToRack } from "./rack/messages.ts";

/** More would have one event loop be late, and its machines with it. */
const mostInRack = 500;

export class Racks implements AsyncDisposable {
  /** How long each plan took that the provisioner gave. */
  readonly planMs: number[] = [];
  readonly members: FleetMember[] = [];
  readonly #booter: Pick<RemoteBooter, "plan" | "report">;
  readonly #children: ChildProcess[] = [];
  readonly #gone = new AbortController();

  private constructor(booter: Pick<RemoteBooter, "plan" | "report">) {
    this.#booter = booter;
  }

  static async open(size: number, booter: Pick<RemoteBooter, "plan" | "report">): Promise<Racks> {
    const racks = new Racks(booter);
    for (let first = 0; first < size; first += mostInRack) {
      racks.members.push(...(await racks.#start(first, Math.min(mostInRack, size - first))));
    }
    return racks;
  }

  async #start(first: number, size: number): Promise<readonly FleetMember[]> {
    const child = fork(join(import.meta.dirname, "rack/main.ts"), { serialization: "advanced" });
    this.#children.push(child);
    const opened = Promise.withResolvers<readonly FleetMember[]>();
    child.once("exit", (code) => opened.reject(new Error(`Cannot go on: a rack ended with ${code}`)));
    child.on("message", (message: FromRack) => {
      if (message.is === "open") opened.resolve(message.members);
      else if (message.is === "ask") void this.#answer(child, message);
      else if (message.is === "report") this.#booter.report(message.report);
    });
    send(child, { is: "open", first, size });
    return opened.promise;
  }

  async #answer(child: ChildProcess, { number, asking }: Extract<FromRack, { is: "ask" }>): Promise<void> {
    const began = performance.now();
    const plan = await this.#booter.plan(asking, this.#gone.signal);
    if (!plan.why.includes("does not answer")) this.planMs.push(performance.now() - began);
    send(child, { is: "plan", number, plan });
  }

  /** Ends the fleet: what each rack has to tell. */
  async close(): Promise<readonly RackTold[]> {
    return Promise.all(
      this.#children.splice(0).map(async (child) => {
        const ended = once(child, "exit");
        const told = Promise.withResolvers<RackTold>();
        child.on("message", (message: FromRack) => {
          if (message.is === "closed") told.resolve(message.told);
        });
        send(child, { is: "close" });
        await ended;
        return told.promise;
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#gone.abort();
    for (const child of this.#children.splice(0)) child.kill("SIGKILL");
  }
}

function send(child: ChildProcess, message: ToRack): void {
  if (child.connected) child.send(message);
}
