import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { EchoService } from "../gen/ingot/testing/v1/echo_pb.js";
import { openChannel } from "./channel.ts";
import { client } from "./client.ts";
import { type ClientTls, ClientTlsCredentials } from "./client-tls.ts";
import { serve } from "./serve.ts";
import { openServer } from "./server.ts";
import { type Identity, type ServerTls, ServerTlsCredentials } from "./server-tls.ts";

let directory: string;
let authority: Identity;
let stranger: Identity;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "ingot-grpc-tls-"));
  authority = selfSigned("authority");
  stranger = selfSigned("stranger");
});
afterAll(() => rmSync(directory, { recursive: true }));

const openssl = (line: string) => execFileSync("openssl", line.split(" "), { cwd: directory, stdio: "pipe" });
const read = (name: string): Identity => ({
  certificate: readFileSync(join(directory, `${name}.crt`), "utf8"),
  key: readFileSync(join(directory, `${name}.key`), "utf8"),
});

function selfSigned(name: string): Identity {
  openssl(`req -x509 -newkey ed25519 -nodes -days 2 -subj /O=${name} -keyout ${name}.key -out ${name}.crt`);
  return read(name);
}

function issue(name: string, extensions: string): Identity {
  writeFileSync(join(directory, `${name}.ext`), extensions);
  openssl(`req -newkey ed25519 -nodes -subj /O=${name} -keyout ${name}.key -out ${name}.csr`);
  openssl(
    `x509 -req -days 1 -in ${name}.csr -out ${name}.crt -CA authority.crt -CAkey authority.key -extfile ${name}.ext`,
  );
  return read(name);
}

const serverIdentity = (name = "server") =>
  issue(name, "subjectAltName=IP:127.0.0.1,DNS:node.test\nextendedKeyUsage=serverAuth");
const clientIdentity = () => issue("os:admin", "extendedKeyUsage=clientAuth");

async function server(clients: ServerTls["clients"], rest: Pick<ServerTls, "admits"> = {}) {
  const tls = new ServerTlsCredentials({
    ...rest,
    identity: serverIdentity(),
    clients,
    clientAuthorities: authority.certificate,
  });
  const open = await openServer({
    address: "127.0.0.1:0",
    credentials: tls,
    services: [
      serve(EchoService, {
        // Answers who the client is.
        unary: async (_, { peer }) => ({
          text: peer.certificate ? new X509Certificate(peer.certificate).subject : "nobody",
        }),
      }),
    ],
    unexpected: () => {},
  });
  return { port: open.port, tls, [Symbol.asyncDispose]: () => open[Symbol.asyncDispose]() };
}

async function whoAmI(port: number, tls: ClientTls) {
  using channel = openChannel({ address: `127.0.0.1:${port}`, credentials: new ClientTlsCredentials(tls) });
  return (await client(EchoService, channel).unary({})).text;
}

test("a server that takes the connection and says nothing is given up, and tried again", async () => {
  await using running = await server("none");
  const silent: Socket[] = [];
  // The first that comes is left alone with its greeting: that machine has lost its power. Others are answered.
  const door = createServer((from) => {
    if (silent.push(from) === 1) return;
    const to = connect(running.port, "127.0.0.1");
    silent.push(to);
    from.pipe(to).pipe(from);
  });
  await new Promise<void>((resolve) => door.listen(0, "127.0.0.1", resolve));
  try {
    const tls = { authorities: authority.certificate, patienceMs: 300 };
    const { port } = door.address() as AddressInfo;
    using channel = openChannel({
      ...{ address: `127.0.0.1:${port}`, maxReconnectMs: 20 },
      credentials: new ClientTlsCredentials(tls),
    });
    const { unary } = client(EchoService, channel, { deadlineMs: 20_000 });
    await expect(unary({})).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("took the connection, and said nothing"),
    });
    await expect.poll(() => unary({}), { timeout: 20_000 }).toMatchObject({ text: "nobody" });
  } finally {
    door.close();
    for (const socket of silent) socket.destroy();
  }
});

test("with mTLS, the handler sees the certificate of the client", async () => {
  await using running = await server("required");
  expect(await whoAmI(running.port, { authorities: authority.certificate, identity: clientIdentity() })).toBe(
    "O=os:admin",
  );
});

test.each([
  ["required", "none", "refused"],
  ["required", "stranger", "refused"],
  ["optional", "none", "nobody"],
  ["optional", "stranger", "nobody"],
  ["none", "stranger", "nobody"],
] as const)("where client certificates are %s, a client with %s is %s", async (clients, shown, outcome) => {
  await using running = await server(clients);
  const answer = whoAmI(running.port, {
    authorities: authority.certificate,
    ...(shown === "stranger" ? { identity: stranger } : {}),
  });
  if (outcome === "refused") await expect(answer).rejects.toMatchObject({ code: "unavailable" });
  else expect(await answer).toBe(outcome);
});

test.each([
  ["admits", true],
  ["does not admit", false],
])("a server that %s a client whose certificate is good", async (_, admitted) => {
  const seen: string[] = [];
  const admits = (certificate: Uint8Array | undefined) => {
    seen.push(new X509Certificate(certificate!).subject);
    return admitted;
  };
  await using running = await server("required", { admits });
  const answer = whoAmI(running.port, { authorities: authority.certificate, identity: clientIdentity() });
  if (admitted) expect(await answer).toBe("O=os:admin");
  else await expect(answer).rejects.toMatchObject({ code: "unavailable" });
  expect(seen[0]).toBe("O=os:admin");
});

test("a client refuses a server that its authorities did not sign", async () => {
  await using running = await server("none");
  await expect(whoAmI(running.port, { authorities: stranger.certificate })).rejects.toMatchObject({
    code: "unavailable",
  });
});

test("a replaced certificate is shown to the next connection", async () => {
  await using running = await server("none");
  const next = serverIdentity("next");
  await expect(whoAmI(running.port, { authorities: next.certificate })).rejects.toMatchObject({
    code: "unavailable",
  });
  running.tls.replace({ identity: next });
  // The leaf itself as the authority: only the new certificate can satisfy it.
  expect(await whoAmI(running.port, { authorities: next.certificate })).toBe("nobody");
});

test("asking for certificates without naming who signs them is refused", () => {
  expect(() => new ServerTlsCredentials({ identity: authority, clients: "required" })).toThrow(
    /no authority/,
  );
});

test.each([
  ["its name", "node.test", "nobody"],
  ["another name", "other.test", "refused"],
  ["another address", "127.0.0.2", "refused"],
])("a server dialled under %s (%s) is %s", async (_, serverName, outcome) => {
  await using running = await server("none");
  const answer = whoAmI(running.port, { authorities: authority.certificate, serverName });
  if (outcome === "refused") await expect(answer).rejects.toMatchObject({ code: "unavailable" });
  else expect(await answer).toBe(outcome);
});
