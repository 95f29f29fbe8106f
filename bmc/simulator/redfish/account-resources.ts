// The BMC's users, the same ones that IPMI has.
import { type Privilege, privileges } from "../../bmc.ts";
import { freeUser, type SimulatedUser } from "../furniture.ts";
import { done, refuse } from "./message.ts";
import {
  type Body,
  type Caller,
  collectionOf,
  headOf,
  linkTo,
  ofType,
  oneOf,
  type Resource,
  root,
} from "./resource.ts";

const service = `${root}/AccountService`;
const accounts = `${service}/Accounts`;
const roles = `${service}/Roles`;

const roleOf: Readonly<Record<Privilege, string>> = {
  none: "None",
  readOnly: "ReadOnly",
  operator: "Operator",
  administrator: "Administrator",
};
const roleNames = Object.values(roleOf);
const privilegeOf = (role: unknown) => privileges.find((name) => roleOf[name] === role);

const privilegesOf: Readonly<Record<string, readonly string[]>> = {
  Administrator: ["Login", "ConfigureManager", "ConfigureUsers", "ConfigureComponents", "ConfigureSelf"],
  Operator: ["Login", "ConfigureComponents", "ConfigureSelf"],
  ReadOnly: ["Login", "ConfigureSelf"],
};

const userAt = ({ chassis, ids }: Caller): SimulatedUser | undefined => {
  const user = chassis.furniture.users[Number(ids["account"]) - 1];
  return user?.name === "" && !chassis.quirks.redfish?.accountSlots ? undefined : user;
};

const refusal = ({ chassis }: Caller) =>
  chassis.quirks.refusesUserChanges ? refuse("privilege") : undefined;

const accountOf = (user: SimulatedUser, id: string): Body => ({
  ...headOf(`${accounts}/${id}`, "ManagerAccount.v1_10_0", "Account"),
  UserName: user.name,
  RoleId: roleOf[user.privilege],
  Enabled: user.enabled,
  Locked: false,
  Password: null,
  AccountTypes: ["Redfish", "IPMI"],
  Links: { Role: linkTo(`${roles}/${roleOf[user.privilege]}`) },
});

export const accountResources: readonly Resource[] = [
  {
    path: service,
    get: () => ({
      ...headOf(service, "AccountService.v1_12_0", "Account Service"),
      ServiceEnabled: true,
      MinPasswordLength: 1,
      Accounts: linkTo(accounts),
      Roles: linkTo(roles),
    }),
  },
  {
    path: accounts,
    needs: "administrator",
    refusal,
    get: ({ chassis }) =>
      collectionOf(
        accounts,
        "ManagerAccountCollection",
        "Accounts",
        chassis.furniture.users.flatMap(({ name }, index) =>
          name === "" && !chassis.quirks.redfish?.accountSlots ? [] : [`${accounts}/${index + 1}`],
        ),
      ),
    post: ({ chassis: { furniture, quirks } }, { UserName, Password, RoleId, Enabled = true }) => {
      if (quirks.redfish?.accountSlots) return refuse("method");
      if (typeof UserName !== "string" || UserName === "") return refuse("propertyMissing", "UserName");
      if (typeof Password !== "string") return refuse("propertyMissing", "Password");
      const privilege = privilegeOf(RoleId);
      if (privilege === undefined)
        return refuse(RoleId === undefined ? "propertyMissing" : "notInList", "RoleId");
      if (furniture.users.some(({ name }) => name === UserName)) return refuse("alreadyExists", "UserName");
      // The first is the one without a name that IPMI keeps.
      const slot = furniture.users.findIndex(({ name }, index) => index > 0 && name === "");
      if (slot < 0) return refuse("createLimit");
      const user = { name: UserName, password: Password, privilege, enabled: Enabled !== false };
      furniture.users[slot] = user;
      const id = String(slot + 1);
      return { status: 201, headers: { location: `${accounts}/${id}` }, body: accountOf(user, id) };
    },
  },
  {
    path: `${accounts}/:account`,
    needs: "administrator",
    refusal,
    get: (caller) => {
      const user = userAt(caller);
      return user && accountOf(user, caller.ids["account"]!);
    },
    patch: {
      UserName: ofType("UserName", "string", (name, caller) => {
        userAt(caller)!.name = name;
      }),
      Password: ofType("Password", "string", (password, caller) => {
        userAt(caller)!.password = password;
      }),
      Enabled: ofType("Enabled", "boolean", (enabled, caller) => {
        userAt(caller)!.enabled = enabled;
      }),
      RoleId: oneOf("RoleId", roleNames, (role, caller) => {
        userAt(caller)!.privilege = privilegeOf(role)!;
      }),
    },
    delete: (caller) => {
      const { chassis, ids } = caller;
      if (chassis.quirks.redfish?.accountSlots) return refuse("method");
      if (!userAt(caller)) return refuse("notFound", ids["account"]!);
      chassis.furniture.users[Number(ids["account"]) - 1] = freeUser();
      return done;
    },
  },
  {
    path: roles,
    get: () =>
      collectionOf(
        roles,
        "RoleCollection",
        "Roles",
        Object.keys(privilegesOf).map((id) => `${roles}/${id}`),
      ),
  },
  {
    path: `${roles}/:role`,
    get: ({ ids }) =>
      Object.hasOwn(privilegesOf, ids["role"]!)
        ? {
            ...headOf(`${roles}/${ids["role"]}`, "Role.v1_3_1", "Role"),
            RoleId: ids["role"],
            IsPredefined: true,
            AssignedPrivileges: privilegesOf[ids["role"]!],
          }
        : undefined,
  },
];
