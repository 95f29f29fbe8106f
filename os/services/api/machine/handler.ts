import type { MachineService } from "../../../../api/gen/machine/machine_pb.js";
import type { Handlers } from "../../../../api/grpc/handlers.ts";

type All = Handlers<typeof MachineService>;

/** The handlers of some methods of the machine API. */
export type MachineHandlers<Name extends keyof All> = Required<Pick<All, Name>>;

/** Where the kernel tells: `/proc` and `/sys`, unless in a test. */
export interface KernelFiles {
  readonly proc: string;
  readonly sys: string;
}

/** A unary answer is a list with one message per node. */
export const one = <Message>(message: Message): { messages: Message[] } => ({ messages: [message] });
