import { State } from "../state.ts";
import type { Store } from "../store.ts";
import { MemoryStore } from "../stores/memory.ts";
import { VirtualClock } from "../virtual-clock.ts";
import type { Controller } from "./controller.ts";
import type { Leadership } from "./leadership.ts";
import { type Runtime, runtime } from "./runtime.ts";

/** For tests: a state on a virtual clock, and controllers at work on it for as long as the test wants. */
export class TestBench {
  readonly clock: VirtualClock;
  readonly state: State;
  readonly told: string[] = [];

  constructor(store: Store = new MemoryStore(), clock = new VirtualClock({ start: new Date(0) })) {
    this.clock = clock;
    this.state = new State({ store, clock });
  }

  run(controllers: readonly Controller[], leadership?: Leadership): AtWork {
    const tell = (message: string) => void this.told.push(message);
    const engine = runtime({
      state: this.state,
      clock: this.clock,
      controllers,
      random: () => 1,
      log: { info: () => undefined, warn: tell },
      ...(leadership ? { leadership } : {}),
    });
    const stop = new AbortController();
    const running = engine.run(stop.signal);
    return {
      engine,
      running,
      stop: () => stop.abort(),
      [Symbol.asyncDispose]: async () => {
        stop.abort();
        await this.clock.run();
        await running;
      },
    };
  }

  /** Lets everything happen that needs no time. */
  async settle(): Promise<void> {
    await this.clock.advance(0);
  }
}

interface AtWork extends AsyncDisposable {
  readonly engine: Runtime;
  /** Resolves when everything has stopped. */
  readonly running: Promise<void>;
  readonly stop: () => void;
}
