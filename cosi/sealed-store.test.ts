import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { makeKey, parseKeyRing } from "./key-ring.ts";
import { resourceType } from "./resource.ts";
import { SealedStore } from "./sealed-store.ts";
import { mapSecrets, secret } from "./secret.ts";
import { timestamp } from "./spec.ts";
import { State } from "./state.ts";
import type { Json } from "./store.ts";
import { MemoryStore } from "./stores/memory.ts";
import { VirtualClock } from "./virtual-clock.ts";

const Account = resourceType({
  type: "Accounts.ingot.dev",
  namespace: "secrets",
  spec: z.object({ user: z.string(), password: secret(z.string()), extra: z.unknown().optional() }),
});
const kind = { namespace: "secrets", type: "Accounts.ingot.dev" };
const spec = { user: "root", password: "hunter2" };
const [first, second] = [makeKey(), makeKey()];

function setUp(keys: string = first, inner = new MemoryStore()) {
  const sealed = new SealedStore({ store: inner, keys: parseKeyRing(keys), types: [Account] });
  return { inner, sealed, state: new State({ store: sealed, clock: new VirtualClock() }) };
}

describe("a sealed store", () => {
  test("seals what is marked, and nothing else", async () => {
    const { inner, state } = setUp();
    const written = await state.create(Account, "a", { spec });
    expect(written.spec).toEqual(spec);
    const stored = await inner.get({ ...kind, id: "a" });
    expect(stored?.spec).toEqual({
      user: "root",
      password: { $sealed: expect.stringMatching(/^[0-9a-f]{12}\.[\w-]{40,}$/) as string },
    });
  });

  test("never seals one secret twice alike", async () => {
    const { inner, state } = setUp();
    await state.create(Account, "a", { spec });
    const before = await inner.get({ ...kind, id: "a" });
    await state.update(Account, "a", { labels: { rack: "r1" } });
    const after = await inner.get({ ...kind, id: "a" });
    expect(after?.spec).not.toEqual(before?.spec);
  });

  test("opens what lists and watches tell", async () => {
    const { state } = setUp();
    await state.create(Account, "a", { spec });
    await state.update(Account, "a", { spec: { ...spec, password: "hunter3" } });
    await state.destroy(Account, "a");
    const stop = new AbortController();
    const passwords: string[] = [];
    for await (const events of state.watch(Account, { from: { tail: 3 }, signal: stop.signal })) {
      for (const event of events) {
        if (event.type === "bootstrapped") continue;
        passwords.push(`${event.type} ${event.resource.spec.password}`);
        if (event.type === "updated") passwords.push(`from ${event.old.spec.password}`);
      }
      stop.abort();
    }
    expect(passwords).toEqual(["created hunter2", "updated hunter3", "from hunter2", "destroyed hunter3"]);
  });

  test("still sees that an update changes nothing", async () => {
    const { state } = setUp();
    const before = await state.create(Account, "a", { spec });
    expect(await state.update(Account, "a", { spec })).toEqual(before);
  });

  test("opens with any key of the ring, and says which one is missing", async () => {
    const { inner, state } = setUp(first);
    await state.create(Account, "a", { spec });
    expect((await setUp(`${first}\n${second}`, inner).state.get(Account, "a")).spec).toEqual(spec);
    const [old, other] = [parseKeyRing(first).newest, parseKeyRing(second).newest];
    await expect(setUp(second, inner).state.get(Account, "a")).rejects.toThrow(
      `Cannot read Accounts.ingot.dev secrets/a: spec.password is sealed with master key ${old}, and there are only: ${other}`,
    );
  });

  test.each([
    ["another resource", { ...kind, id: "b" }, "password"],
    ["another field", { ...kind, id: "a" }, "user"],
  ])("does not open what was moved to %s", async (_, key, field) => {
    const { inner, state } = setUp();
    await state.create(Account, "a", { spec });
    await state.create(Account, "b", { spec });
    const from = await inner.get({ ...kind, id: "a" });
    const to = await inner.get(key);
    const moved = { ...(to!.spec as object), [field]: (from!.spec as { password: Json }).password };
    await inner.put({ metadata: to!.metadata, spec: moved }, to!.metadata.version);
    await expect(state.get(Account, key.id)).rejects.toThrow(
      `spec.${field} was changed in the store, or moved there from another field`,
    );
  });

  test("does not open what was changed, in whatever byte", async () => {
    const { inner, state } = setUp();
    await state.create(Account, "a", { spec });
    const { metadata, spec: stored } = (await inner.get({ ...kind, id: "a" }))!;
    let { version } = metadata;
    const { $sealed: text } = (stored as { password: { $sealed: string } }).password;
    for (let index = 0; index < text.length; index++) {
      const changed = `${text.slice(0, index)}${text[index] === "A" ? "B" : "A"}${text.slice(index + 1)}`;
      const put = await inner.put(
        { metadata, spec: { user: "root", password: { $sealed: changed } } },
        version,
      );
      version = put.metadata.version;
      // The last letter of base64 may hold bits that mean nothing.
      if (Buffer.from(changed.slice(13), "base64url").equals(Buffer.from(text.slice(13), "base64url")))
        continue;
      await expect(state.get(Account, "a"), `letter ${index}`).rejects.toThrow("Cannot read Accounts");
    }
  });

  test("refuses types that it was not told of", async () => {
    const { state } = setUp();
    const Other = resourceType({ type: "Others.ingot.dev", namespace: "secrets", spec: z.object({}) });
    await expect(state.create(Other, "o", { spec: {} })).rejects.toThrow(
      "Cannot store Others.ingot.dev in secrets: the sealed store was not told of that type",
    );
  });

  test("refuses text that only looks sealed", async () => {
    const { state } = setUp();
    const forged = { ...spec, extra: { deep: [{ $sealed: "123456789abc.AAAA" }] } };
    await expect(state.create(Account, "a", { spec: forged })).rejects.toThrow(
      "Cannot write Accounts.ingot.dev secrets/a: spec.extra.deep[0]: the name $sealed is reserved",
    );
  });

  test("rewraps what was written before its field was marked, and after", async () => {
    const { inner, sealed, state } = setUp();
    const clear = new State({ store: inner, clock: new VirtualClock() });
    await clear.create(Account, "a", { spec });
    expect((await state.get(Account, "a")).spec).toEqual(spec);
    expect(await sealed.rewrap(new AbortController().signal)).toEqual({ rewrapped: 1, resources: 1 });
    expect(JSON.stringify((await inner.get({ ...kind, id: "a" }))?.spec)).not.toContain("hunter2");

    const Unmarked = { ...Account, spec: z.object({ user: z.string(), password: z.string() }) };
    const later = new SealedStore({ store: inner, keys: parseKeyRing(first), types: [Unmarked] });
    expect(await later.rewrap(new AbortController().signal)).toEqual({ rewrapped: 1, resources: 1 });
    expect((await inner.get({ ...kind, id: "a" }))?.spec).toEqual(spec);
  });

  test("stops rewrapping when told, and does the rest the next time", async () => {
    const { inner, state } = setUp(first);
    for (const id of ["a", "b", "c"]) await state.create(Account, id, { spec });
    const stop = new AbortController();
    const stopping = new Proxy(inner, {
      get(target, name) {
        if (name === "put") stop.abort(new Error("power failure"));
        const value: unknown = Reflect.get(target, name);
        return typeof value === "function" ? (value.bind(target) as unknown) : value;
      },
    });
    const keys = parseKeyRing(`${first}\n${second}`);
    const interrupted = new SealedStore({ store: stopping, keys, types: [Account] });
    await expect(interrupted.rewrap(stop.signal)).rejects.toThrow("power failure");
    const next = new SealedStore({ store: inner, keys, types: [Account] });
    expect(await next.rewrap(new AbortController().signal)).toEqual({ rewrapped: 2, resources: 3 });
  });
});

