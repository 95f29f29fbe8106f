import { ipv4 } from "../addresses.ts";
import { u8, u16 } from "../integers.ts";
import { counted, list } from "../lists.ts";
import { prefixed } from "../prefixed.ts";
import { struct } from "../struct.ts";
import { restText } from "../text.ts";
import { encapsulated } from "./encapsulated.ts";

/** Option 43 of `PXEClient`: PXE 2.1 §2.2.2, table 2-1. */
export const pxeOptions = encapsulated({
  mtftpAddress: [1, ipv4],
  /** Bits; 8: boot the file that this offer names, ask no boot server. EDK2 refuses proxy offers without it. */
  discoveryControl: [6, u8],
  discoveryMulticast: [7, ipv4],
  bootServers: [8, list(struct({ type: u16, addresses: counted(u8, ipv4) }))],
  bootMenu: [9, list(struct({ type: u16, description: prefixed(u8, restText) }))],
  menuPrompt: [10, struct({ timeoutS: u8, prompt: restText })],
  /** What the client chose from the menu: a boot server type, and which of its layers. */
  bootItem: [71, struct({ type: u16, layer: u16 })],
});
