import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { assetOf } from "../asset-file.ts";
import type { Booter, BootPlan, Client, Report } from "../booter.ts";
import { Boots } from "../boots.ts";
import { systemClock } from "../system-clock.ts";
import { type HttpOptions, type HttpServer, openHttpServer } from "./server.ts";

const patience = { timeout: 15_000, interval: 20 };
const kernel = assetOf(Uint8Array.from({ length: 3_000_000 }, (_, at) => at % 251));
const assets = new Map([
  ["vmlinuz", kernel],
  ["initrd", assetOf("initramfs")],
  // More than the kernel keeps for a machine that does not read.
  ["endless", assetOf(new Uint8Array(64_000_000))],
  ["secret", assetOf("another machine's")],
]);
const plans: Readonly<Record<string, BootPlan>> = {
  "52:54:00:00:00:01": {
    do: "kernel",
    why: "rule lab",
    kernel: "vmlinuz",
    initrds: ["initrd"],
    args: [{ name: "quiet" }],
  },
  "52:54:00:00:00:02": { do: "disk", why: "installed", method: "http-404" },
  "52:54:00:00:00:03": { do: "ignore", why: "no rule matches" },
  "52:54:00:00:00:04": { do: "hold", why: "waiting to be accepted", retryAfterS: 5 },
  "52:54:00:00:00:05": {
    do: "kernel",
    why: "rule slow",
    kernel: "vmlinuz",
    initrds: [],
    args: [],
    paceBytesPerSecond: 10_000_000,
  },
  "52:54:00:00:00:06": {
    do: "kernel",
    why: "assigned",
    kernel: "vmlinuz",
    initrds: [],
    args: [{ name: "a", value: "b || shell" }],
  },
  "52:54:00:00:00:07": { do: "kernel", why: "assigned", kernel: "unread", initrds: [], args: [] },
  "52:54:00:00:00:08": { do: "kernel", why: "assigned", kernel: "endless", initrds: [], args: [] },
};

let server: HttpServer;
let origin: string;
let reports: Report[];
let asked: Client[];
let warnings: string[];

async function open(more: Partial<HttpOptions> = {}): Promise<void> {
  reports = [];
  asked = [];
  warnings = [];
  const booter: Booter = {
    plan: async (client) => {
      asked.push(client);
      return plans[client.mac] ?? { do: "ignore", why: "unknown machine" };
    },
    asset: async (name) => {
      if (name === "unread") throw new Error("Cannot fetch unread: the disk is full");
      return assets.get(name);
    },
    report: (report) => reports.push(report),
  };
  const { signal } = new AbortController();
  let id = 0;
  const boots = new Boots({
    booter,
    clock: systemClock,
    newId: () => `b${++id}`,
    onReport: () => {},
    signal,
  });
  server = await openHttpServer({
    addresses: ["127.0.0.1"],
    port: 0,
    clock: systemClock,
    booter,
    boots,
    loader: (file) => (file === "snponly.efi" ? assetOf("loader") : undefined),
    bootAt: async () => undefined,
    metrics: () => "ingot_up 1\n",
    onWarning: (text) => warnings.push(text),
    signal,
    ...more,
  });
  origin = `http://127.0.0.1:${server.endpoints[0]!.port}`;
}
beforeEach(() => open());
afterEach(() => server[Symbol.asyncDispose]());

const get = async (path: string, init: RequestInit = {}) => {
  const response = await fetch(`${origin}${path}`, init);
  return {
    status: response.status,
    headers: response.headers,
    body: Buffer.from(await response.arrayBuffer()),
  };
};

