import { NethelpersWOLMode as Wake } from "../../../../api/gen/resource/definitions/enums/enums_pb.js";
import { EthernetSpecSpecSchema } from "../../../../api/gen/resource/definitions/network/links_pb.js";
import type { ServedType } from "../../../../cosi/grpc/served-type.ts";
import { EthernetSpec } from "../../../resources/network/ethernet.ts";
import { typed } from "./typed.ts";

const wakeModes = {
  phy: Wake.WOL_MODE_PHY,
  unicast: Wake.WOL_MODE_UNICAST,
  multicast: Wake.WOL_MODE_MULTICAST,
  broadcast: Wake.WOL_MODE_BROADCAST,
  magic: Wake.WOL_MODE_MAGIC,
  magicsecure: Wake.WOL_MODE_MAGIC_SECURE,
  filter: Wake.WOL_MODE_FILTER,
} as const;

export const ethernetTypes: readonly ServedType[] = [
  // Upstream's message cannot tell what is 0 from what is not said; its YAML can.
  typed(
    EthernetSpec,
    EthernetSpecSpecSchema,
    ({ rings = {}, features = {}, channels = {}, wakeOnLan = [] }) => ({
      rings: {
        ...{ rx: rings.rx ?? 0, tx: rings.tx ?? 0 },
        ...{ rxMini: rings["rx-mini"] ?? 0, rxJumbo: rings["rx-jumbo"] ?? 0 },
        ...{ rxBufLen: rings["rx-buf-len"] ?? 0, cqeSize: rings["cqe-size"] ?? 0 },
        ...{ txPush: rings["tx-push"] ?? false, rxPush: rings["rx-push"] ?? false },
        ...{ txPushBufLen: rings["tx-push-buf-len"] ?? 0, tcpDataSplit: rings["tcp-data-split"] ?? false },
      },
      features,
      channels: {
        ...{ rx: channels.rx ?? 0, tx: channels.tx ?? 0 },
        ...{ other: channels.other ?? 0, combined: channels.combined ?? 0 },
      },
      wakeOnLan: wakeOnLan.map((mode) => wakeModes[mode]),
    }),
  ),
];
