import type { SetEthernet } from "../controllers/network/ethernet.ts";
import {
  channelsMessage,
  ethtoolCommands,
  ethtoolFamily,
  featuresMessage,
  omitReply,
  present,
  ringsMessage,
  wakeOnLanMessage,
} from "../kernel/netlink/ethtool.ts";
import { familyNamed } from "../kernel/netlink/generic.ts";
import { Rtnetlink } from "../kernel/netlink/rtnetlink.ts";

/** As the kernel calls them. */
const wakeModes = {
  ...{ phy: "phy", unicast: "ucast", multicast: "mcast", broadcast: "bcast", magic: "magic" },
  ...{ magicsecure: "magicsecure", filter: "filter" },
} as const;

export const setEthernet: SetEthernet = async (index, { rings, features, channels, wakeOnLan }) => {
  using kernel = new Rtnetlink({ protocol: "generic" });
  const family = await familyNamed(kernel, ethtoolFamily);
  const header = { index };
  const message = <Attributes>(command: number, values: Attributes) => ({
    ...{ command, version: 1, reserved: 0 },
    attributes: values,
  });
  const { setRings, setFeatures, setChannels, setWakeOnLan } = ethtoolCommands;
  if (rings) {
    const asked = message(setRings, { header, ...ringAttributes(rings) });
    await kernel.change("set the rings of a card", family, ringsMessage, asked);
  }
  if (features) {
    const bits = Object.entries(features).map(([name, isOn]) => ({ name, ...(isOn && { value: present }) }));
    const asked = message(setFeatures, { header: { index, flags: omitReply }, wanted: { bits } });
    await kernel.change("set the features of a card", family, featuresMessage, asked);
  }
  if (channels) {
    const asked = message(setChannels, { header, ...channels });
    await kernel.change("set the channels of a card", family, channelsMessage, asked);
  }
  if (wakeOnLan) {
    const bits = wakeOnLan.map((mode) => ({ name: wakeModes[mode], value: present }));
    const asked = message(setWakeOnLan, { header, modes: { only: present, bits } });
    await kernel.change("set what wakes a card", family, wakeOnLanMessage, asked);
  }
};

type Rings = NonNullable<Parameters<SetEthernet>[1]["rings"]>;

const ringAttributes = ({ rx, tx, ...rest }: Rings) => ({
  ...{ rx, tx, rxMini: rest["rx-mini"], rxJumbo: rest["rx-jumbo"], rxBufLen: rest["rx-buf-len"] },
  ...{ cqeSize: rest["cqe-size"], txPushBufLen: rest["tx-push-buf-len"] },
  ...{ txPush: word(rest["tx-push"]), rxPush: word(rest["rx-push"]) },
  tcpDataSplit: word(rest["tcp-data-split"]),
});

const word = (isOn: boolean | undefined) => {
  if (isOn === undefined) return undefined;
  return isOn ? ("on" as const) : ("off" as const);
};
