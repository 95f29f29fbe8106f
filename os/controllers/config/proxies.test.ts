import { once } from "node:events";
import { createServer, setGlobalProxyFromEnv } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { TestBench } from "../../../cosi/engine/test-bench.ts";
import { MachineConfig } from "../../resources/config/machine-config.ts";
import { proxies } from "./proxies.ts";

test("downloads go by the proxy that the config names, as long as it does", async () => {
  const server = createServer((request, response) => response.end(request.url)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const own = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const bench = new TestBench();
  await using _ = bench.run([proxies((environment) => setGlobalProxyFromEnv(environment))]);
  const answer = async (yaml: string) => {
    await bench.state.set(MachineConfig, "v1alpha1", { spec: { yaml, from: "a test" } });
    await bench.settle();
    return (await fetch(`${own}/image`)).text();
  };
  // Whoever is a proxy is asked for the whole address.
  expect(await answer(`machine: {env: {http_proxy: "${own}", GREETING: hello}}`)).toBe(`${own}/image`);
  expect(await answer(`machine: {env: {http_proxy: "${own}", no_proxy: 127.0.0.1}}`)).toBe("/image");
  expect(await answer(`machine: {env: {http_proxy: "${own}"}}`)).toBe(`${own}/image`);
  expect(await answer("machine: {}")).toBe("/image");
  server.close();
  server.closeAllConnections();
});
