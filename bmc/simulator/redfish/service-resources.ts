// The service itself: versions, root, sessions and tasks.
import { refuse } from "./message.ts";
import { collectionOf, headOf, linkTo, type Resource, root } from "./resource.ts";

const sessions = `${root}/SessionService/Sessions`;
const tasks = `${root}/TaskService/Tasks`;

const offersSessions: Resource["get"] = ({ chassis }) =>
  chassis.quirks.redfish?.noSessions ? undefined : {};

export const serviceResources: readonly Resource[] = [
  { path: "/redfish", open: true, get: () => ({ v1: `${root}/` }) },
  {
    path: root,
    open: true,
    get: ({ chassis }) => ({
      ...headOf(root, "ServiceRoot.v1_15_0", "Root Service"),
      "@odata.id": `${root}/`,
      Id: "RootService",
      RedfishVersion: "1.15.0",
      UUID: chassis.furniture.identity.uuid,
      Vendor: chassis.quirks.vendor?.name ?? chassis.furniture.identity.manufacturer,
      Product: "Emulated BMC",
      Systems: linkTo(`${root}/Systems`),
      Chassis: linkTo(`${root}/Chassis`),
      Managers: linkTo(`${root}/Managers`),
      Tasks: linkTo(`${root}/TaskService`),
      AccountService: linkTo(`${root}/AccountService`),
      UpdateService: linkTo(`${root}/UpdateService`),
      ...(chassis.quirks.redfish?.noSessions ? {} : { SessionService: linkTo(`${root}/SessionService`) }),
      Links: chassis.quirks.redfish?.noSessions ? {} : { Sessions: linkTo(sessions) },
      ProtocolFeaturesSupported: {
        ExpandQuery: {
          ExpandAll: false,
          Levels: false,
          Links: false,
          NoLinks: chassis.quirks.redfish?.pages !== true,
        },
        FilterQuery: false,
        SelectQuery: false,
        ExcerptQuery: false,
        OnlyMemberQuery: false,
      },
    }),
  },
  {
    path: `${root}/odata`,
    open: true,
    get: () => ({
      "@odata.context": `${root}/$metadata`,
      value: ["Systems", "Chassis", "Managers", "AccountService", "SessionService", "UpdateService"].map(
        (name) => ({
          name,
          kind: "Singleton",
          url: `${root}/${name}`,
        }),
      ),
    }),
  },
  { path: `${root}/$metadata`, open: true, get: () => metadata },
  {
    path: `${root}/SessionService`,
    get: (caller) =>
      offersSessions(caller) && {
        ...headOf(`${root}/SessionService`, "SessionService.v1_1_8", "Session Service"),
        ServiceEnabled: true,
        SessionTimeout: 1800,
        Sessions: linkTo(sessions),
      },
  },
  {
    path: sessions,
    openPost: true,
    get: (caller) =>
      offersSessions(caller) &&
      collectionOf(
        sessions,
        "SessionCollection",
        "Sessions",
        [...caller.memory.sessions.keys()].map((id) => `${sessions}/${id}`),
      ),
    post: ({ memory, chassis }, { UserName, Password }) => {
      if (chassis.quirks.redfish?.noSessions) return refuse("notFound", sessions);
      if (typeof UserName !== "string") return refuse("propertyMissing", "UserName");
      if (typeof Password !== "string") return refuse("propertyMissing", "Password");
      const user = chassis.furniture.users.find(
        ({ name, enabled }) => name === UserName && name !== "" && enabled,
      );
      if (!user || user.password !== Password || user.privilege === "none") return refuse("wrongCredentials");
      if (!memory.hasRoom()) return refuse("noSession");
      const session = memory.openSession(user);
      const location = `${sessions}/${session.id}`;
      return {
        status: 201,
        headers: { "x-auth-token": session.token, location },
        body: { ...headOf(location, "Session.v1_4_0", "Session"), UserName: user.name },
      };
    },
  },
  {
    path: `${sessions}/:session`,
    needs: "readOnly",
    get: ({ memory, ids }) => {
      const session = memory.sessions.get(ids["session"]!);
      return (
        session && {
          ...headOf(`${sessions}/${session.id}`, "Session.v1_4_0", "Session"),
          UserName: session.user.name,
        }
      );
    },
    delete: ({ memory, ids, user, privilege }) => {
      const session = memory.sessions.get(ids["session"]!);
      if (!session) return refuse("notFound", ids["session"]!);
      if (session.user.name !== user && privilege !== "administrator") return refuse("privilege");
      memory.sessions.delete(session.id);
      return { status: 204 };
    },
  },
  {
    path: `${root}/TaskService`,
    get: () => ({
      ...headOf(`${root}/TaskService`, "TaskService.v1_2_0", "Task Service"),
      ServiceEnabled: true,
      Tasks: linkTo(tasks),
    }),
  },
  {
    path: tasks,
    get: ({ memory }) =>
      collectionOf(
        tasks,
        "TaskCollection",
        "Tasks",
        [...memory.tasks.keys()].map((id) => `${tasks}/${id}`),
      ),
  },
  {
    path: `${tasks}/:task`,
    get: ({ memory, ids }) => {
      const task = memory.tasks.get(ids["task"]!);
      return (
        task && {
          ...headOf(`${tasks}/${task.id}`, "Task.v1_7_0", "Task"),
          TaskState: task.looks > 0 ? "Running" : "Completed",
          TaskStatus: "OK",
          TaskMonitor: `${root}/TaskService/TaskMonitors/${task.id}`,
        }
      );
    },
  },
];

const schema = (name: string) =>
  `<edmx:Reference Uri="http://redfish.dmtf.org/schemas/v1/${name}_v1.xml"><edmx:Include Namespace="${name}"/></edmx:Reference>`;

const metadata = `<?xml version="1.0" encoding="UTF-8"?>
<edmx:Edmx xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx" Version="4.0">
${[
  "ServiceRoot",
  "ComputerSystemCollection",
  "ComputerSystem",
  "ChassisCollection",
  "Chassis",
  "ManagerCollection",
  "Manager",
  "AccountService",
  "ManagerAccountCollection",
  "ManagerAccount",
  "RoleCollection",
  "Role",
  "SessionService",
  "SessionCollection",
  "Session",
  "TaskService",
  "TaskCollection",
  "Task",
  "UpdateService",
  "SoftwareInventoryCollection",
  "SoftwareInventory",
  "EthernetInterfaceCollection",
  "EthernetInterface",
  "LogServiceCollection",
  "LogService",
  "LogEntryCollection",
  "LogEntry",
  "SecureBoot",
  "VirtualMediaCollection",
  "VirtualMedia",
  "Thermal",
  "Power",
  "SensorCollection",
  "Sensor",
  "ActionInfo",
  "Message",
  "Resource",
]
  .map(schema)
  .join("\n")}
<edmx:DataServices><Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace="Service"><EntityContainer Name="Service" Extends="ServiceRoot.v1_15_0.ServiceContainer"/></Schema></edmx:DataServices>
</edmx:Edmx>
`;
