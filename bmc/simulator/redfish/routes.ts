// Which resource stands at a path.
import { accountResources } from "./account-resources.ts";
import { chassisResources } from "./chassis-resources.ts";
import { managerResources } from "./manager-resources.ts";
import type { Resource } from "./resource.ts";
import { serviceResources } from "./service-resources.ts";
import { systemResources } from "./system-resources.ts";
import { taskMonitor } from "./task-monitor.ts";

interface Node {
  readonly children: Map<string, Node>;
  any?: { readonly name: string; readonly node: Node };
  resource?: Resource;
}

export interface Route {
  readonly resource: Resource;
  readonly ids: Readonly<Record<string, string>>;
}

const newNode = (): Node => ({ children: new Map() });

const partsOf = (path: string) => path.split("/").filter((part) => part !== "");

function plant(resources: readonly Resource[]): Node {
  const tree = newNode();
  for (const resource of resources) {
    let node = tree;
    for (const part of partsOf(resource.path)) {
      if (part.startsWith(":")) {
        node.any ??= { name: part.slice(1), node: newNode() };
        node = node.any.node;
      } else {
        const child = node.children.get(part) ?? newNode();
        node.children.set(part, child);
        node = child;
      }
    }
    node.resource = resource;
  }
  return tree;
}

const tree = plant([
  ...serviceResources,
  ...systemResources,
  ...managerResources,
  ...chassisResources,
  ...accountResources,
  taskMonitor,
]);

export function routeOf(path: string): Route | undefined {
  const ids: Record<string, string> = {};
  let node: Node | undefined = tree;
  for (const part of partsOf(path)) {
    const child: Node | undefined = node.children.get(part);
    if (!child && node.any) ids[node.any.name] = part;
    node = child ?? node.any?.node;
    if (!node) return undefined;
  }
  return node.resource && { resource: node.resource, ids };
}
