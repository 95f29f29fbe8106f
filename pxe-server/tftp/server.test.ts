import { execFile } from "node:child_process";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { assetOf } from "../asset-file.ts";
import { systemClock } from "../system-clock.ts";
import { openTftpServer, type TftpEvent, type TftpOptions, type TftpServer } from "./server.ts";

const run = promisify(execFile);
const pattern = (size: number) =>
  Buffer.from(Uint8Array.from({ length: size }, (_, at) => (at * 31 + (at >> 8)) & 0xff));
const files = new Map([
  ["empty", assetOf(pattern(0))],
  ["small", assetOf(pattern(511))],
  ["block", assetOf(pattern(512))],
  ["lossy", assetOf(pattern(60_000))],
  ["loader.efi", assetOf(pattern(300_001))],
  ["big", assetOf(pattern(3_000_000))],
]);

let folder: string;
let server: TftpServer;
let events: { event: TftpEvent; file: string }[];

const start = async (options: Partial<TftpOptions> = {}) => {
  server = await openTftpServer({
    addresses: ["127.0.0.1"],
    port: 0,
    clock: systemClock,
    find: async (file) => {
      const asset = files.get(file);
      return asset ? { content: asset.bytes } : { refuse: "notFound", why: "no such file" };
    },
    onEvent: (event, file) => events.push({ event, file }),
    ...options,
  });
  return server.endpoints[0]!.port;
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ingot-tftp-"));
  events = [];
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

type Fetch = (port: number, file: string, out: string) => { command: string; args: readonly string[] };
const curl =
  (...options: readonly string[]): Fetch =>
  (port, file, out) => ({
    command: "curl",
    args: ["-sSf", ...options, "-o", out, `tftp://127.0.0.1:${port}/${file}`],
  });
const atftp =
  (...options: readonly string[]): Fetch =>
  (port, file, out) => ({
    command: "atftp",
    args: ["-g", "-r", file, "-l", out, ...options, "127.0.0.1", String(port)],
  });
const tftpHpa: Fetch = (port, file, out) => ({
  command: "tftp",
  args: ["-m", "binary", "127.0.0.1", String(port), "-c", "get", file, out],
});

// curl takes an announced size of 0 for an error, atftp and busybox write no file when there is nothing in it.
const clients: readonly (readonly [name: string, fetch: Fetch, files: readonly string[]])[] = [
  ["tftp-hpa", tftpHpa, ["empty", "small", "block", "loader.efi", "big"]],
  ["curl", curl(), ["small", "block", "loader.efi"]],
  ["curl without options", curl("--tftp-no-options"), ["empty", "small", "block"]],
  ["curl with blocks of 1428", curl("--tftp-blksize", "1428"), ["small", "loader.efi", "big"]],
  [
    "busybox",
    (port, file, out) => ({
      command: "busybox",
      args: ["tftp", "-g", "-b", "1400", "-l", out, "-r", file, "127.0.0.1", String(port)],
    }),
    ["small", "block", "loader.efi"],
  ],
  ["atftp", atftp(), ["small", "block", "loader.efi"]],
  [
    "atftp with windows of 16",
    atftp("--option", "windowsize 16", "--option", "blksize 1428"),
    ["small", "loader.efi", "big"],
  ],
];

describe.each([
  ["on ports of their own", {}],
  ["in worker threads", { workers: 2 }],
  ["on a single port", { singlePort: true }],
])("transfers %s", (_, options) => {
  test.each(clients)("reach %s whole", async (_, fetch, wanted) => {
    const port = await start(options);
    for (const file of wanted) {
      const out = join(folder, file);
      const { command, args } = fetch(port, file, out);
      await run(command, args, { timeout: 20_000 });
      expect((await readFile(out)).equals(Buffer.from(files.get(file)!.bytes)), file).toBe(true);
    }
    // The client is content when it has sent its last ACK; the server learns of it a moment later, workers in any order.
    const finished = () => events.filter(({ event }) => event.type === "finished").map(({ file }) => file);
    await vi.waitFor(() => expect(finished().toSorted()).toEqual(wanted.toSorted()), { timeout: 10_000 });
  });
});

describe("a client that speaks raw", () => {
  let socket: Socket;
  beforeEach(async () => {
    socket = createSocket("udp4");
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
  });
  afterEach(() => socket.close());

  const send = (port: number, text: string) => socket.send(Buffer.from(text, "latin1"), port, "127.0.0.1");
  const receive = async () => {
    const [packet, from] = (await once(socket, "message")) as [Buffer, { port: number }];
    return { text: packet.toString("latin1"), port: from.port };
  };

  test.each([
    ["write", "\0\x02loader.efi\0octet\0", "\0\x05\0\x02this server is read-only\0"],
    ["netascii", "\0\x01loader.efi\0netascii\0", "\0\x05\0\x04mode netascii is not served, use octet\0"],
    ["mail", "\0\x01loader.efi\0mail\0", "\0\x05\0\x04mode mail is not served, use octet\0"],
    ["an unknown name", "\0\x01../../etc/passwd\0octet\0", "\0\x05\0\x01no such file\0"],
  ])("is refused %s", async (_, request, reply) => {
    send(await start(), request);
    expect((await receive()).text).toBe(reply);
  });

  test("and refuses the OACK as EDK2 does is forgotten without a failure", async () => {
    send(await start(), "\0\x01loader.efi\0octet\0tsize\x000\0blksize\x001468\0windowsize\x004\0");
    const oack = await receive();
    expect(oack.text).toBe("\0\x06tsize\x00300001\0blksize\x001468\0windowsize\x004\0");
    send(oack.port, "\0\x05\0\x08User aborted the transfer\0");
    await expect.poll(() => events.map(({ event }) => event.type)).toEqual(["started", "declined"]);
  });

  test("and repeats its request gets one transfer", async () => {
    const port = await start();
    for (let n = 0; n < 5; n++) send(port, "\0\x01small\0octet\0");
    const { port: transfer } = await receive();
    send(transfer, "\0\x04\0\x01");
    await expect.poll(() => events.map(({ event }) => event.type)).toEqual(["started", "finished"]);
  });

  test("and hears nothing is sent again to", async () => {
    send(await start(), "\0\x01small\0octet\0timeout\x001\0");
    const first = await receive();
    expect(await receive()).toEqual(first);
    send(first.port, "\0\x04\0\0");
    expect((await receive()).text.slice(0, 4)).toBe("\0\x03\0\x01");
  });

  test("gets no more transfers than its share", async () => {
    const port = await start({ maxTransfersPerClient: 1 });
    send(port, "\0\x01small\0octet\0");
    await receive();
    const other = createSocket("udp4");
    other.send(Buffer.from("\0\x01small\0octet\0", "latin1"), port, "127.0.0.1");
    const [refusal] = (await once(other, "message")) as [Buffer];
    other.close();
    expect(refusal.toString("latin1")).toBe("\0\x05\0\0too many transfers, try again\0");
  });

  test("and sends noise is not answered", async () => {
    const port = await start();
    for (const noise of ["x", "\0\x01", "\0\x01file", "\0\x09a\0b\0", "\0\x04\0\x01"]) send(port, noise);
    await expect.poll(() => server.dropped).toBe(5);
    send(port, "\0\x01small\0octet\0");
    expect((await receive()).text.slice(0, 4)).toBe("\0\x03\0\x01");
  });
});

test.each([{}, { workers: 1 }])(
  "a lossy network delays a transfer but does not break it: %j",
  async (options) => {
    const port = await start(options);
    await using lossy = await openLossyProxy(port);
    const out = join(folder, "out");
    const { command, args } = tftpHpa(lossy.port, "lossy", out);
    await run(command, args, { timeout: 25_000 });
    expect((await readFile(out)).equals(Buffer.from(files.get("lossy")!.bytes))).toBe(true);
  },
);

/** Between a client and the server: one packet in forty is lost, one in thirteen comes twice. */
async function openLossyProxy(serverPort: number) {
  const front = createSocket("udp4");
  const back = createSocket("udp4");
  front.bind(0, "127.0.0.1");
  back.bind(0, "127.0.0.1");
  await Promise.all([once(front, "listening"), once(back, "listening")]);
  let client = 0;
  let transfer = serverPort;
  let count = 0;
  const pass = (forward: () => void) => {
    count++;
    if (count % 40 === 7) return;
    forward();
    if (count % 13 === 5) forward();
  };
  front.on("message", (packet, { port }) => {
    client = port;
    pass(() => back.send(packet, transfer, "127.0.0.1"));
  });
  back.on("message", (packet, { port }) => {
    transfer = port;
    pass(() => front.send(packet, client, "127.0.0.1"));
  });
  return {
    port: front.address().port,
    [Symbol.asyncDispose]: async () => {
      front.close();
      back.close();
    },
  };
}
