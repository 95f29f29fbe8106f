// The BMC's users over Redfish.
import {
  type Absent,
  type Account,
  type Accounts,
  absent,
  type Done,
  type Privilege,
  type WantedAccount,
} from "../bmc.ts";
import { RedfishError } from "./error.ts";
import { orAbsent } from "./optional-answer.ts";
import { accountService, account as accountShape } from "./resources.ts";
import type { Member } from "./service.ts";
import type { Target } from "./system.ts";

/** The roles that DSP0266 §13 makes every service have. */
const roleOf: Readonly<Record<Privilege, string>> = {
  none: "None",
  readOnly: "ReadOnly",
  operator: "Operator",
  administrator: "Administrator",
};
/** Vendors name theirs "ReadOnlyUser" or "Admin". */
const privilegeOf = (role: string | undefined): Privilege =>
  role === undefined
    ? "none"
    : /^admin/i.test(role)
      ? "administrator"
      : /^operator/i.test(role)
        ? "operator"
        : /^(readonly|user|callback)/i.test(role)
          ? "readOnly"
          : "none";

export const redfishAccounts = (target: Target): Accounts => ({
  list: () =>
    orAbsent(
      inUse(target).then((found) => ("absent" in found ? found : found.members.map(({ value }) => value))),
    ),
  put: (wanted) => orAbsent(put(target, wanted)),
  remove: (name) => orAbsent(remove(target, name)),
});

interface Found {
  readonly collection: string;
  /** Dell has a fixed number of slots; a free one has no name. */
  readonly free: readonly Member<Account>[];
  readonly members: readonly Member<Account>[];
}

async function inUse({ service, root }: Target): Promise<Found | Absent> {
  if (root.AccountService === undefined) return absent("the BMC has no account service");
  const { Accounts } = await service.get(root.AccountService, accountService);
  if (Accounts === undefined) return absent("the BMC has no accounts");
  const members = (await service.members(Accounts, accountShape)).map(({ path, value }) => ({
    path,
    value: {
      id: value.Id ?? path.split("/").at(-1)!,
      name: value.UserName ?? "",
      enabled: value.Enabled ?? true,
      privilege: privilegeOf(value.RoleId),
    },
  }));
  const isFree = ({ value }: Member<Account>) => value.name === "";
  return {
    collection: Accounts,
    free: members.filter(isFree),
    members: members.filter((member) => !isFree(member)),
  };
}

const bodyOf = ({ name, password, privilege }: WantedAccount) => ({
  UserName: name,
  Password: password,
  RoleId: roleOf[privilege],
  Enabled: privilege !== "none",
});

async function put(target: Target, wanted: WantedAccount): Promise<Account | Absent> {
  const { service } = target;
  const before = await inUse(target);
  if ("absent" in before) return before;
  const same = before.members.find(({ value }) => value.name === wanted.name);
  if (same) {
    // Without the name: renaming, even to the same, is refused by some.
    const { UserName: _, ...changes } = bodyOf(wanted);
    await service.change(same.path, changes);
  } else await create(target, before, wanted);
  if (wanted.name === service.user) service.useCredentials({ user: wanted.name, password: wanted.password });

  const after = await inUse(target);
  const found = "absent" in after ? undefined : after.members.find(({ value }) => value.name === wanted.name);
  if (found?.value.privilege !== wanted.privilege) {
    throw new RedfishError({
      kind: "refused",
      message: `Cannot set up user ${wanted.name} on ${service.peer}: the BMC acknowledged it and reads back ${found?.value.privilege ?? "no such user"}`,
    });
  }
  return found.value;
}

async function create(
  { service }: Target,
  { collection, free }: Found,
  wanted: WantedAccount,
): Promise<void> {
  try {
    await service.post(collection, bodyOf(wanted));
  } catch (error) {
    // The slots are there for ever; the first is often one that nobody may use.
    const slot = free.length > 1 ? free[1] : free[0];
    const isFixed = error instanceof RedfishError && (error.status === 405 || error.status === 404);
    if (!isFixed || !slot) throw error;
    await service.change(slot.path, bodyOf(wanted));
  }
}

async function remove(target: Target, name: string): Promise<Done> {
  const found = await inUse(target);
  if ("absent" in found) return found;
  const member = found.members.find(({ value }) => value.name === name);
  if (!member) return undefined;
  try {
    await target.service.remove(member.path);
  } catch (error) {
    if (!(error instanceof RedfishError) || error.status !== 405) throw error;
    await target.service.change(member.path, { Enabled: false, UserName: "" });
  }
  return undefined;
}
