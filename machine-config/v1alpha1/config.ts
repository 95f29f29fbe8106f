import * as z from "zod";
import { flag } from "../schema/scalars.ts";
import { section } from "../schema/section.ts";
import { cluster } from "./cluster.ts";
import { machine } from "./machine.ts";

/** The first document: the machine, and the cluster it belongs to. */
export const v1alpha1 = section({
  version: z.literal("v1alpha1"),
  debug: flag,
  persist: flag,
  machine,
  cluster,
});

export type V1Alpha1 = z.output<typeof v1alpha1>;
