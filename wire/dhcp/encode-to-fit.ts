import { encode } from "../codec.ts";
import { WireError } from "../error.ts";
import { areas, end, overload, piecesIn } from "./option-pieces.ts";
import { type Packet, packet } from "./packet.ts";

/** The option that says where the others are. */
const overloadBytes = 3;

/**
 * Writes a packet of at most `mostBytes`. Options that are too many go on in those fields of BOOTP that are free
 * (RFC 2131 §4.1). When even these do not suffice it is an error: the caller has to leave some out.
 */
export function encodeToFit(value: Packet, mostBytes: number, into?: Uint8Array): Uint8Array {
  const whole = encode(packet, value, into);
  if (whole.length <= mostBytes) return whole;

  const options = new Area(areas.options.start + overloadBytes, mostBytes);
  const file = new Area(areas.file.start, areas.file.end);
  const serverName = new Area(areas.serverName.start, areas.serverName.end);
  const free = [
    options,
    ...(value.file === "" ? [file] : []),
    ...(value.serverName === "" ? [serverName] : []),
  ];
  const fitted = whole.slice(0, mostBytes).fill(0, areas.options.start);

  // Pieces of one option must keep their order: none goes into an area before that of the piece before it.
  const areaOf = new Map<number, number>();
  for (const { code, ...piece } of piecesIn(whole, areas.options.start, whole.length)) {
    const start = piece.start - 2;
    const option = whole.subarray(start, piece.end);
    const index = free.findIndex((area, index) => index >= (areaOf.get(code) ?? 0) && area.fits(option));
    if (index < 0) throw new WireError("encode", start, `option ${code} does not fit in ${mostBytes} bytes`);
    free[index]!.add(fitted, option);
    areaOf.set(code, index);
  }

  const where = (file.isUsed ? overload.file : 0) | (serverName.isUsed ? overload.serverName : 0);
  fitted.set([overload.code, 1, where], areas.options.start);
  for (const area of free) if (area === options || area.isUsed) fitted[area.next] = end;
  return fitted;
}

/** A stretch of a packet that is being filled with options, and will hold an end behind them. */
class Area {
  readonly #start: number;
  readonly #limit: number;
  next: number;

  constructor(start: number, limit: number) {
    this.#start = start;
    this.#limit = limit;
    this.next = start;
  }

  get isUsed(): boolean {
    return this.next > this.#start;
  }

  fits(option: Uint8Array): boolean {
    return this.next + option.length < this.#limit;
  }

  add(packet: Uint8Array, option: Uint8Array): void {
    packet.set(option, this.next);
    this.next += option.length;
  }
}
