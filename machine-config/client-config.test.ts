import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  type ClientConfig,
  clientConfigText,
  emptyClientConfig,
  mergeClientConfigs,
  parseClientConfig,
} from "./client-config.ts";

const context = (endpoint: string) => ({ endpoints: [endpoint], ca: "Y2E=", crt: "Y3J0", key: "a2V5" });

test("a file is read, and written back the same", () => {
  const text = `context: lab
contexts:
    lab:
        endpoints:
            - 10.0.0.1
            - fd00::1
        nodes:
            - 10.0.0.2
        ca: Y2E=
        crt: Y3J0
        key: a2V5
    other:
        endpoints: []
        cluster: omni
`;
  const config = parseClientConfig(text);
  expect(config.contexts["lab"]?.endpoints).toEqual(["10.0.0.1", "fd00::1"]);
  expect(clientConfigText(config)).toBe(text);
});

test.each([
  { name: "nothing", text: "", config: emptyClientConfig },
  { name: "no contexts", text: "context:\ncontexts:\n", config: emptyClientConfig },
  {
    name: "a target of old",
    text: "contexts: {a: {target: 10.0.0.1}}",
    config: { context: "", contexts: { a: { endpoints: ["10.0.0.1"] } } },
  },
  {
    name: "a field of tomorrow",
    text: "contexts: {a: {endpoints: [], colour: red}}",
    config: { context: "", contexts: { a: { endpoints: [] } } },
  },
])("$name is understood", ({ text, config }) => {
  expect(parseClientConfig(text)).toEqual(config);
});

test.each([
  { name: "a list", text: "- a", why: "Cannot read client config: " },
  { name: "endpoints that are no list", text: "contexts: {a: {endpoints: b}}", why: "contexts.a.endpoints" },
  { name: "no YAML", text: "{", why: "Cannot read client config: " },
  { name: "an alias", text: "contexts: {a: &a {endpoints: []}, b: *a}", why: "Cannot read client config: " },
])("$name is refused", ({ text, why }) => {
  expect(() => parseClientConfig(text)).toThrow(why);
});

test("a context that is added keeps both, and is chosen when it was", () => {
  const mine: ClientConfig = { context: "lab", contexts: { lab: context("a"), "lab-1": context("b") } };
  const added: ClientConfig = { context: "lab", contexts: { lab: context("c"), new: context("d") } };
  const { config, renames } = mergeClientConfigs(mine, added);
  expect(renames).toEqual([{ from: "lab", to: "lab-2" }]);
  expect(config.context).toBe("lab-2");
  expect(Object.keys(config.contexts)).toEqual(["lab", "lab-1", "lab-2", "new"]);
  expect(mergeClientConfigs(mine, { ...added, context: "" }).config.context).toBe("lab");
});

test("no context is ever lost", () => {
  const config = fc.record({
    context: fc.constant(""),
    contexts: fc.dictionary(
      fc.constantFrom("a", "a-1", "a-2", "b", "__proto__"),
      fc.string({ maxLength: 5 }).map(context),
    ),
  });
  fc.assert(
    fc.property(config, config, (mine, added) => {
      const merged = mergeClientConfigs(mine, added).config.contexts;
      const all = [...Object.values(mine.contexts), ...Object.values(added.contexts)];
      expect(Object.values(merged)).toHaveLength(all.length);
      expect(all.every((context) => Object.values(merged).includes(context))).toBe(true);
    }),
  );
});
