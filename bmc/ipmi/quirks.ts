// What some manufacturers' BMCs want otherwise, by the enterprise number in Get Device ID.

export interface IpmiQuirks {
  /** The boot device code that means "disk" when booting by UEFI. */
  readonly uefiDiskCode?: number;
}

/** Supermicro's firmware takes no disk but 0x24 in the second byte of the boot flags: code 9. */
const supermicro: IpmiQuirks = { uefiDiskCode: 9 };

const byManufacturer: Readonly<Record<number, IpmiQuirks>> = { 10876: supermicro, 47488: supermicro };

export const ipmiQuirksOf = (manufacturer: number): IpmiQuirks => byManufacturer[manufacturer] ?? {};
