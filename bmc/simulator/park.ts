// Many simulated BMCs, some of them dead, and how to open each: what sweeps are measured on.
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import type { Bmc } from "../bmc.ts";
import type { Clock } from "../clock.ts";
import { openLanPort } from "../ipmi/lan-port.ts";
import { openIpmi } from "../ipmi/open.ts";
import { openRedfish } from "../redfish/open.ts";
import { SimulatedChassis } from "./chassis.ts";
import { furnish } from "./furniture.ts";
import { openIpmiServer } from "./ipmi/server.ts";
import { openRedfishRack } from "./redfish/rack.ts";

export interface ParkOptions {
  readonly size: number;
  readonly clock: Clock;
  readonly randomBytes: (size: number) => Buffer;
}

export interface Park extends AsyncDisposable {
  readonly size: number;
  open(index: number): Promise<Bmc>;
}

/** One in ten. */
export const isDead = (index: number) => index % 10 === 9;
/** Every other one. */
export const isOn = (index: number) => index % 2 === 0;

const login = { host: "127.0.0.1", user: "admin", password: "secret" } as const;

const chassisOf = (index: number, clock: Clock) =>
  new SimulatedChassis({ clock, furniture: furnish(index), poweredOn: isOn(index) });

export async function openIpmiPark({ size, clock, randomBytes }: ParkOptions): Promise<Park> {
  const stack = new AsyncDisposableStack();
  // A bound socket that never answers is as dead as a BMC gets.
  const silent = createSocket("udp4");
  silent.bind(0, "127.0.0.1");
  await once(silent, "listening");
  stack.defer(() => void silent.close());
  const ports: number[] = [];
  for (let index = 0; index < size; index++) {
    const chassis = chassisOf(index, clock);
    ports.push(
      isDead(index) ? silent.address().port : stack.use(await openIpmiServer({ chassis, randomBytes })).port,
    );
  }
  const port = stack.use(await openLanPort({ randomU32: () => randomBytes(4).readUInt32LE() }));
  return {
    size,
    open: (index) =>
      openIpmi({
        ...login,
        clock,
        port,
        randomBytes,
        udpPort: ports[index],
        patience: { firstMs: 1_000, tries: 2 },
        keepAliveMs: 0,
      }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

export interface TlsIdentity {
  readonly certificate: string;
  readonly key: string;
  /** PEM: who vouches for it. */
  readonly authority: string;
}

export async function openRedfishPark(
  { size, clock, randomBytes }: ParkOptions,
  { certificate, key, authority }: TlsIdentity,
): Promise<Park> {
  const stack = new AsyncDisposableStack();
  const rack = stack.use(openRedfishRack({ certificate, key, randomBytes }));
  const held = new Set<Socket>();
  const silent = createServer((socket) => held.add(socket));
  silent.listen(0, "127.0.0.1");
  await once(silent, "listening");
  stack.defer(async () => {
    const closed = once(silent, "close");
    silent.close();
    for (const socket of held) socket.destroy();
    await closed;
  });
  const deadPort = (silent.address() as AddressInfo).port;
  const ports: number[] = [];
  for (let index = 0; index < size; index++)
    ports.push(isDead(index) ? deadPort : (await rack.serve(chassisOf(index, clock))).port);
  const trust = { by: "authorities", pem: authority } as const;
  return {
    size,
    open: (index) => openRedfish({ ...login, clock, trust, port: ports[index], connectMs: 2_500 }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
