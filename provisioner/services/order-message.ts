// An order as the agent reads it.
import type { MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import {
  type OrderSchema,
  BmcAccountOrder_Privilege as Privilege,
} from "../../api/gen/ingot/agent/v1/orders_pb.js";
import type { ResourceOf, SpecOf } from "../../cosi/resource.ts";
import type { AgentOrder } from "../resources/agent-order.ts";
import { methodNumbers } from "./wipe-method-names.ts";

type Message = MessageInitShape<typeof OrderSchema>;
type What = SpecOf<typeof AgentOrder>["what"];

export function orderMessage({ metadata, spec }: ResourceOf<typeof AgentOrder>, now: Date): Message {
  return {
    id: metadata.id,
    kernelBootId: spec.kernelBootId,
    deadline: durationFromMs(Math.max(1, spec.deadline.getTime() - now.getTime())),
    why: spec.why,
    what: whatOf(spec.what),
  };
}

const privileges = {
  user: Privilege.USER,
  operator: Privilege.OPERATOR,
  administrator: Privilege.ADMINISTRATOR,
} as const;

function whatOf(what: What): NonNullable<Message["what"]> {
  switch (what.is) {
    case "wipe":
      return {
        case: "wipe",
        value: {
          wipeId: BigInt(what.wipeId),
          parallel: what.parallel,
          disks: what.disks.map(({ serial, wwid, sizeBytes, methods, ...disk }) => ({
            ...disk,
            expectedSerial: serial,
            expectedWwid: wwid,
            expectedSizeBytes: BigInt(sizeBytes),
            methods: methods.map((method) => methodNumbers[method]),
          })),
        },
      };
    case "bmcAccount": {
      const { user: userName, password, privilege, onlyLook } = what;
      return {
        case: "bmcAccount",
        value: { userName, password, privilege: privileges[privilege], onlyLook },
      };
    }
    case "reboot":
      return { case: "reboot", value: { kexec: what.kexec } };
    case "powerOff":
      return { case: "powerOff", value: {} };
    case "identify":
      return { case: "identify", value: { light: durationFromMs(what.seconds * 1000) } };
    case "test":
      return { case: "test", value: { test: testOf(what.test) } };
  }
}

type Test = Extract<What, { is: "test" }>["test"];
type TestMessage = NonNullable<Extract<NonNullable<Message["what"]>, { case: "test" }>["value"]["test"]>;

function testOf(test: Test): TestMessage {
  switch (test.of) {
    case "memory":
      return { case: "memory", value: { sizeBytes: BigInt(test.sizeBytes), passes: test.passes } };
    case "disk":
      return { case: "disk", value: { disk: test.disk, long: test.long } };
    case "network":
      return { case: "network", value: { peer: test.peer, duration: durationFromMs(test.seconds * 1000) } };
  }
}
