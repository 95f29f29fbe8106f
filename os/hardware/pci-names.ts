/** Names of PCI vendors and devices, out of the pci.ids list: only those that are asked for. */
export interface PciNames {
  vendor(vendorId: number): string;
  product(vendorId: number, deviceId: number): string;
}

/** The list is a megabyte and a machine has a few dozen devices: it is searched, never taken apart. */
export function pciNames(list: string): PciNames {
  // Classes stand behind the vendors, and look like vendors' lines would.
  const end = list.indexOf("\nC ");
  const vendors = end < 0 ? `\n${list}` : `\n${list.slice(0, end)}\n`;
  const lineAfter = (text: string, mark: string) => {
    const at = text.indexOf(mark);
    if (at < 0) return "";
    const start = at + mark.length;
    const stop = text.indexOf("\n", start);
    return text.slice(start, stop < 0 ? undefined : stop).trim();
  };
  const entryOf = (vendorId: number) => {
    const at = vendors.indexOf(`\n${hex(vendorId)}  `);
    if (at < 0) return "";
    const next = vendors.slice(at + 1).search(/\n[0-9a-f]/);
    return next < 0 ? vendors.slice(at) : vendors.slice(at, at + 1 + next);
  };
  return {
    vendor: (vendorId) => lineAfter(vendors, `\n${hex(vendorId)}  `),
    product: (vendorId, deviceId) => lineAfter(entryOf(vendorId), `\n\t${hex(deviceId)}  `),
  };
}

const hex = (id: number) => id.toString(16).padStart(4, "0");
