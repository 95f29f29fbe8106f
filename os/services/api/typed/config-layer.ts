import { NetworkConfigLayer } from "../../../../api/gen/resource/definitions/enums/enums_pb.js";
import type { Key } from "../../../../cosi/resource.ts";
import { asked, type Layer, layerOf } from "../../../resources/network/layers.ts";
import { LinkSpec } from "../../../resources/network/link.ts";

const numbers = {
  default: NetworkConfigLayer.CONFIG_DEFAULT,
  cmdline: NetworkConfigLayer.CONFIG_CMDLINE,
  operator: NetworkConfigLayer.CONFIG_OPERATOR,
  configuration: NetworkConfigLayer.CONFIG_MACHINE_CONFIGURATION,
} as const satisfies Record<Layer, NetworkConfigLayer>;

const { namespace: asking } = asked(LinkSpec);

/** Who asks for it. What the layers have agreed on is nobody's any more: it has the lowest. */
export const configLayer = ({ namespace, id }: Key): NetworkConfigLayer =>
  namespace === asking ? numbers[layerOf(id).layer] : numbers.default;

/** What it is called without the layer that asks for it. */
export const nameOf = ({ namespace, id }: Key): string => (namespace === asking ? layerOf(id).id : id);
