// A unix socket for QEMU: `-chardev socket,id=bmc,path=PATH,reconnect=1 -device ipmi-bmc-extern,id=bmc0,chardev=bmc
// -device isa-ipmi-kcs,bmc=bmc0` gives the guest a /dev/ipmi0 that is this BMC, whatever process the machine is now.
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import type { SimulatedChassis } from "../chassis.ts";
import { type VmControl, VmLink } from "./vm-link.ts";

export interface VmBridge extends AsyncDisposable {
  /** False when there is no machine, or it said that it cannot. */
  press(control: VmControl): boolean;
}

export async function openVmBridge({
  chassis,
  path,
}: {
  chassis: SimulatedChassis;
  path: string;
}): Promise<VmBridge> {
  let machine: { readonly link: VmLink; readonly socket: Socket } | undefined;
  const server = createServer((socket) => {
    // A machine is one process: a second connection means that the first is dead or dying.
    machine?.socket.destroy();
    const link = new VmLink({ chassis, send: (bytes) => socket.write(bytes) });
    machine = { link, socket };
    socket.on("data", (chunk: Buffer) => link.receive(chunk));
    // That it ended is told by the process.
    socket.on("error", () => {});
    socket.on("close", () => {
      if (machine?.socket === socket) machine = undefined;
    });
  });
  server.listen(path);
  await once(server, "listening");
  return {
    press: (control) => machine?.link.press(control) ?? false,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      machine?.socket.destroy();
      await closed;
    },
  };
}
