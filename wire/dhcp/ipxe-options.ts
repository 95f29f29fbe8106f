import type { Codec, ValueOf } from "../codec.ts";
import { i8, u8, u16 } from "../integers.ts";
import { struct } from "../struct.ts";
import { restText } from "../text.ts";
import { encapsulated } from "./encapsulated.ts";

/** Present with its version when this build of iPXE can do it. */
const feature: Codec<number> = u8;

/** Option 175, named as on ipxe.org/howto/dhcpd: settings that a server sends, features that a client tells. */
export const ipxeOptions = encapsulated({
  priority: [1, i8],
  keepSan: [8, u8],
  skipSanBoot: [9, u8],
  pxeExtensions: [16, feature],
  iscsi: [17, feature],
  aoe: [18, feature],
  http: [19, feature],
  https: [20, feature],
  tftp: [21, feature],
  ftp: [22, feature],
  dns: [23, feature],
  bzimage: [24, feature],
  multiboot: [25, feature],
  slam: [26, feature],
  srp: [27, feature],
  nbi: [32, feature],
  pxe: [33, feature],
  elf: [34, feature],
  comboot: [35, feature],
  efi: [36, feature],
  fcoe: [37, feature],
  vlan: [38, feature],
  menu: [39, feature],
  sdi: [40, feature],
  nfs: [41, feature],
  syslogServer: [85, restText],
  /** 1: do not wait for a ProxyDHCP offer, which costs 3 s of every boot. */
  noProxyDhcp: [176, u8],
  /** The network card: bus type 1 is PCI. */
  busId: [177, struct({ type: u8, vendor: u16, device: u16 })],
  biosDrive: [189, u8],
  username: [190, restText],
  password: [191, restText],
  version: [235, struct({ major: u8, minor: u8, patch: u8 })],
});
export type IpxeOptions = ValueOf<typeof ipxeOptions>;
