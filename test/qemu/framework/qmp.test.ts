import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Qmp } from "./qmp.ts";

test("a QEMU that is killed is told to who waits for it, and to nobody else", async () => {
  const folder = mkdtempSync(join(tmpdir(), "ingot-qmp-"));
  // It answers the greeting without having read it: an end that leaves something unread is a reset.
  const server = createServer({ pauseOnConnect: true }).listen(join(folder, "qmp"));
  try {
    const accepted = once(server, "connection") as Promise<[Socket]>;
    const opened = Qmp.open(join(folder, "qmp"));
    const [connection] = await accepted;
    connection.write('{"return": {}}\n');
    using qmp = await opened;
    const asked = qmp.run("query-status");
    connection.destroy();
    await expect(asked).rejects.toThrow("Cannot run query-status: QEMU has ended");
    expect(qmp.isOpen).toBe(false);
    await expect(qmp.run("quit")).rejects.toThrow("Cannot run quit: QEMU has ended");
  } finally {
    server.close();
    rmSync(folder, { recursive: true });
  }
});
