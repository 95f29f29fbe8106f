import { type Codec, decodePrefix } from "../../wire/codec.ts";
import { run, type Transport } from "./command.ts";
import { getLanParameters } from "./commands/lan.ts";
import { makeSense } from "./sense.ts";

/** A row of `lanParameters`. */
export type LanParameter<T> = readonly [number: number, codec: Codec<T>];

/** One of the BMC's network settings; `set` chooses among several of a kind. */
export async function readLanParameter<T>(
  transport: Transport,
  channel: number,
  [parameter, codec]: LanParameter<T>,
  set = 0,
): Promise<T> {
  const { data } = await run(transport, getLanParameters, {
    channel: { revisionOnly: 0, reserved: 0, number: channel },
    parameter,
    set,
    block: 0,
  });
  return makeSense(`LAN parameter ${parameter}`, transport.peer, () => decodePrefix(codec, data).value);
}
