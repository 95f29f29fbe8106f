// Generic netlink: families of messages by name (Linux, Documentation/userspace-api/netlink/intro.rst).
import type { Codec, ValueOf } from "../../../wire/codec.ts";
import { u8, u16le } from "../../../wire/integers.ts";
import { struct } from "../../../wire/struct.ts";
import { cstring } from "../../../wire/text.ts";
import { attributes } from "./attributes.ts";
import type { Rtnetlink } from "./rtnetlink.ts";

/** A message of a family: which of its commands, and what it is told. */
export const genericMessage = <Attributes>(values: Codec<Attributes>) =>
  struct({ command: u8, version: u8, reserved: u16le, attributes: values });

// Linux, include/uapi/linux/genetlink.h: the family that knows the others.
const controlFamily = 16;
const getFamily = 3;
const control = genericMessage(attributes({ familyId: [1, u16le], familyName: [2, cstring] }));
export type Control = ValueOf<typeof control>;

/** The type of a family's messages, on this boot. The family is there as soon as its module is. */
export async function familyNamed(kernel: Pick<Rtnetlink, "ask">, familyName: string): Promise<number> {
  const request: Control = { command: getFamily, version: 1, reserved: 0, attributes: { familyName } };
  const answer = await kernel.ask(`find ${familyName}`, controlFamily, control, request);
  const { familyId } = answer.attributes;
  if (familyId === undefined)
    throw new Error(`Cannot find ${familyName}: the kernel does not say its number`);
  return familyId;
}
