// The BMC's network settings and its reset, over IPMI.
import { encode } from "../../wire/codec.ts";
import { type BmcNetwork, type Controller, isAbsent, type WantedNetwork } from "../bmc.ts";
import { run, type Transport } from "./command.ts";
import { coldReset } from "./commands/device.ts";
import { lanParameters, setLanParameters } from "./commands/lan.ts";
import { findLanChannel } from "./lan-channel.ts";
import { type LanParameter, readLanParameter } from "./lan-parameter.ts";
import { orAbsent } from "./optional-answer.ts";

const noParameter = 0x80;

export const ipmiController = (transport: Transport): Controller => ({
  network: () => orAbsent(readNetwork(transport)),
  setNetwork: (wanted) => orAbsent(writeNetwork(transport, wanted)),
  reset: () => orAbsent(run(transport, coldReset, undefined)),
});

async function readNetwork(transport: Transport): Promise<BmcNetwork> {
  const channel = await findLanChannel(transport);
  const read = <T>(parameter: LanParameter<T>) => readLanParameter(transport, channel, parameter);
  const source = await read(lanParameters.source);
  const vlan = await orAbsent(read(lanParameters.vlan), [noParameter]);
  return {
    source: source === "static" || source === "dhcp" ? source : "other",
    address: await read(lanParameters.address),
    netmask: await read(lanParameters.netmask),
    gateway: await read(lanParameters.gateway),
    mac: await read(lanParameters.mac),
    ...(!isAbsent(vlan) && vlan.enabled === 1 ? { vlan: vlan.id } : {}),
  };
}

async function writeNetwork(transport: Transport, wanted: WantedNetwork): Promise<undefined> {
  const channel = await findLanChannel(transport);
  const write = async <T>([parameter, codec]: LanParameter<T>, value: T | undefined) => {
    if (value !== undefined)
      await run(transport, setLanParameters, { channel, parameter, data: encode(codec, value) });
  };
  await write(lanParameters.source, wanted.source);
  if (wanted.source === "dhcp") return undefined;
  await write(lanParameters.netmask, wanted.netmask);
  await write(lanParameters.gateway, wanted.gateway);
  // Last: over the network, everything after it may go to another address.
  await write(lanParameters.address, wanted.address);
  return undefined;
}
