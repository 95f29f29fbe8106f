// Where a provisioner is reached, made of what it was asked to serve: nothing listens wider than that.
import { BlockList } from "node:net";

export interface Place {
  readonly host: string;
  readonly port: number;
}

/** A network of this host, and our address on it. */
export interface Nearby {
  readonly interface: string;
  readonly address: string;
  /** `10.1.0.1/24` */
  readonly cidr: string;
}

export interface ListenWish {
  /** Ours on the networks that are served. */
  readonly addresses: readonly string[];
  /** Instead of our addresses there. */
  readonly listen: readonly Place[];
  /** What machines call this host, wherever they are. */
  readonly announce?: string | undefined;
}

export interface Listening {
  readonly places: readonly Place[];
  /** All that we are dialled by: what our certificate bears. */
  readonly names: readonly string[];
  /** Whom a machine at that address shall dial. */
  readonly hostFor: (from: string) => string;
}

/** Of machines and pxe-servers. */
export const usualPort = 8444;
const wildcards: ReadonlySet<string> = new Set(["0.0.0.0", "::"]);

/** The networks behind interfaces of this host. */
export function networksOf(interfaces: readonly string[], nearby: readonly Nearby[]): readonly Nearby[] {
  return interfaces.map((name) => {
    const found = nearby.find((one) => one.interface === name);
    if (found) return found;
    const known = [...new Set(nearby.map((one) => one.interface))].join(", ") || "none";
    throw new Error(
      `Cannot serve ${name}: no interface of that name has an IPv4 address; those that do: ${known}`,
    );
  });
}

export function planListening(wish: ListenWish, nearby: readonly Nearby[]): Listening {
  const { announce } = wish;
  const addresses = [...new Set(wish.addresses)];
  const hosts = addresses.length > 0 ? addresses : ["127.0.0.1"];
  const places = wish.listen.length > 0 ? wish.listen : hosts.map((host) => ({ host, port: usualPort }));
  // Where we listen everywhere, each network knows us by our address on it.
  const known = places.flatMap(({ host }) => (wildcards.has(host) ? hosts : [host]));
  const [first] = known;
  if (announce === undefined && places.some(({ host }) => wildcards.has(host)) && addresses.length === 0) {
    throw new Error("Cannot tell machines whom to dial: give --announce, the name or address of this host");
  }
  const networks = known.flatMap((host) => {
    const [, bits] = nearby.find(({ address }) => address === host)?.cidr.split("/") ?? [];
    return bits === undefined ? [] : [{ host, list: subnet(host, Number(bits)) }];
  });
  const hostFor = (from: string) => announce ?? networks.find(({ list }) => list.check(from))?.host ?? first!;
  const names = [...new Set([...known, ...(announce === undefined ? [] : [announce])])];
  return { places, names, hostFor };
}

function subnet(address: string, bits: number): BlockList {
  const list = new BlockList();
  list.addSubnet(address, bits);
  return list;
}
