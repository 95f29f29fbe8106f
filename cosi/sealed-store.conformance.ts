// What no store may hold: a secret in the clear. Run by each persistent store's own test.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { makeKey, parseKeyRing } from "./key-ring.ts";
import { resourceType } from "./resource.ts";
import { SealedStore } from "./sealed-store.ts";
import { secret } from "./secret.ts";
import { State } from "./state.ts";
import type { Store } from "./store.ts";
import type { Place } from "./store-fixtures.conformance.ts";
import { VirtualClock } from "./virtual-clock.ts";

const Account = resourceType({
  type: "Accounts.ingot.dev",
  namespace: "secrets",
  spec: z.object({
    user: z.string(),
    password: secret(z.string()),
    tokens: z.array(z.object({ name: z.string(), token: secret(z.string()) })),
    byHost: z.record(z.string(), secret(z.object({ pin: z.string() }))).optional(),
  }),
});

/** `raw` is everything that the place has on disk (or would send to one who reads its disk). */
export function sealedStoreConformance(
  name: string,
  open: () => Promise<Place & { raw(): Promise<readonly Uint8Array[]> }>,
): void {
  describe(`secrets in the ${name} store`, () => {
    let place: Awaited<ReturnType<typeof open>>;
    let inner: Store;
    beforeEach(async () => {
      place = await open();
      inner = await place.open();
    });
    afterEach(async () => {
      await inner[Symbol.asyncDispose]();
      await place[Symbol.asyncDispose]();
    });

    const stateWith = (keys: string) =>
      new State({
        store: new SealedStore({ store: inner, keys: parseKeyRing(keys), types: [Account] }),
        clock: new VirtualClock(),
      });
    const contains = async (text: string) =>
      (await place.raw()).some((bytes) => Buffer.from(bytes).includes(text));

    test("are not there to be read: not now, not in its history, not after they are gone", async () => {
      const state = stateWith(makeKey());
      const account = { user: "plain-for-all-to-see", password: "hunter-two-is-secret", tokens: [] };
      await state.create(Account, "bmc", { spec: account });
      const tokens = [
        { name: "first", token: "token-of-the-first" },
        { name: "second", token: "token-of-the-second" },
      ];
      const byHost = { "host-a": { pin: "pin-is-314159265" } };
      await state.update(Account, "bmc", {
        spec: { ...account, password: "hunter-three-is-secret", tokens, byHost },
      });
      const { spec } = await state.get(Account, "bmc");
      expect(spec).toEqual({ ...account, password: "hunter-three-is-secret", tokens, byHost });
      await state.create(Account, "gone", { spec: { ...account, password: "gone-but-secret" } });
      await state.destroy(Account, "gone");

      // That this is found shows that the others would be.
      expect(await contains("plain-for-all-to-see")).toBe(true);
      expect(await contains("host-a")).toBe(true);
      for (const secret of [
        "hunter-two-is-secret",
        "hunter-three-is-secret",
        "token-of-the-first",
        "token-of-the-second",
        "pin-is-314159265",
        "gone-but-secret",
      ]) {
        expect(await contains(secret), secret).toBe(false);
      }
    });

    test("are rewrapped with a new key, and then the old one is not needed", async () => {
      const [first, second] = [makeKey(), makeKey()];
      const spec = {
        user: "root",
        password: "hunter-two-is-secret",
        tokens: [{ name: "a", token: "secret-a" }],
      };
      for (const id of ["a", "b", "c"]) await stateWith(first).create(Account, id, { spec });
      const sealed = new SealedStore({
        store: inner,
        keys: parseKeyRing(`${first}\n${second}`),
        types: [Account],
      });
      const never = new AbortController().signal;
      expect(await sealed.rewrap(never)).toEqual({ rewrapped: 3, resources: 3 });
      expect(await sealed.rewrap(never)).toEqual({ rewrapped: 0, resources: 3 });
      const { resources } = await stateWith(second).list(Account);
      expect(resources.map((resource) => resource.spec)).toEqual([spec, spec, spec]);
      await expect(stateWith(first).get(Account, "a")).rejects.toThrow(
        new RegExp(
          `^Cannot read Accounts.ingot.dev secrets/a: spec.password is sealed with master key ${parseKeyRing(second).newest}`,
        ),
      );
    });
  });
}
