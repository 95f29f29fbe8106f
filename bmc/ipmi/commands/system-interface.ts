// What the machine's own driver asks of its BMC. IPMI 2.0 §22.1 to §22.4 and §22.6 to §22.8.
import { bits } from "../../../wire/bits.ts";
import { rest } from "../../../wire/bytes.ts";
import { u8 } from "../../../wire/integers.ts";
import { command, empty, netFns } from "../command.ts";

const enables = bits({
  oem: 3,
  reserved: 1,
  eventLog: 1,
  eventBuffer: 1,
  eventBufferInterrupt: 1,
  receiveInterrupt: 1,
});

// §22.1
export const setGlobalEnables = command({
  name: "Set BMC Global Enables",
  netFn: netFns.app,
  code: 0x2e,
  request: enables,
  response: empty,
});

// §22.2
export const getGlobalEnables = command({
  name: "Get BMC Global Enables",
  netFn: netFns.app,
  code: 0x2f,
  request: empty,
  response: enables,
});

// §22.3
export const clearMessageFlags = command({
  name: "Clear Message Flags",
  netFn: netFns.app,
  code: 0x30,
  request: u8,
  response: empty,
});

// §22.4
export const getMessageFlags = command({
  name: "Get Message Flags",
  netFn: netFns.app,
  code: 0x31,
  request: empty,
  response: u8,
});

// §22.6
export const getMessage = command({
  name: "Get Message",
  netFn: netFns.app,
  code: 0x33,
  request: empty,
  response: rest,
  completions: { 0x80: "no message waits" },
});

// §22.8
export const readEventBuffer = command({
  name: "Read Event Message Buffer",
  netFn: netFns.app,
  code: 0x35,
  request: empty,
  response: rest,
  completions: { 0x80: "no event waits" },
});
