import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { addKey, readKeyFile } from "../../cosi/key-ring.ts";
import { SealedStore } from "../../cosi/sealed-store.ts";
import { State } from "../../cosi/state.ts";
import { SqliteStore } from "../../cosi/stores/sqlite/sqlite-store.ts";
import { systemClock } from "../../cosi/system-clock.ts";
import { allResources } from "../resources/all.ts";
import { BmcConfig } from "../resources/bmc-config.ts";

let folder: string;
let path: string;
let keyFile: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "ingot-rotate-"));
  path = join(folder, "state.sqlite");
  keyFile = join(folder, "keys");
  await addKey(keyFile);
});
afterEach(() => rmSync(folder, { recursive: true }));

const password = "correct horse battery";
const bmcConfig = {
  address: "192.0.2.7",
  driver: "automatic",
  user: "ingot",
  password,
  tls: { verify: "off" },
  origin: "given",
} as const;

async function withState<T>(work: (state: State, sqlite: SqliteStore) => Promise<T>): Promise<T> {
  await using sqlite = new SqliteStore({ path, clock: systemClock });
  const store = new SealedStore({ store: sqlite, keys: await readKeyFile(keyFile), types: allResources });
  return work(new State({ store, clock: systemClock }), sqlite);
}

const run = (...options: readonly string[]) =>
  spawnSync(process.execPath, [join(import.meta.dirname, "main.ts"), ...options], { encoding: "utf8" });

const sealedPassword = () =>
  withState(async (_, sqlite) => {
    const { namespace, type } = BmcConfig;
    const [document] = (await sqlite.list({ namespace, type })).documents;
    return JSON.stringify(document!.spec);
  });

describe("rotating the master key", () => {
  test("seals every secret with the new key, and it reads as before", async () => {
    await withState((state) => state.create(BmcConfig, "m1", { spec: bmcConfig }));
    const before = await sealedPassword();
    expect(run("--state", path, "--keys", keyFile)).toMatchObject({
      stdout: "1 of 1 resources sealed anew\n",
      status: 0,
    });
    const after = await sealedPassword();
    expect(after).not.toBe(before);
    expect(after).not.toContain(password);
    expect(await withState((state) => state.get(BmcConfig, "m1"))).toMatchObject({ spec: { password } });
    expect((await readKeyFile(keyFile)).keys.size).toBe(2);
  });

  test("resumed, adds no key and has nothing left to do", async () => {
    await withState((state) => state.create(BmcConfig, "m1", { spec: bmcConfig }));
    run("--state", path, "--keys", keyFile);
    expect(run("--state", path, "--keys", keyFile, "--resume").stdout).toBe("0 of 1 resources sealed anew\n");
    expect((await readKeyFile(keyFile)).keys.size).toBe(2);
  });

  test.each([
    ["without options", () => [], "--state and --keys are needed"],
    [
      "a state that is not there",
      () => ["--state", join(folder, "none"), "--keys", keyFile],
      "there is no such file",
    ],
  ])("%s says what is wrong and changes nothing", (_, options, reason) => {
    const keys = readFileSync(keyFile, "utf8");
    const { status, stderr } = run(...options());
    expect(status).toBe(1);
    expect(stderr).toContain(reason);
    expect(readFileSync(keyFile, "utf8")).toBe(keys);
  });

  test("a store that is not ours is refused, and no key is added", () => {
    writeFileSync(path, "not a database, and long enough to be looked at");
    const keys = readFileSync(keyFile, "utf8");
    expect(run("--state", path, "--keys", keyFile).status).toBe(1);
    expect(readFileSync(keyFile, "utf8")).toBe(keys);
  });
});
