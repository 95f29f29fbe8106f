// Every DHCP option we know: adding one is adding a row. RFC 2132 unless noted.
import { ipv4 } from "../addresses.ts";
import { rest } from "../bytes.ts";
import type { Codec } from "../codec.ts";
import { literal, present } from "../constants.ts";
import { bool8, i32, u8, u16, u32 } from "../integers.ts";
import { list } from "../lists.ts";
import { oneOf } from "../one-of.ts";
import { mapped } from "../refine.ts";
import { struct } from "../struct.ts";
import { restText } from "../text.ts";
import type { Rows, TlvOf } from "../tlv.ts";
import { uuidMixed } from "../uuid.ts";
import { classlessRoutes } from "./classless-routes.ts";
import { domainList } from "./domain-list.ts";
import { ipxeOptions } from "./ipxe-options.ts";

/** §2: senders should not end text with NUL, receivers must be prepared to delete it. */
const text: Codec<string> = mapped(restText, {
  decode: (value) => (value.endsWith("\0") ? value.replace(/\0+$/, "") : value),
  encode: (value) => value,
});

const addresses = list(ipv4);

export const messageTypes = {
  discover: 1,
  offer: 2,
  request: 3,
  decline: 4,
  ack: 5,
  nak: 6,
  release: 7,
  inform: 8,
  /** RFC 3203. */
  forceRenew: 9,
} as const;
export type MessageType = keyof typeof messageTypes;

/** RFC 4578 §2.3: a type that is always 0, then the machine's UUID as SMBIOS and EFI write it. */
const machineUuid: Codec<string> = mapped(struct({ type: literal(u8, 0), uuid: uuidMixed }), {
  decode: ({ uuid }) => uuid,
  encode: (uuid) => ({ uuid }),
});

export const optionRows = {
  subnetMask: [1, ipv4],
  timeOffset: [2, i32],
  routers: [3, addresses],
  timeServers: [4, addresses],
  nameServers: [5, addresses],
  domainNameServers: [6, addresses],
  logServers: [7, addresses],
  lprServers: [9, addresses],
  hostName: [12, text],
  bootFileBlocks: [13, u16],
  domainName: [15, text],
  swapServer: [16, ipv4],
  rootPath: [17, text],
  extensionsPath: [18, text],
  ipForwarding: [19, bool8],
  defaultTimeToLive: [23, u8],
  interfaceMtu: [26, u16],
  broadcastAddress: [28, ipv4],
  performRouterDiscovery: [31, bool8],
  /** Destination, router, destination, router… No masks: 121 replaced it. */
  staticRoutes: [33, addresses],
  nisDomain: [40, text],
  nisServers: [41, addresses],
  ntpServers: [42, addresses],
  /** Its layout is the vendor's: for `PXEClient` it is pxe-options.ts. */
  vendorSpecific: [43, rest],
  netbiosNameServers: [44, addresses],
  netbiosNodeType: [46, u8],
  netbiosScope: [47, text],
  requestedAddress: [50, ipv4],
  leaseTimeS: [51, u32],
  messageType: [53, oneOf(u8, messageTypes)],
  serverIdentifier: [54, ipv4],
  /** Codes of the options that the client wants. */
  parameterRequestList: [55, rest],
  message: [56, text],
  /** EDK2 sends 65280 in its REQUEST: not to be trusted beyond the link's MTU. */
  maximumMessageSize: [57, u16],
  renewalTimeS: [58, u32],
  rebindingTimeS: [59, u32],
  vendorClass: [60, text],
  /** Differs between firmware, iPXE and the system of one machine. */
  clientIdentifier: [61, rest],
  tftpServerName: [66, text],
  bootFileName: [67, text],
  smtpServers: [69, addresses],
  /** iPXE sends bare text, not RFC 3004's list of counted classes. */
  userClass: [77, text],
  /** RFC 4039. */
  rapidCommit: [80, present],
  /** RFC 3046. Raw, because a server must echo it unchanged; relay-options.ts reads it. */
  relayAgentInformation: [82, rest],
  /** RFC 4578 §2.1: firmware.ts knows the numbers. Several may be listed. */
  clientArchitectures: [93, list(u16)],
  /** RFC 4578 §2.2. */
  clientNetworkInterface: [94, struct({ type: u8, major: u8, minor: u8 })],
  clientMachineUuid: [97, machineUuid],
  /** RFC 4833. */
  posixTimeZone: [100, text],
  tzdbTimeZone: [101, text],
  /** RFC 8925. */
  ipv6OnlyWaitS: [108, u32],
  /** RFC 8910. */
  captivePortal: [114, text],
  /** RFC 3011. */
  subnetSelection: [118, ipv4],
  /** RFC 3397. */
  domainSearch: [119, domainList],
  /** RFC 3442. A client that knows it must ignore `routers`: the default route belongs in it too. */
  classlessStaticRoutes: [121, classlessRoutes],
  /** RFC 5859: GRUB and switches take their TFTP server from here. */
  tftpServerAddresses: [150, addresses],
  ipxe: [175, ipxeOptions],
  /** RFC 5071, of PXELINUX. */
  pxelinuxConfigFile: [209, text],
  pxelinuxPathPrefix: [210, text],
  pxelinuxRebootTimeS: [211, u32],
  /** 121 under the number that Windows asked for before the RFC. */
  microsoftClasslessRoutes: [249, classlessRoutes],
  webProxyAutoDiscovery: [252, text],
} as const satisfies Rows;

/** The options of a packet, in the order of the wire; those outside the table in `unknown`. */
export type Options = TlvOf<typeof optionRows>;
