import type { SpecOf } from "../../cosi/resource.ts";
import type { BootStatus } from "../resources/boot-status.ts";

type Agent = Extract<SpecOf<typeof BootStatus>, { state: "agent" }>;

/** The agent that can be given orders now; undefined while none is attached. */
export const attachedAgent = (
  boot: { readonly spec: SpecOf<typeof BootStatus> } | undefined,
): Agent | undefined => (boot?.spec.state === "agent" ? boot.spec : undefined);
