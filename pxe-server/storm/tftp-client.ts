// A TFTP client as boot firmware has it. Shares no code with the server, so that it can find the server wrong.
import { createSocket } from "node:dgram";
import type { Clock } from "../clock.ts";

export interface TftpRead {
  readonly server: string;
  /** Ours: which of the simulated machines asks. */
  readonly address: string;
  readonly file: string;
  readonly options: Readonly<Record<string, number>>;
  /** EDK2 asks for the size, refuses the answer with ERROR 8, and comes again. */
  readonly onlySize?: boolean;
  readonly clock: Clock;
}

const waitMs = 1000;
const maxSilences = 8;
const opcodes = { readRequest: 1, data: 3, acknowledgement: 4, error: 5, optionAcknowledgement: 6 } as const;

export async function readByTftp(read: TftpRead): Promise<Buffer> {
  const { server, address, file, options, clock } = read;
  const socket = createSocket({ type: "udp4", lookup: (host, _, done) => done(null, host, 4) });
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const blocks: Buffer[] = [];
  let blockSize = 512;
  let window = 1;
  let unacknowledged = 0;
  let reportedGap = -1;
  let silences = 0;
  let peer = 69;
  let last = requestOf(file, options);
  const send = (packet: Buffer) => {
    last = packet;
    socket.send(packet, peer, server);
  };

  const accept = (block: number, content: Buffer) => {
    if (block !== ((blocks.length + 1) & 0xffff)) {
      // Behind a lost block the whole window is wrong; one word about it is enough (RFC 7440 §4).
      if (reportedGap !== blocks.length) send(wordPacket(opcodes.acknowledgement, blocks.length));
      reportedGap = blocks.length;
      unacknowledged = 0;
      return;
    }
    silences = 0;
    blocks.push(content);
    const isLast = content.length < blockSize;
    if (++unacknowledged < window && !isLast) return;
    unacknowledged = 0;
    send(wordPacket(opcodes.acknowledgement, blocks.length));
    if (isLast) resolve(Buffer.concat(blocks));
  };

  socket.on("message", (packet, from) => {
    peer = from.port;
    const opcode = packet.readUInt16BE(0);
    if (opcode === opcodes.data) accept(packet.readUInt16BE(2), packet.subarray(4));
    else if (opcode === opcodes.error) reject(new Error(`TFTP error: ${packet.toString("latin1", 4)}`));
    else if (opcode === opcodes.optionAcknowledgement && read.onlySize) {
      send(wordPacket(opcodes.error, 8, "User aborted the transfer\0"));
      resolve(Buffer.alloc(0));
    } else if (opcode === opcodes.optionAcknowledgement) {
      const agreed = agreedOptions(packet);
      blockSize = agreed.get("blksize") ?? 512;
      window = agreed.get("windowsize") ?? 1;
      send(wordPacket(opcodes.acknowledgement, 0));
    }
  });
  socket.on("error", reject);
  const watch = clock.every(waitMs, () => {
    if (++silences > maxSilences) reject(new Error(`no more of ${file} after block ${blocks.length}`));
    else if (silences > 1) socket.send(last, peer, server);
  });
  socket.bind(0, address, () => send(last));
  try {
    return await promise;
  } finally {
    watch[Symbol.dispose]();
    socket.close();
  }
}

function requestOf(file: string, options: TftpRead["options"]): Buffer {
  const words = [file, "octet", ...Object.entries(options).flatMap(([name, value]) => [name, String(value)])];
  return Buffer.concat([
    Buffer.from([0, opcodes.readRequest]),
    Buffer.from(words.map((word) => `${word}\0`).join("")),
  ]);
}

function wordPacket(opcode: number, word: number, text = ""): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16BE(opcode, 0);
  head.writeUInt16BE(word & 0xffff, 2);
  return Buffer.concat([head, Buffer.from(text, "latin1")]);
}

function agreedOptions(packet: Buffer): ReadonlyMap<string, number> {
  const words = packet.toString("latin1", 2).split("\0");
  return new Map(words.flatMap((word, at) => (at % 2 === 0 ? [[word, Number(words[at + 1])] as const] : [])));
}
