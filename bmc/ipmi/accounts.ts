// The BMC's users over IPMI, from the network or from inside the machine.
import {
  type Account,
  type Accounts,
  type Done,
  type Privilege,
  privileges,
  type WantedAccount,
} from "../bmc.ts";
import { run, type Transport } from "./command.ts";
import { privilegeLevels } from "./commands/session.ts";
import {
  getUserAccess,
  getUserName,
  passwordBytes,
  passwordOperations,
  setUserAccess,
  setUserName,
  setUserPassword,
} from "./commands/users.ts";
import { completions } from "./completion.ts";
import { IpmiError } from "./error.ts";
import { findLanChannel } from "./lan-channel.ts";
import { orAbsent } from "./optional-answer.ts";

export const privilegeLevelOf: Readonly<Record<Privilege, number>> = {
  none: privilegeLevels.none,
  readOnly: privilegeLevels.user,
  operator: privilegeLevels.operator,
  administrator: privilegeLevels.administrator,
};

export const ipmiAccounts = (transport: Transport): Accounts => ({
  list: () =>
    orAbsent(
      listSlots(transport).then((slots) =>
        slots.filter(({ name }) => name !== "").map(({ account }) => account),
      ),
    ),
  put: (wanted) => orAbsent(put(transport, wanted)),
  remove: (name): Promise<Done> => orAbsent(remove(transport, name)),
});

interface Slot {
  readonly id: number;
  readonly name: string;
  readonly account: Account;
}

/** Some BMCs name their free slots. */
const freeNames: ReadonlySet<string> = new Set(["", "(Empty User)"]);

async function listSlots(transport: Transport, knownChannel?: number): Promise<readonly Slot[]> {
  const channel = knownChannel ?? (await findLanChannel(transport));
  const { slots: count } = await run(transport, getUserAccess, { channel, user: 1 });
  const slots: Slot[] = [];
  for (let id = 1; id <= (count & 0x3f); id++) {
    const { enabled, access } = await run(transport, getUserAccess, { channel, user: id });
    const told = await nameOf(transport, id);
    const name = freeNames.has(told) ? "" : told;
    const privilege = privileges.find((name) => privilegeLevelOf[name] === access.privilege) ?? "none";
    // State 0: a BMC older than the field; whoever may send messages is taken for enabled.
    const isEnabled = enabled.state === 1 || (enabled.state === 0 && access.messaging === 1);
    slots.push({ id, name, account: { id: String(id), name, enabled: isEnabled, privilege } });
  }
  return slots;
}

/** A slot that was never named answers an error on some BMCs. */
async function nameOf(transport: Transport, id: number): Promise<string> {
  try {
    return await run(transport, getUserName, id);
  } catch (error) {
    if (
      error instanceof IpmiError &&
      (error.completion === completions.invalidField || error.completion === completions.notPresent)
    )
      return "";
    throw error;
  }
}

async function put(transport: Transport, { name, password, privilege }: WantedAccount): Promise<Account> {
  const bytes = Buffer.from(password, "utf8");
  if (bytes.length > passwordBytes)
    throw new RangeError(
      `Cannot set the password of ${name}: IPMI takes ${passwordBytes} bytes, not ${bytes.length}`,
    );
  const channel = await findLanChannel(transport);
  const slots = await listSlots(transport, channel);
  const same = slots.find((slot) => slot.name === name);
  // The first slot belongs to the nameless user and cannot be named (§22.28).
  const slot = same ?? slots.find((slot) => slot.id > 1 && slot.name === "");
  if (!slot) {
    throw new IpmiError({
      kind: "completion",
      completion: completions.outOfSpace,
      message: `Cannot create user ${name} on ${transport.peer}: all ${slots.length} users are taken`,
    });
  }

  const { id } = slot;
  if (!same) await run(transport, setUserName, { user: id, name });
  await operate(
    transport,
    id,
    passwordOperations.set,
    Buffer.concat([bytes, new Uint8Array(passwordBytes - bytes.length)]),
  );
  await run(transport, setUserAccess, {
    access: { changes: 1, callbackOnly: 0, linkAuthentication: 0, messaging: 1, channel },
    user: id,
    privilege: privilegeLevelOf[privilege],
    sessionLimit: undefined,
  });
  await operate(transport, id, passwordOperations.enable);

  const after = (await listSlots(transport, channel)).find((slot) => slot.id === id)!.account;
  if (after.name !== name || after.privilege !== privilege) {
    throw new IpmiError({
      kind: "completion",
      message: `Cannot set up user ${name} on ${transport.peer}: the BMC acknowledged it and reads back ${after.name || "no name"} with privilege ${after.privilege}`,
    });
  }
  return after;
}

async function remove(transport: Transport, name: string): Promise<undefined> {
  const channel = await findLanChannel(transport);
  const slot = (await listSlots(transport, channel)).find((slot) => slot.name === name);
  if (!slot) return undefined;
  await operate(transport, slot.id, passwordOperations.disable);
  await run(transport, setUserAccess, {
    access: { changes: 1, callbackOnly: 0, linkAuthentication: 0, messaging: 0, channel },
    user: slot.id,
    privilege: privilegeLevelOf.none,
    sessionLimit: undefined,
  });
  await run(transport, setUserName, { user: slot.id, name: "" });
  return undefined;
}

const operate = (
  transport: Transport,
  id: number,
  operation: number,
  password: Uint8Array = new Uint8Array(),
) => run(transport, setUserPassword, { user: { twentyBytes: 1, reserved: 0, id }, operation, password });
