import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rootCertificates, setDefaultCACertificates } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TestBench } from "../../../cosi/engine/test-bench.ts";
import { systemClock as clock } from "../../../cosi/system-clock.ts";
import { type Authority, createAuthority } from "../../../pki/authority.ts";
import { trustRoots } from "../../config/trust-roots.ts";
import { trustingFetch } from "../../install/registry/trusting-fetch.ts";
import { MachineConfig } from "../../resources/config/machine-config.ts";
import { TrustedRoots } from "../../resources/runtime/trusted-roots.ts";
import { trustedRoots } from "./trusted-roots.ts";

let folder: string;
let own: Authority;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "ingot-roots-"));
  own = await createAuthority({ algorithm: "ecdsa-p256", clock, commonName: "Our own" });
});
afterAll(() => {
  setDefaultCACertificates([...rootCertificates]);
  rmSync(folder, { recursive: true });
});

/** A server that only the authority makes trusted. Each is another one: what was once connected stays so. */
async function serve() {
  const { certificate, key } = await own.issue({ ipAddresses: ["127.0.0.1"], purposes: ["serverAuth"] });
  const options = { cert: certificate.pem, key: key.pkcs8Pem };
  const server = createServer(options, (_, response) => response.end("an image")).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    [Symbol.dispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}

const reason = (error: unknown) => String(error instanceof Error ? (error.cause ?? error) : error);
const fetched = async () => {
  using server = await serve();
  return await fetch(server.url).then((response) => response.text(), reason);
};
/** As from a registry for which the config has said something of its own. */
const pulled = async () => {
  using server = await serve();
  const tls = { authorities: rootCertificates[0], identity: undefined, skipsVerification: false };
  const asked = trustingFetch(tls, fetch)(server.url, { headers: {}, signal: AbortSignal.timeout(30_000) });
  return await asked.then((response) => response.text(), reason);
};

test("images come from whom the config has the node trust, as long as it does", async () => {
  const said: string[] = [];
  const bundle = join(folder, "ca-certificates.crt");
  const bench = new TestBench();
  await using _ = bench.run([trustedRoots(trustRoots(bundle), (text) => said.push(text))]);
  const follow = async (documents: Record<string, string>) => {
    const yaml = Object.entries(documents)
      .map(
        ([name, certificates]) =>
          `apiVersion: v1alpha1\nkind: TrustedRootsConfig\nname: ${name}\ncertificates: ${JSON.stringify(certificates)}\n`,
      )
      .join("---\n");
    await bench.state.set(MachineConfig, "v1alpha1", {
      spec: { yaml: yaml || "machine: {}", from: "a test" },
    });
    await bench.settle();
    return (await bench.state.list(TrustedRoots)).resources.map(({ metadata, spec }) => [metadata.id, spec]);
  };

  expect(await follow({})).toEqual([]);
  expect(await fetched()).toMatch(/certificate/);
  expect(readFileSync(bundle, "utf8").match(/BEGIN/g)).toHaveLength(rootCertificates.length);

  const { pem, fingerprint } = own.certificate;
  const told = await follow({ ours: `Our own:\n${pem}`, broken: "no certificate" });
  expect(told).toEqual([
    ["broken", { certificates: [], errorMessage: expect.stringMatching(/broken: there is no certificate/) }],
    [
      "ours",
      {
        certificates: [{ subject: "CN=Our own", fingerprint, notAfter: expect.any(String) }],
        errorMessage: "",
      },
    ],
  ]);
  expect(said).toEqual(["Cannot trust the roots of broken: there is no certificate in PEM"]);
  expect([await fetched(), await pulled()]).toEqual(["an image", "an image"]);
  expect(readFileSync(bundle, "utf8")).toContain(pem.trim());

  await follow({});
  expect(await fetched()).toMatch(/certificate/);
});
