import { NethelpersRoutingTable as Table } from "../../../../api/gen/resource/definitions/enums/enums_pb.js";
import { numbers } from "./typed.ts";

/** All but the usual one are called by their number, of which upstream knows 256. */
const byNumber = Object.fromEntries(
  Array.from({ length: 256 }, (_, number) => [String(number), number]),
) as Record<string, Table>;

export const routingTables = numbers({ ...byNumber, main: Table.TABLE_MAIN }, Table.TABLE_UNSPEC);
