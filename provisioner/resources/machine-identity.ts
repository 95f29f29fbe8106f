import { z } from "zod";

/** SMBIOS has nothing that long. */
const told = z.string().max(256);
const mac = z.string().regex(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/, "a MAC address: lower case, with colons");

/**
 * What a machine says it is, unjudged: boards share UUIDs, NICs move, serials are "To be filled". An operator who
 * registers a machine before it was ever seen knows a part of it. decisions/identity.ts says what to believe.
 */
export const machineIdentity = z.strictObject({
  uuid: told.optional(),
  serial: told.optional(),
  boardSerial: told.optional(),
  macs: z.array(mac).max(256),
});

export type MachineIdentity = z.output<typeof machineIdentity>;
