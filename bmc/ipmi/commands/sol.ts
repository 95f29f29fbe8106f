// Serial over LAN. IPMI 2.0 §24 and §26.
import { bits } from "../../../wire/bits.ts";
import { bytes, rest } from "../../../wire/bytes.ts";
import { u8, u16le } from "../../../wire/integers.ts";
import { struct } from "../../../wire/struct.ts";
import { command, empty, netFns } from "../command.ts";

/** Both on, as everything in an RMCP+ session is; the console's settings of handshake lines are left alone. */
export const protectedSol = Uint8Array.of(0xc0, 0, 0, 0);

// §24.1
export const activatePayload = command({
  name: "Activate Payload",
  netFn: netFns.app,
  code: 0x48,
  request: struct({ type: u8, instance: u8, auxiliary: bytes(4) }),
  response: struct({ auxiliary: bytes(4), toBmcBytes: u16le, fromBmcBytes: u16le, port: u16le, vlan: u16le }),
  completions: {
    0x80: "another session has the console, from which it can be taken over",
    0x81: "the console is disabled on this BMC",
    0x82: "the BMC has reached its limit of consoles",
    0x83: "the console cannot be opened with encryption",
    0x84: "the console cannot be opened without encryption",
  },
});

// §24.2
export const deactivatePayload = command({
  name: "Deactivate Payload",
  netFn: netFns.app,
  code: 0x49,
  request: struct({ type: u8, instance: u8, auxiliary: bytes(4) }),
  response: empty,
  completions: { 0x80: "the console is not open", 0x81: "the console is disabled on this BMC" },
});

// §26.3
export const getSolParameters = command({
  name: "Get SOL Configuration Parameters",
  netFn: netFns.transport,
  code: 0x22,
  request: struct({ channel: u8, parameter: u8, set: u8, block: u8 }),
  response: struct({ revision: u8, data: rest }),
  completions: { 0x80: "the BMC does not have this parameter" },
});

/** §15.9: sequence 0 is a packet that is only an acknowledgement, and needs none itself. */
export const solPacket = struct({
  sequence: u8,
  acknowledges: u8,
  accepted: u8,
  status: bits({
    reserved: 1,
    refused: 1,
    unavailable: 1,
    deactivating: 1,
    overrun: 1,
    broken: 1,
    reserved2: 2,
  }),
  data: rest,
});
export const solPayload = 1;
