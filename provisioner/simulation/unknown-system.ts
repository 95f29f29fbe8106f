import type { SpecOf } from "../../cosi/resource.ts";
import type { Inventory } from "../resources/inventory.ts";

/** What a machine says of itself whose firmware was never told: nothing. */
export const unknownSystem: SpecOf<typeof Inventory>["system"] = {
  manufacturer: "",
  product: "",
  version: "",
  serial: "",
  uuid: "",
  sku: "",
  family: "",
  assetTag: "",
  boardManufacturer: "",
  boardProduct: "",
  boardSerial: "",
  chassisSerial: "",
};
