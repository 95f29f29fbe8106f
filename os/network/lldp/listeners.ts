import type { SpecOf } from "../../../cosi/resource.ts";
import { WireError } from "../../../wire/error.ts";
import { LldpSocket } from "../../kernel/lldp-socket.ts";
import type { LinkNeighbor } from "../../resources/network/neighbor.ts";
import { neighborOf } from "./frame.ts";

export interface LldpListenersOptions {
  /** Calls after that time; disposing of the timer cancels it. */
  readonly after: (delayMs: number, call: () => void) => Disposable;
  /** Who is at the other end; undefined when it has left, or has said nothing for as long as it was to be believed. */
  readonly heard: (link: string, neighbor: SpecOf<typeof LinkNeighbor> | undefined) => void;
  readonly said: (text: string) => void;
}

interface Listener {
  readonly socket: LldpSocket;
  readonly index: number;
  expiry: Disposable | undefined;
  /** One complaint a link: a switch repeats itself every half minute. */
  complained: boolean;
}

/** Listens on every link that it is told of. */
export class LldpListeners implements Disposable {
  readonly #options: LldpListenersOptions;
  readonly #listeners = new Map<string, Listener>();

  constructor(options: LldpListenersOptions) {
    this.#options = options;
  }

  listen(link: string, index: number): void {
    if (this.#listeners.get(link)?.index === index) return;
    this.stop(link);
    const listener: Listener = {
      index,
      expiry: undefined,
      complained: false,
      socket: new LldpSocket({
        interfaceIndex: index,
        received: (payload) => this.#received(link, listener, payload),
        // The card has been taken out.
        failed: () => this.stop(link),
      }),
    };
    this.#listeners.set(link, listener);
  }

  stop(link: string): void {
    const listener = this.#listeners.get(link);
    if (!listener) return;
    this.#listeners.delete(link);
    close(listener);
    this.#options.heard(link, undefined);
  }

  [Symbol.dispose](): void {
    for (const listener of this.#listeners.values()) close(listener);
    this.#listeners.clear();
  }

  #received(link: string, listener: Listener, payload: Uint8Array): void {
    const { after, heard, said } = this.#options;
    try {
      const { ttlSeconds, vlanId, managementAddresses, ...neighbor } = neighborOf(payload);
      listener.expiry?.[Symbol.dispose]();
      listener.expiry = undefined;
      if (ttlSeconds === 0) return heard(link, undefined);
      listener.expiry = after(ttlSeconds * 1000, () => heard(link, undefined));
      heard(link, {
        ...neighbor,
        managementAddresses: [...managementAddresses],
        ...(vlanId !== undefined && { vlanId }),
      });
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      if (!listener.complained) said(`${link}: a malformed LLDP frame: ${error.message}`);
      listener.complained = true;
    }
  }
}

function close({ socket, expiry }: Listener): void {
  expiry?.[Symbol.dispose]();
  socket[Symbol.dispose]();
}
