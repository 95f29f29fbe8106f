import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { BmcConfig } from "../resources/bmc-config.ts";
import { Machine } from "../resources/machine.ts";
import { openTestApi, type TestApi } from "./api-client.conformance.ts";

let api: TestApi;
let admin: string;
beforeEach(async () => {
  api = await openTestApi();
  admin = await api.token("admin");
});
afterEach(() => api[Symbol.asyncDispose]());

const send = (text: string, more: object = {}, token = admin) =>
  api.call("/api/v1/machines/import", { method: "POST", token, body: { format: "csv", text, ...more } });
const machines = async () =>
  (await api.state.list(Machine)).resources.map(
    ({ metadata: { id, labels }, spec: { name, admission } }) => ({
      id,
      labels,
      name,
      is: admission.is,
    }),
  );

const file = `name,macs,accept,bmc.address,bmc.user,bmc.password,labels.rack
node-1,52:54:00:00:00:01,yes,192.0.2.1,root,correct horse,r1
node-2,52:54:00:00:00:02,,,,,r2
`;

describe("an import", () => {
  test("makes what is new, and adds to what is known", async () => {
    const made = await send(file);
    expect(made.status).toBe(201);
    expect(made.json.machines).toEqual([
      { do: "create", line: 2, id: "mac-525400000001" },
      { do: "create", line: 3, id: "mac-525400000002" },
    ]);
    expect(made.text).not.toContain("correct horse");
    const again = await send("macs,labels.row,accept\n52:54:00:00:00:02,7,yes\n");
    expect(again.json.machines).toEqual([{ do: "add", line: 2, id: "mac-525400000002" }]);
    expect(await machines()).toEqual([
      { id: "mac-525400000001", labels: { rack: "r1" }, name: "node-1", is: "accepted" },
      { id: "mac-525400000002", labels: { rack: "r2", row: "7" }, name: "node-2", is: "accepted" },
    ]);
    expect((await api.state.get(BmcConfig, "mac-525400000001")).spec).toMatchObject({
      password: "correct horse",
      origin: "given",
    });
  });

  test("writes nothing when asked only what it would come to", async () => {
    const { status, json } = await send(file, { dryRun: true });
    expect(status).toBe(200);
    expect(json.machines).toHaveLength(2);
    expect(await machines()).toEqual([]);
  });

  test("writes nothing where a line is wrong, and names every one", async () => {
    await send("serial,macs\nS7,52:54:00:00:00:07\n");
    const wrong = `serial,macs
S1,52:54:00:00:00:01
S2,nonsense
S8,52:54:00:00:00:07
`;
    const { status, json } = await send(wrong);
    expect(status).toBe(422);
    expect(json.issues).toEqual([
      { field: "line 3: macs.0", message: "not a MAC address" },
      {
        field: "line 4",
        message: "it has the MAC address of mac-525400000007, but not its serial number",
      },
    ]);
    expect(await machines()).toHaveLength(1);
  });

  test("is not for a token that is for some machines, nor for a reader", async () => {
    expect((await send(file, {}, await api.token("operator", { rack: "r1" }))).status).toBe(403);
    expect((await send(file, {}, await api.token("reader"))).status).toBe(403);
  });

  test("of ten thousand machines is one request", async () => {
    const lines = Array.from(
      { length: 10_000 },
      (_, n) => `node-${n},02:00:00:00:${hex(n >> 8)}:${hex(n & 255)}`,
    );
    expect((await send(`name,macs\n${lines.join("\n")}`)).json.machines).toHaveLength(10_000);
  });
});

const hex = (byte: number) => byte.toString(16).padStart(2, "0");
