// Node's own TLS on both sides: whom our certificates let in, and whom they keep out.
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect, createServer, type TLSSocket } from "node:tls";
import { beforeAll, describe, expect, test } from "vitest";
import { type Authority, createAuthority, type Grant, type Identity } from "./authority.ts";
import type { KeyAlgorithm } from "./key-pair.ts";
import { day, hour } from "./lifetimes.ts";

const clock = { now: () => new Date() };
const longAgo = { now: () => new Date(Date.now() - 10 * day) };

const tlsOf = ({ certificate, key }: Identity) => ({ cert: certificate.pem, key: key.pkcs8Pem });

/** One handshake with client certificates demanded. Resolves to the client's roles as the server saw them. */
async function handshake({ ca, server, client }: { ca: Authority; server: Identity; client: Identity }) {
  const trust = { ca: ca.certificate.pem, minVersion: "TLSv1.2" } as const;
  const listener = createServer({ ...trust, ...tlsOf(server), requestCert: true, rejectUnauthorized: true });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const refusal = once(listener, "tlsClientError").then(([error]) => Promise.reject(error as Error));
  const accepted = once(listener, "secureConnection").then(([socket]) => socket as TLSSocket);
  const { port } = listener.address() as AddressInfo;
  const socket = connect({ ...trust, ...tlsOf(client), host: "127.0.0.1", port });
  const failure = new Promise<never>((_, reject) => socket.on("error", reject));
  try {
    // The server judges the client last, in TLS 1.3 after the client thinks that all is well: its word counts.
    const peer = await Promise.race([accepted, refusal, failure]);
    await Promise.race([socket.authorized ? undefined : once(socket, "secureConnect"), failure]);
    const roles = peer.getPeerCertificate().subject.O;
    peer.destroy();
    return roles;
  } finally {
    refusal.catch(() => undefined);
    socket.destroy();
    listener.close();
  }
}

const serverGrant: Grant = { ipAddresses: ["127.0.0.1"], purposes: ["serverAuth"], lifetimeMs: day };
const clientGrant: Grant = {
  organization: ["os:admin", "os:reader"],
  purposes: ["clientAuth"],
  lifetimeMs: day,
};

describe.each(["ed25519", "ecdsa-p256", "rsa-2048"] satisfies KeyAlgorithm[])(
  "with an authority of %s",
  (algorithm) => {
    let ca: Authority;
    let stranger: Authority;
    let server: Identity;
    let client: Identity;
    beforeAll(async () => {
      const request = { algorithm, organization: ["talos"] } as const;
      ca = await createAuthority({ ...request, clock });
      stranger = await createAuthority({ ...request, clock });
      server = await ca.issue(serverGrant);
      client = await ca.issue(clientGrant);
    });

    test("client and server accept each other", async () => {
      expect(await handshake({ ca, server, client })).toEqual(["os:admin", "os:reader"]);
    });

    test("a client of another authority is refused", async () => {
      const client = await stranger.issue(clientGrant);
      await expect(handshake({ ca, server, client })).rejects.toThrow();
    });

    test("a client with a server's certificate is refused", async () => {
      await expect(handshake({ ca, server, client: server })).rejects.toThrow();
    });

    test("a server with a client's certificate is refused", async () => {
      const wrong = await ca.issue({ ...serverGrant, purposes: ["clientAuth"] });
      await expect(handshake({ ca, server: wrong, client })).rejects.toThrow(/purpose/);
    });

    test("a server of another authority is refused", async () => {
      const wrong = await stranger.issue(serverGrant);
      await expect(handshake({ ca, server: wrong, client })).rejects.toThrow();
    });

    test("a server at another address is refused", async () => {
      const wrong = await ca.issue({ ...serverGrant, ipAddresses: ["127.0.0.2"] });
      await expect(handshake({ ca, server: wrong, client })).rejects.toThrow(/127\.0\.0\.1/);
    });

    test("an expired client is refused, and so is an expired server", async () => {
      const old = await createAuthority({ algorithm, organization: ["old"], clock: longAgo });
      const [oldServer, oldClient] = await Promise.all([old.issue(serverGrant), old.issue(clientGrant)]);
      const long = { lifetimeMs: 20 * day };
      const goodServer = await old.issue({ ...serverGrant, ...long });
      const goodClient = await old.issue({ ...clientGrant, ...long });
      await expect(handshake({ ca: old, server: goodServer, client: oldClient })).rejects.toThrow();
      await expect(handshake({ ca: old, server: oldServer, client: goodClient })).rejects.toThrow(/expired/);
      expect(await handshake({ ca: old, server: goodServer, client: goodClient })).toBeDefined();
    });

    test("a machine whose clock is an hour behind accepts what was issued just now", async () => {
      const ahead = { now: () => new Date(Date.now() + hour) };
      const ca = await createAuthority({ algorithm, clock: ahead });
      const [server, client] = await Promise.all([ca.issue(serverGrant), ca.issue(clientGrant)]);
      expect(await handshake({ ca, server, client })).toBeDefined();
    });
  },
);
