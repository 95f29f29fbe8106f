import { ipv4 } from "../addresses.ts";
import type { Codec } from "../codec.ts";
import { list } from "../lists.ts";

export interface ClasslessRoute {
  /** `10.17.0.0/16`; the default route is `0.0.0.0/0`. */
  readonly destination: string;
  readonly router: string;
}

/** RFC 3442: the width of the mask, only those octets of the destination that it covers, the router. */
const route: Codec<ClasslessRoute> = {
  decode(r) {
    const start = r.take(1);
    const width = r.bytes[start]!;
    if (width > 32) throw r.error(`a mask of ${width} bits is wider than an address`, start);
    const octets = r.view(Math.ceil(width / 8));
    const octet = (index: number) => octets[index] ?? 0;
    const address = `${octet(0)}.${octet(1)}.${octet(2)}.${octet(3)}`;
    return { destination: `${address}/${width}`, router: ipv4.decode(r) };
  },
  encode(w, { destination, router }) {
    const [address = "", digits = ""] = destination.split("/");
    const width = Number(digits);
    if (!/^\d{1,2}$/.test(digits) || width > 32)
      throw w.error(`"${destination}" is not an address and a width`);
    const at = w.take(1);
    w.bytes[at] = width;
    const start = w.offset;
    ipv4.encode(w, address);
    w.offset = start + Math.ceil(width / 8);
    ipv4.encode(w, router);
  },
};

export const classlessRoutes: Codec<readonly ClasslessRoute[]> = list(route);
