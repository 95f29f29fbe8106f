import { ethernetConfig } from "../documents/ethernet-config.ts";
import type { MachineConfig, SpecOf } from "../machine-config.ts";

type Document = SpecOf<typeof ethernetConfig>;

/** What a card is told. What is not said stays as it is. */
export interface EthernetSettings {
  readonly link: string;
  readonly features: NonNullable<Document["features"]>;
  readonly rings: NonNullable<Document["rings"]>;
  readonly channels: NonNullable<Document["channels"]>;
  readonly wakeOnLan: Document["wakeOnLan"];
}

export const ethernetSettings = (config: MachineConfig): readonly EthernetSettings[] =>
  config
    .all(ethernetConfig)
    .map(({ name: link = "", features = {}, rings = {}, channels = {}, wakeOnLan }) => ({
      ...{ link, features, rings, channels, wakeOnLan },
    }));
