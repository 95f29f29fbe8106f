import { readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import {
  NetstatRequest_Filter as Filter,
  type NetstatRequest,
} from "../../../../api/gen/machine/network_pb.js";
import { GrpcError } from "../../../../api/grpc/error.ts";
import { type KernelFiles, type MachineHandlers, one } from "./handler.ts";

/** The tables below /proc/net, by their names there and in the request. */
const protocols = ["tcp", "tcp6", "udp", "udp6", "udplite", "udplite6", "raw", "raw6"] as const;

export type SocketEntry = ReturnType<typeof parseSockets>[number];

/** A table of sockets, such as /proc/net/tcp (proc_pid_net(5)). Its states and timers are numbered as the message's. */
export function parseSockets(text: string) {
  const lines = text.split("\n").slice(1);
  return lines.flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    const [, local = "", remote = "", state = "", queues = "", timer = "", retransmits = ""] = fields;
    const [uid = "", timeout = "", inode = "", references = "", pointer = ""] = fields.slice(7);
    if (local === "") return [];
    const [sending, receiving] = hexadecimals(queues);
    const [tr, timerwhen] = hexadecimals(timer);
    const [localip, localport] = endpoint(local);
    const [remoteip, remoteport] = endpoint(remote);
    return [
      {
        ...{ localip, localport, remoteip, remoteport },
        state: Number.parseInt(state, 16),
        txqueue: BigInt(sending),
        rxqueue: BigInt(receiving),
        tr,
        timerwhen: BigInt(timerwhen),
        retrnsmt: BigInt(`0x${retransmits}`),
        uid: Number(uid),
        timeout: BigInt(timeout),
        inode: BigInt(inode),
        ref: BigInt(references),
        pointer: BigInt(`0x${pointer}`),
      },
    ];
  });
}

const hexadecimals = (text: string): [number, number] => {
  const [first = "0", second = "0"] = text.split(":");
  return [Number.parseInt(first, 16), Number.parseInt(second, 16)];
};

/** `0100007F:0016`: the address as words of the processor's order, the port as people write hexadecimals. */
function endpoint(text: string): [address: string, port: number] {
  const [address = "", port = ""] = text.split(":");
  const bytes = Buffer.from(address, "hex");
  bytes.swap32();
  return [bytes.length === 4 ? bytes.join(".") : version6(bytes), Number.parseInt(port, 16)];
}

/** As everyone writes it (RFC 5952): a URL's host is brought into that form. */
function version6(bytes: Buffer): string {
  if (bytes.readUIntBE(0, 6) === 0 && bytes.readUInt32BE(6) === 0 && bytes.readUInt16BE(10) === 0xffff)
    return bytes.subarray(12).join(".");
  const words = Array.from({ length: 8 }, (_, at) => bytes.readUInt16BE(2 * at).toString(16));
  return new URL(`http://[${words.join(":")}]`).hostname.slice(1, -1);
}

const isFree = (address: string) => address === "0.0.0.0" || address === "::";
const filters: Readonly<Record<Filter, (entry: SocketEntry) => boolean>> = {
  [Filter.ALL]: () => true,
  [Filter.LISTENING]: ({ remoteip, remoteport }) => isFree(remoteip) && remoteport === 0,
  [Filter.CONNECTED]: ({ remoteip, remoteport }) => !isFree(remoteip) && remoteport !== 0,
};

export const netstat = ({ proc }: Pick<KernelFiles, "proc">): MachineHandlers<"netstat"> => ({
  async netstat({ filter, feature, l4proto, netns }: NetstatRequest) {
    const accepts = filters[filter];
    if (!accepts) throw new GrpcError("invalidArgument", `invalid filter: ${String(filter)}`);
    if (netns?.allnetns || (netns?.netns.length ?? 0) > 0)
      throw new GrpcError("unimplemented", "there are no other network namespaces on this node");
    const owners = feature?.pid ? await ownersOfSockets(proc) : new Map<bigint, Owner>();
    const tables = protocols
      .filter((name) => l4proto?.[name])
      .map(async (name) => {
        const text = await readFile(join(proc, "net", name), "utf8").catch(absent);
        return parseSockets(text)
          .filter(accepts)
          .map((entry) => ({ l4proto: name, ...entry, process: owners.get(entry.inode) ?? {} }));
      });
    return one({ connectrecord: (await Promise.all(tables)).flat() });
  },
});

/** A kernel without the protocol has no table of it. */
function absent(error: NodeJS.ErrnoException): string {
  if (error.code === "ENOENT") return "";
  throw error;
}

interface Owner {
  readonly pid: number;
  readonly name: string;
}

/** By the inode of a socket: a process that has it open. */
async function ownersOfSockets(proc: string): Promise<Map<bigint, Owner>> {
  const pids = (await readdir(proc)).filter((name) => /^\d+$/.test(name));
  const owners = new Map<bigint, Owner>();
  await Promise.all(pids.map((pid) => lookAt(pid)));
  return owners;

  async function lookAt(pid: string): Promise<void> {
    const folder = join(proc, pid);
    // It may end meanwhile.
    const files = await readdir(join(folder, "fd")).catch(() => []);
    const targets = await Promise.all(files.map((fd) => readlink(join(folder, "fd", fd)).catch(() => "")));
    const sockets = targets.flatMap((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? []);
    if (sockets.length === 0) return;
    const name = (await readFile(join(folder, "comm"), "utf8").catch(() => "")).trim();
    for (const inode of sockets) owners.set(BigInt(inode), { pid: Number(pid), name });
  }
}