describe("a script", () => {
  test("is an entry for a machine that may boot", async () => {
    const { status, body, headers } = await get("/start/52-54-00-00-00-01.ipxe");
    expect(status).toBe(200);
    expect(headers.get("content-length")).toBe(String(body.length));
    expect(body.toString()).toMatch(/^#!ipxe\n/);
    expect(body.toString()).toContain(`chain --replace --autofree ${origin}/boot.ipxe?uuid=`);
  });

  test("names files that are then served", async () => {
    const script = (await get("/boot.ipxe?mac=52-54-00-00-00-01&platform=efi&buildarch=x86_64&serial=a%20b"))
      .body;
    expect(asked.at(-1)).toMatchObject({ mac: "52:54:00:00:00:01", architecture: "uefi-x64", serial: "a b" });
    const [url] = /http:\S+vmlinuz/.exec(script.toString())!;
    const { status, body } = await get(url.slice(origin.length));
    expect(status).toBe(200);
    expect(body.equals(Buffer.from(kernel.bytes))).toBe(true);
    expect(reports.map(({ bootId, progress }) => [bootId, progress.step])).toEqual([
      ["b1", "scripted"],
      ["b1", "downloading"],
      ["b1", "downloaded"],
    ]);
  });

  test("cannot be bent by a Host header", async () => {
    const socket = connect(server.endpoints[0]!.port, "127.0.0.1");
    socket.end(
      "GET /boot.ipxe?mac=52-54-00-00-00-01 HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
    );
    const chunks: Buffer[] = [];
    socket.on("data", (chunk) => chunks.push(Buffer.from(chunk)));
    await once(socket, "close");
    expect(Buffer.concat(chunks).toString()).not.toContain("evil");
  });

  test.each([
    ["/start/52-54-00-00-00-02.ipxe", 404, "installed\n"],
    ["/boot.ipxe?mac=52-54-00-00-00-02", 404, "installed\n"],
    ["/start/52-54-00-00-00-03.ipxe", 403, "no rule matches\n"],
    ["/boot.ipxe?mac=52-54-00-00-00-03", 403, "no rule matches\n"],
    ["/boot.ipxe", 400, "the address has no mac\n"],
    ["/boot.ipxe?mac=52-54-00", 400, "the address has no mac\n"],
    ["/start/x.ipxe", 404, "no such file\n"],
    ["/", 404, "no such file\n"],
    ["/loaders/..%2f..%2fetc%2fpasswd", 404, "no such file\n"],
    ["//evil.example/boot.ipxe", 404, "no such file\n"],
  ])("at %s is refused with %i", async (path, status, why) => {
    const answer = await get(path);
    expect([answer.status, answer.body.toString()]).toEqual([status, why]);
  });

  test("that holds shows why", async () => {
    expect((await get("/boot.ipxe?mac=525400000004")).body.toString()).toContain(
      "echo Ingot: waiting to be accepted",
    );
  });
});

describe("what went wrong", () => {
  const failures = () => reports.flatMap(({ progress }) => (progress.step === "failed" ? [progress] : []));

  test("with a plan that no script can say is on the machine's screen and in the log", async () => {
    const { status, body } = await get("/boot.ipxe?mac=52-54-00-00-00-06");
    expect(status).toBe(200);
    expect(body.toString()).toMatch(/^echo Ingot: Cannot use kernel argument a:/m);
    expect(body.toString()).not.toMatch(/^kernel /m);
    expect(failures()).toMatchObject([{ file: "boot.ipxe" }]);
  });

  test("with a file that cannot be read is in the log", async () => {
    await get("/boot.ipxe?mac=52-54-00-00-00-07");
    expect((await get("/boots/b1/unread")).status).toBe(503);
    expect(failures()).toEqual([
      { step: "failed", over: "http", file: "unread", why: "Cannot fetch unread: the disk is full" },
    ]);
    expect(warnings).toEqual([]);
  });

  test("with a machine that takes nothing any more is noticed", async () => {
    await server[Symbol.asyncDispose]();
    await open({ stalledMs: 300 });
    await get("/boot.ipxe?mac=52-54-00-00-00-08");
    const socket = connect(server.endpoints[0]!.port, "127.0.0.1");
    socket.pause();
    socket.write("GET /boots/b1/endless HTTP/1.1\r\nHost: x\r\n\r\n");
    await vi.waitFor(() => expect(failures()).toMatchObject([{ file: "endless" }]), patience);
    socket.destroy();
  });
});

describe("a file of a boot", () => {
  beforeEach(() => get("/boot.ipxe?mac=52-54-00-00-00-01"));

  test("is served to no other boot, and not when the plan does not name it", async () => {
    expect((await get("/boots/b9/vmlinuz")).status).toBe(404);
    expect((await get("/boots/b1/secret")).status).toBe(404);
    expect((await get("/boots/b1/..%2fsecret")).status).toBe(404);
  });

  test("answers HEAD with its length", async () => {
    const { status, headers, body } = await get("/boots/b1/vmlinuz", { method: "HEAD" });
    expect([status, headers.get("content-length"), body.length]).toEqual([200, "3000000", 0]);
  });

  test.each([
    ["bytes=0-0", 206, "bytes 0-0/3000000", 1],
    ["bytes=2999990-", 206, "bytes 2999990-2999999/3000000", 10],
    ["bytes=-10", 206, "bytes 2999990-2999999/3000000", 10],
    ["bytes=0-9999999", 206, "bytes 0-2999999/3000000", 3_000_000],
    ["bytes=3000000-", 416, "bytes */3000000", 0],
    ["bytes=-0", 416, "bytes */3000000", 0],
    ["bytes=5-2", 200, null, 3_000_000],
    ["bytes=0-1,3-4", 200, null, 3_000_000],
    ["lines=1-2", 200, null, 3_000_000],
  ])("answers %s with %i", async (range, status, contentRange, length) => {
    const answer = await get("/boots/b1/vmlinuz", { headers: { range } });
    expect([answer.status, answer.headers.get("content-range"), answer.body.length]).toEqual([
      status,
      contentRange,
      length,
    ]);
  });

  test("is not sent again to whom already has it", async () => {
    const etag = (await get("/boots/b1/vmlinuz")).headers.get("etag")!;
    expect((await get("/boots/b1/vmlinuz", { headers: { "if-none-match": etag } })).status).toBe(304);
    const stale = await get("/boots/b1/vmlinuz", { headers: { range: "bytes=0-0", "if-range": '"old"' } });
    expect(stale.status).toBe(200);
  });

  test("comes whole to fifty at once", async () => {
    const bodies = await Promise.all(Array.from({ length: 50 }, () => get("/boots/b1/vmlinuz")));
    expect(bodies.every(({ body }) => body.equals(Buffer.from(kernel.bytes)))).toBe(true);
  });

  test("reports a machine that went away", async () => {
    await get("/boot.ipxe?mac=52-54-00-00-00-05");
    const socket = connect(server.endpoints[0]!.port, "127.0.0.1");
    socket.write("GET /boots/b2/vmlinuz HTTP/1.1\r\nHost: x\r\n\r\n");
    await once(socket, "data");
    socket.destroy();
    await expect.poll(() => reports.at(-1)?.progress.step).toBe("failed");
  });
});

test("a paced machine gets every byte, and not faster than it may", async () => {
  await get("/boot.ipxe?mac=52-54-00-00-00-05");
  const startMs = performance.now();
  expect((await get("/boots/b1/vmlinuz")).body.equals(Buffer.from(kernel.bytes))).toBe(true);
  expect(performance.now() - startMs).toBeGreaterThan(40);
});

test("only GET and HEAD are answered", async () => {
  expect((await get("/boot.ipxe?mac=52-54-00-00-00-01", { method: "POST", body: "x" })).status).toBe(405);
});
