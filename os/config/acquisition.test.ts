import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { BootIsOver, configText, downloadConfig, expandConfigUrl } from "./config-url.ts";
import { inlineConfig } from "./inline-config.ts";

const yaml = "version: v1alpha1\nmachine:\n  type: worker\n";
const says = (text: string) => async () => text;
const facts = {
  uuid: says("1b4e28ba-2fa1-11d2-883f-0016d3cca427"),
  serial: says("SN 1/2"),
  mac: says("52:54:00:12:34:56"),
  hostname: says("node-1"),
  code: says("c0de"),
};

describe("the URL of a config", () => {
  test.each([
    ["http://c/x", "http://c/x"],
    ["http://c/${uuid}.yaml?h=${hostname}", "http://c/1b4e28ba-2fa1-11d2-883f-0016d3cca427.yaml?h=node-1"],
    [
      "http://c/?s=${serial}&m=${mac}&c=${code}",
      "http://c/?s=SN%201%2F2&m=52%3A54%3A00%3A12%3A34%3A56&c=c0de",
    ],
    ["http://c/config?uuid=", "http://c/config?uuid=1b4e28ba-2fa1-11d2-883f-0016d3cca427"],
    ["http://c/config?uuid=known", "http://c/config?uuid=known"],
    ["http://c/$%7Bother%7D?x=${uuid", "http://c/$%7Bother%7D?x=${uuid"],
  ])("%s becomes %s", async (text, expected) => {
    expect((await expandConfigUrl(text, facts)).href).toBe(expected);
  });

  test("asks the machine only for what it names", async () => {
    const never = () => Promise.reject(new Error("not asked for"));
    await expandConfigUrl("http://c/${mac}", {
      ...facts,
      uuid: never,
      serial: never,
      hostname: never,
      code: never,
    });
  });
});

async function serving<T>(answer: RequestListener, use: (url: URL) => Promise<T>): Promise<T> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await use(new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/config`));
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

function downloading() {
  const pauses: number[] = [];
  const reasons: string[] = [];
  let time = 0;
  return {
    pauses,
    reasons,
    download: {
      fetch,
      now: () => time,
      failed: (reason: string) => reasons.push(reason),
      pause: async (ms: number) => {
        pauses.push(ms);
        time += ms;
      },
    },
  };
}
const { signal } = new AbortController();

describe("a config behind a URL", () => {
  test("is what the server sends, compressed or not", async () => {
    for (const body of [Buffer.from(yaml), gzipSync(yaml)]) {
      const { download } = downloading();
      const got = await serving(
        (_, response) => response.end(body),
        (url) => downloadConfig(url, download, signal),
      );
      expect(got).toBe(yaml);
    }
  });

  test("is asked for again, ever less often, while the server does not work", async () => {
    const { download, pauses, reasons } = downloading();
    let asked = 0;
    const got = await serving(
      (request, response) => {
        if (++asked === 1) request.socket.destroy();
        else if (asked < 8) response.writeHead(503).end();
        else response.end(yaml);
      },
      (url) => downloadConfig(url, download, signal),
    );
    expect(got).toBe(yaml);
    expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    expect(reasons[1]).toMatch(/yet: the server says 503$/);
  });

  test("is given up after three hours", async () => {
    const { download, pauses } = downloading();
    await expect(
      serving(
        (_, response) => response.writeHead(500).end(),
        (url) => downloadConfig(url, download, signal),
      ),
    ).rejects.toThrow(/the server says 500/);
    expect(pauses.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThan(10_700_000);
  });

  test("is waited for while the server refuses it, in the server's words and without the address's secret", async () => {
    const { download, reasons } = downloading();
    let asked = 0;
    await serving(
      (_, response) => {
        if (++asked === 3) response.end(yaml);
        else if (asked === 2) response.writeHead(409, { "content-type": "text/html" }).end("<h1>no</h1>");
        else
          response.writeHead(409, { "content-type": "text/plain" }).end("it is\u001b[2J cordoned\nat length");
      },
      (url) => downloadConfig(url, download, signal),
    );
    expect(reasons).toEqual([
      expect.stringMatching(/^Cannot .* from 127.0.0.1:\d+ yet: the server says 409: it is\?\[2J cordoned$/),
      expect.stringMatching(/yet: the server says 409$/),
    ]);
  });

  test("is not waited for when the server says that this boot is over", async () => {
    const { download, pauses } = downloading();
    const got = serving(
      (_, response) => response.writeHead(410, { "content-type": "text/plain" }).end("it leaves\n"),
      (url) => downloadConfig(url, download, signal),
    );
    await expect(got).rejects.toThrow(
      new BootIsOver("This boot gets no machine config: the server says 410: it leaves"),
    );
    expect(pauses).toEqual([]);
  });

  test("is none when the server knows of none", async () => {
    const { download } = downloading();
    const got = await serving(
      (_, response) => response.writeHead(404).end(),
      (url) => downloadConfig(url, download, signal),
    );
    expect(got).toBeUndefined();
  });

  test("is no reason for a compressed bomb to take all memory", () => {
    expect(() => configText(gzipSync(Buffer.alloc(17 * 1024 * 1024)))).toThrow();
  });
});

describe("a config in the kernel arguments", () => {
  test("may be spread over several", () => {
    const text = zstdCompressSync(yaml).toString("base64");
    expect(inlineConfig([text])).toBe(yaml);
    expect(inlineConfig([text.slice(0, 10), text.slice(10)])).toBe(yaml);
  });

  test("is none where there is no argument, and an error where it is none", () => {
    expect(inlineConfig([])).toBeUndefined();
    expect(() => inlineConfig(["bm9uZQ=="])).toThrow(/no base64 of zstd/);
  });
});
