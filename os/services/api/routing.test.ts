import { Metadata } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { type Route, routeOf } from "./routing.ts";

const version = "/machine.MachineService/Version";
const get = "/cosi.resource.State/Get";
const here = { to: "here" } as const;
const nobody = (code: "invalidArgument" | "permissionDenied", why: string) =>
  ({ to: "nobody", code, why }) as const;
const noForwarding = nobody("permissionDenied", "no request forwarding");

type Headers = Readonly<Record<string, readonly string[]>>;
const rows: readonly (readonly [string, Headers, string, "control plane" | "worker", Route])[] = [
  ["nothing said", {}, version, "control plane", here],
  ["nothing said", {}, version, "worker", here],
  ["one node", { node: ["b"] }, version, "control plane", { to: "one", node: "b" }],
  ["one node", { node: ["b"] }, get, "control plane", { to: "one", node: "b" }],
  ["one node", { node: ["b"] }, version, "worker", noForwarding],
  ["this node", { node: ["me"] }, version, "worker", here],
  ["this node of many", { nodes: ["me"] }, version, "worker", here],
  ["this node of many", { nodes: ["me"] }, version, "control plane", { to: "many", nodes: ["me"] }],
  ["two nodes", { nodes: ["b", "c"] }, version, "control plane", { to: "many", nodes: ["b", "c"] }],
  ["two nodes", { nodes: ["me", "c"] }, version, "worker", noForwarding],
  ["forwarded already", { proxyfrom: ["x"], nodes: ["b"] }, version, "control plane", here],
  [
    "two of one",
    { node: ["b", "c"] },
    version,
    "control plane",
    nobody("invalidArgument", "node metadata must be single-valued"),
  ],
  [
    "many, of what cannot be put together",
    { nodes: ["b"] },
    get,
    "control plane",
    nobody("invalidArgument", `one-2-many proxying is not supported for method ${get}`),
  ],
];

test.each(rows)("%s %j: %s, on a %s", (_, headers, path, kind, expected) => {
  const metadata = new Metadata();
  for (const [key, values] of Object.entries(headers)) for (const it of values) metadata.add(key, it);
  const surroundings = { mayForward: kind === "control plane", isHere: (node: string) => node === "me" };
  expect(routeOf(metadata, path, surroundings)).toEqual(expected);
});
