// A transfer on a port of its own (RFC 1350 §4): a connected socket, so that the kernel drops what is not the client's.
import { createSocket, type Socket } from "node:dgram";
import type { Job, Outcome, RunningTransfer, Transfers } from "./transfers.ts";

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

export interface OwnPortJob extends Job {
  readonly client: Endpoint;
  /** The address that the client asked: an answer from any other is a stranger's. */
  readonly localAddress: string;
}

export function startOnOwnPort(
  transfers: Transfers,
  job: OwnPortJob,
  onOutcome: (outcome: Outcome) => void,
  makeSocket: () => Socket = plainSocket,
): void {
  const socket = makeSocket();
  let running: RunningTransfer | undefined;
  let closed = false;
  const close = () => {
    if (!closed) socket.close();
    closed = true;
  };

  socket.on("message", (packet) => running?.receive(packet));
  // The client's port is closed (ICMP), or the socket could not be made.
  socket.on("error", (error) => {
    if (running) return running.abort(`the client is gone: ${error.message}`);
    close();
    return onOutcome({ type: "failed", why: `no socket: ${error.message}`, sentBytes: 0 });
  });
  socket.bind({ address: job.localAddress, port: 0 }, () =>
    socket.connect(job.client.port, job.client.address, () => {
      running = transfers.start(
        job,
        { send: (packets, bytes) => sendEach(socket, packets, bytes), close },
        onOutcome,
      );
    }),
  );
}

export const plainSocket = (): Socket => createSocket({ type: "udp4" });

function sendEach(socket: Socket, packets: Buffer, packetBytes: number): void {
  for (let at = 0; at < packets.length; at += packetBytes) {
    socket.send(packets, at, Math.min(packetBytes, packets.length - at));
  }
}