describe("secrets are found", () => {
  const hide = (schema: z.ZodType, json: Json) =>
    mapSecrets(schema, json, (_, path) => `<${path.join(".")}>`);
  const token = secret(z.string());
  interface Tree {
    token: string;
    children: Tree[];
  }
  const tree: z.ZodType<Tree> = z.lazy(() => z.object({ token, children: z.array(tree) }));

  const cases: [string, z.ZodType, Json, Json][] = [
    ["in objects", z.object({ a: token, b: z.string() }), { a: "s", b: "p" }, { a: "<a>", b: "p" }],
    ["in arrays", z.array(token), ["s", "s"], ["<0>", "<1>"]],
    ["in tuples", z.tuple([z.string(), token], token), ["p", "s", "s"], ["p", "<1>", "<2>"]],
    ["in records", z.record(z.string(), token), { x: "s" }, { x: "<x>" }],
    ["in what else an object holds", z.object({}).catchall(token), { x: "s" }, { x: "<x>" }],
    [
      "under wrappers",
      z.object({ a: token.optional().nullable().default(null).readonly() }),
      { a: "s" },
      { a: "<a>" },
    ],
    ["on wrappers", z.object({ a: secret(z.string().optional()) }), { a: "s" }, { a: "<a>" }],
    [
      "as whole objects",
      z.object({ a: secret(z.object({ b: z.string() })) }),
      { a: { b: "s" } },
      { a: "<a>" },
    ],
    ["on codecs", z.object({ a: secret(timestamp) }), { a: "s" }, { a: "<a>" }],
    [
      "in each alternative of a union",
      z.discriminatedUnion("by", [
        z.object({ by: z.literal("key"), value: token }),
        z.object({ by: z.literal("name"), value: z.string() }),
      ]),
      { by: "key", value: "s" },
      { by: "key", value: "<value>" },
    ],
    [
      "on both sides of an intersection",
      z.intersection(z.object({ a: token }), z.object({ b: token })),
      { a: "s", b: "s" },
      { a: "<a>", b: "<b>" },
    ],
    [
      "in schemas that hold themselves",
      tree,
      { token: "s", children: [{ token: "s", children: [] }] },
      { token: "<token>", children: [{ token: "<children.0.token>", children: [] }] },
    ],
    ["not where nothing is marked", z.object({ a: z.unknown() }), { a: { b: [1] } }, { a: { b: [1] } }],
  ];
  test.each(cases)("%s", (_, schema, json, hidden) => {
    expect(hide(schema, json)).toEqual(hidden);
  });

  test("and any JSON under a mark is opened as it was sealed", async () => {
    const Any = resourceType({
      type: "Anys.ingot.dev",
      namespace: "s",
      spec: z.object({ any: secret(z.json()) }),
    });
    const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as Json);
    const store = new SealedStore({ store: new MemoryStore(), keys: parseKeyRing(first), types: [Any] });
    const { metadata } = await new State({ store: new MemoryStore(), clock: new VirtualClock() }).create(
      Any,
      "a",
      {
        spec: { any: null },
      },
    );
    let id = 0;
    await fc.assert(
      fc.asyncProperty(json, async (any) => {
        const draft = { metadata: { ...metadata, id: String(id++) }, spec: { any } };
        await store.put(draft, "absent");
        expect((await store.get(draft.metadata))?.spec).toEqual({ any });
      }),
      { numRuns: 50, examples: [[JSON.parse('{"__proto__":{}}') as Json]] },
    );
  });
});
