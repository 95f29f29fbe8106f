import { describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { mergeKubeconfig } from "./kubeconfig.ts";

/** A kubeconfig of one cluster, called as a node calls them. */
const of = (name: string, server: string, token = "t") => ({
  apiVersion: "v1",
  kind: "Config",
  clusters: [{ name, cluster: { server } }],
  users: [{ name: `admin@${name}`, user: { token } }],
  contexts: [
    { name: `admin@${name}`, context: { cluster: name, user: `admin@${name}`, namespace: "default" } },
  ],
  "current-context": `admin@${name}`,
});
type Config = ReturnType<typeof of>;

const merge = (into: object, added: object, options: Partial<Parameters<typeof mergeKubeconfig>[2]> = {}) => {
  const { text, renamed } = mergeKubeconfig(stringify(into), stringify(added), { force: false, ...options });
  return { renamed, config: parse(text) as Config & Record<string, unknown> };
};
const names = ({ clusters, users, contexts }: Config) =>
  [clusters, users, contexts].map((all) => all.map(({ name }) => name));

describe("a kubeconfig that is put into another", () => {
  const home = of("home", "https://1");

  test("stands beside what is there, and is the current one", () => {
    const { config, renamed } = merge({ ...home, preferences: { colors: true } }, of("prod", "https://2"));
    expect(names(config)).toEqual([
      ["home", "prod"],
      ["admin@home", "admin@prod"],
      ["admin@home", "admin@prod"],
    ]);
    expect(config["current-context"]).toBe("admin@prod");
    expect(config["preferences"]).toEqual({ colors: true });
    expect(renamed).toEqual([]);
  });

  test("changes nothing when it is there already", () =>
    expect(merge(home, home)).toEqual({ renamed: [], config: home }));

  test("gets another name where another cluster has its own, and its user and context with it", () => {
    const { config, renamed } = merge(home, of("home", "https://2", "u"));
    expect(names(config)).toEqual([
      ["home", "home-1"],
      ["admin@home", "admin@home-1"],
      ["admin@home", "admin@home-1"],
    ]);
    expect(config.contexts[1]?.context).toMatchObject({ cluster: "home-1", user: "admin@home-1" });
    expect(config["current-context"]).toBe("admin@home-1");
    expect(renamed).toEqual([
      `renamed cluster "home" -> "home-1"`,
      `renamed user "admin@home" -> "admin@home-1"`,
      `renamed context "admin@home" -> "admin@home-1"`,
    ]);
    expect(names(merge(config, of("home", "https://3", "v")).config)[0]).toEqual([
      "home",
      "home-1",
      "home-2",
    ]);
  });

  test("takes the other's place by force", () => {
    const newer = of("home", "https://2", "u");
    expect(merge(home, newer, { force: true })).toEqual({ renamed: [], config: newer });
  });

  test("is called as the user wants", () => {
    const { config } = merge(home, of("prod", "https://2"), { contextName: "mine" });
    expect(config.contexts.map(({ name }) => name)).toEqual(["admin@home", "mine"]);
    expect(config["current-context"]).toBe("mine");
  });

  test("goes into one without anything in it", () => {
    const empty = { apiVersion: "v1", kind: "Config", clusters: null, users: null, contexts: null };
    expect(names(merge(empty, home).config)).toEqual(names(home));
  });

  test("is refused where it is none", () =>
    expect(() => merge({ hello: 1 }, home)).toThrow("Cannot merge the kubeconfig: it is none"));
});
