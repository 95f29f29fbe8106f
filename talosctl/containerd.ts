import { Option } from "commander";
import { ContainerDriver, ContainerdNamespace } from "../api/gen/common/common_pb.js";

const { CONTAINERD, CRI } = ContainerDriver;
const { NS_SYSTEM, NS_CRI } = ContainerdNamespace;

/** Which containerd of a machine keeps an image, and where. */
export const containerdOf = {
  system: { driver: CRI, namespace: NS_SYSTEM },
  cri: { driver: CRI, namespace: NS_CRI },
  inmem: { driver: CONTAINERD, namespace: NS_SYSTEM },
} as const;

export type ImageNamespace = keyof typeof containerdOf;

export const namespaceOption = (usual: ImageNamespace): Option =>
  new Option("--namespace <namespace>", "where the image is kept")
    .choices(Object.keys(containerdOf))
    .default(usual);
