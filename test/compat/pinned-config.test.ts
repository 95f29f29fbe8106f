// Our own system fetches its config from our own provisioner: over TLS, from whom its kernel arguments name, and from
// nobody else.
import { afterEach, beforeEach, expect, test } from "vitest";
import { pinnedFetch } from "../../os/agent/pinned-fetch.ts";
import { PracticeSite } from "../../provisioner/practice-site.conformance.ts";

let site: PracticeSite;
beforeEach(async () => {
  site = await PracticeSite.open();
});
afterEach(() => site[Symbol.asyncDispose]());

const usual: typeof fetch = () => Promise.reject(new Error("not the usual way"));
const address = (scheme: string, path = "/image/none/manifest.json") =>
  `${scheme}://127.0.0.1:${site.provisioner.installsPort}${path}`;
const pin = () => `sha256:${site.provisioner.authority.certificate.fingerprint}`;

test("whoever is named is trusted", async () => {
  const response = await pinnedFetch(pin(), usual)(address("https"));
  expect(response.status).toBe(404);
  expect(await response.text()).toBe("there is nothing here\n");
  const told = await pinnedFetch(pin(), usual)(address("https", "/installed/nonsense"), { method: "POST" });
  expect(told.status).toBe(403);
});

test("whoever is not is not asked", async () => {
  const other = pinnedFetch(`sha256:${"0".repeat(64)}`, usual)(address("https"));
  await expect(other).rejects.toThrow(/^Cannot trust 127\.0\.0\.1: it shows the authority sha256:/);
});

test("what is no secret goes the usual way, on the same port", async () => {
  await expect(pinnedFetch(pin(), usual)(address("http"))).rejects.toThrow("not the usual way");
  await expect(pinnedFetch(undefined, usual)(address("https"))).rejects.toThrow("not the usual way");
  expect((await fetch(address("http"))).status).toBe(404);
});

test("whoever stops waiting is not kept", async () => {
  const stopped = pinnedFetch(pin(), usual)(address("https"), { signal: AbortSignal.abort() });
  await expect(stopped).rejects.toThrow();
});
