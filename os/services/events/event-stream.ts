import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";

/** What happened on the machine, as it is told to those who watch. */
export interface MachineEvent {
  readonly id: string;
  readonly at: Date;
  /** Whose request it is about; empty when nobody's. */
  readonly actorId: string;
  readonly typeUrl: string;
  readonly value: Uint8Array;
}

export interface Tail {
  /** How many of the last; negative for all that are kept. */
  readonly events?: number;
  /** Those after this one. */
  readonly afterId?: string;
  readonly seconds?: number;
}

export interface EventWatch {
  readonly tail?: Tail;
  /** Only those of this request. */
  readonly actorId?: string;
  readonly signal: AbortSignal;
}

export interface EventStreamOptions {
  readonly now: () => Date;
  /** Makes identifiers that sort by time. */
  readonly nextId: () => string;
}

/** How many are kept for those who come late. */
const keptCount = 1000;

/** Everything that happens on the machine. Who reads too slowly loses the oldest, and nobody waits for anybody. */
export class EventStream {
  readonly #options: EventStreamOptions;
  readonly #kept: MachineEvent[] = [];
  /** The position of the first that is kept. */
  #first = 0;
  #arrival = Promise.withResolvers<void>();

  constructor(options: EventStreamOptions) {
    this.#options = options;
  }

  publish<Schema extends DescMessage>(schema: Schema, message: MessageInitShape<Schema>, actorId = ""): void {
    const { now, nextId } = this.#options;
    this.#kept.push({
      id: nextId(),
      at: now(),
      actorId,
      // Not type.googleapis.com: clients of this API look for this.
      typeUrl: `talos/runtime/${schema.typeName}`,
      value: toBinary(schema, create(schema, message)),
    });
    if (this.#kept.length > keptCount) {
      this.#kept.shift();
      this.#first += 1;
    }
    this.#arrival.resolve();
    this.#arrival = Promise.withResolvers();
  }

  /** Ends with the signal. */
  async *watch({ tail = {}, actorId = "", signal }: EventWatch): AsyncGenerator<MachineEvent> {
    let position = this.#start(tail);
    const aborted = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    while (!signal.aborted) {
      position = Math.max(position, this.#first);
      const event = this.#kept[position - this.#first];
      if (!event) {
        await Promise.race([this.#arrival.promise, aborted]);
        continue;
      }
      position += 1;
      if (actorId === "" || event.actorId === actorId) yield event;
    }
  }

  #start({ events, afterId, seconds }: Tail): number {
    const end = this.#first + this.#kept.length;
    if (events !== undefined) return events < 0 ? this.#first : Math.max(this.#first, end - events);
    const from = (fits: (event: MachineEvent) => boolean) => {
      const index = this.#kept.findIndex(fits);
      return index < 0 ? end : this.#first + index;
    };
    if (afterId !== undefined) return from(({ id }) => id > afterId);
    if (seconds === undefined) return end;
    const since = this.#options.now().getTime() - seconds * 1000;
    return from(({ at }) => at.getTime() >= since);
  }
}
