import { afterEach, describe, expect, test } from "vitest";
import { systemClock } from "../../cosi/system-clock.ts";
import { createKeyPair } from "../../pki/key-pair.ts";
import { Agent, type AgentOptions } from "./agent.ts";
import { enrol } from "./enrol.ts";
import type { Executors, Outcome } from "./order-runner.ts";
import { PracticeProvisioner, practiceAuthority } from "./practice-provisioner.ts";

const now = () => new Date();
const host = "127.0.0.1";
const macs = ["52:54:00:00:00:01"];

let around = new AsyncDisposableStack();
afterEach(async () => {
  await around.disposeAsync();
  around = new AsyncDisposableStack();
});

const nothing = async (): Promise<Outcome> => ({ is: "succeeded" });
const executors: Executors = {
  wipe: nothing,
  bmcAccount: nothing,
  reboot: nothing,
  powerOff: nothing,
  identify: nothing,
  test: nothing,
};

async function provisioner(options: Partial<Parameters<typeof PracticeProvisioner.open>[0]> = {}) {
  const authority = options.authority ?? (await practiceAuthority(now));
  const opened = await PracticeProvisioner.open({
    address: `${host}:0`,
    host,
    token: "t",
    now,
    ...options,
    authority,
  });
  return { opened: around.use(opened), authority };
}

interface Trial {
  readonly port: number;
  readonly authorityFingerprint: string;
}

function startAgent({ port, authorityFingerprint }: Trial, options: Partial<AgentOptions> = {}) {
  const said: string[] = [];
  const heard = new Set<() => void>();
  const stop = new AbortController();
  const agent = new Agent({
    arguments: { host, port, authorityFingerprint, bootToken: "t", bootId: "b7" },
    version: "0.1.0",
    kernelBootId: "boot",
    clock: systemClock,
    random: () => 0,
    identity: async () => ({ uuid: "u", macs }),
    uptimeMs: () => 4_500,
    residentBytes: () => 80_000_000,
    setClock: () => {},
    executors,
    inventory: { read: async () => ({ gaps: ["none"] }), changed: () => new Promise(() => {}) },
    logs: { async *follow() {} },
    said(_, text) {
      said.push(text);
      for (const wake of heard) wake();
    },
    ...options,
  });
  const running = agent.run(stop.signal);
  around.defer(async () => {
    stop.abort();
    await running;
  });
  const says = async (pattern: RegExp) => {
    for (;;) {
      const found = said.find((text) => pattern.test(text));
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        heard.add(resolve);
      });
      heard.clear();
    }
  };
  return { agent, says, said };
}

const trialOf = ({ opened, authority }: Awaited<ReturnType<typeof provisioner>>): Trial => ({
  port: opened.port,
  authorityFingerprint: authority.certificate.fingerprint,
});

describe("an agent and its provisioner", () => {
  test("enrols, says hello by mTLS, sends its inventory and answers pings", async () => {
    const it = await provisioner();
    startAgent(trialOf(it));
    const machine = await it.opened.attached();
    expect(machine.hello).toMatchObject({
      identity: { uuid: "u", macs },
      kernelBootId: "boot",
      bootId: "b7",
      version: "0.1.0",
      uptime: { seconds: 4n, nanos: 500_000_000 },
      orders: [],
    });
    expect(it.opened.enrolments).toMatchObject([{ bootToken: "t", identity: { uuid: "u" } }]);
    expect(await machine.next("inventory")).toMatchObject({ gaps: ["none"] });
    machine.say({ case: "ping", value: { number: 3n, why: "" } });
    expect(await machine.next("pong")).toMatchObject({ number: 3n });
  });

  test("calls nobody before it has an address, and tells when it was heard", async () => {
    const it = await provisioner();
    const address = Promise.withResolvers<void>();
    const greeted = Promise.withResolvers<void>();
    const { said } = startAgent(trialOf(it), { address: address.promise, greeted: greeted.resolve });
    await new Promise((done) => setImmediate(done));
    expect({ said, enrolments: it.opened.enrolments }).toEqual({ said: [], enrolments: [] });
    address.resolve();
    await greeted.promise;
    expect(said).toContainEqual(expect.stringMatching(/let this machine in/));
  });

  test("an order that runs while the provisioner restarts is neither lost nor begun again", async () => {
    const first = await provisioner();
    let begun = 0;
    const finish = Promise.withResolvers<Outcome>();
    startAgent(trialOf(first), {
      executors: {
        ...executors,
        wipe: (_, { progress }) => {
          begun++;
          progress({ doing: "erasing" });
          return finish.promise;
        },
      },
    });
    const order = {
      case: "order",
      value: { id: "w1", kernelBootId: "boot", what: { case: "wipe", value: { wipeId: 1n } } },
    } as const;
    const before = await first.opened.attached();
    before.say(order);
    await before.next("order", ({ state }) => state.case === "running" && state.value.doing === "erasing");
    const { port } = first.opened;
    await first.opened[Symbol.asyncDispose]();

    const second = await provisioner({ authority: first.authority, address: `${host}:${port}` });
    const after = await second.opened.attached();
    expect(second.opened.enrolments).toEqual([]);
    expect(after.hello.orders).toMatchObject([{ id: "w1", state: { case: "running" } }]);
    after.say(order);
    await after.next("order", ({ state }) => state.case === "running");
    finish.resolve({ is: "succeeded" });
    const outcome = await after.next("order", ({ state }) => state.case !== "running");
    expect(outcome).toMatchObject({ id: "w1", state: { case: "succeeded" } });
    expect(begun).toBe(1);
    after.say({ case: "settle", value: { id: "w1" } });
    after.say({ case: "ping", value: { number: 1n } });
    await after.next("pong");
    after.hangUp();
    expect((await second.opened.attached()).hello.orders).toEqual([]);
  });

  test("a session that has gone silent is given up and dialled anew", async () => {
    const it = await provisioner({ pingIntervalMs: 50 });
    const { says } = startAgent(trialOf(it));
    await it.opened.attached();
    await says(/gone silent/);
    await it.opened.attached();
  });

  test("a certificate is renewed when asked, by another key and without a token", async () => {
    const it = await provisioner();
    startAgent(trialOf(it));
    const machine = await it.opened.attached();
    machine.say({ case: "renew", value: {} });
    await it.opened.enrolled(2);
    machine.hangUp();
    await it.opened.attached();
    const [first, second] = it.opened.enrolments;
    expect(second).toMatchObject({ bootToken: "" });
    expect(Buffer.from(second!.csr).equals(first!.csr)).toBe(false);
  });

  test("logs are sent when they are wished for, those that are", async () => {
    const it = await provisioner();
    const line = (source: string) => ({ at: new Date(0), source, severity: 6, text: Buffer.from(source) });
    startAgent(trialOf(it), {
      logs: {
        async *follow() {
          yield { records: [line("kernel"), line("machined"), line("etcd")], dropped: 2 };
        },
      },
    });
    const machine = await it.opened.attached();
    machine.say({ case: "logs", value: { kernel: true, services: ["etcd"] } });
    await it.opened.logged(2);
    expect(it.opened.logLines.map(({ source }) => source)).toEqual(["kernel", "etcd"]);
  });

  test("a fault of PID 1 reaches the provisioner, also one of before the session", async () => {
    const it = await provisioner();
    const { agent } = startAgent(trialOf(it));
    agent.fault("the watchdog is gone");
    const machine = await it.opened.attached();
    expect(await machine.next("fault")).toMatchObject({ what: "the watchdog is gone" });
  });
});

describe("bad weather, in words for somebody in front of the machine", () => {
  test("nobody listens", async () => {
    const it = await provisioner();
    const trial = trialOf(it);
    await it.opened[Symbol.asyncDispose]();
    const { says } = startAgent(trial);
    await says(/Cannot reach the provisioner 127\.0\.0\.1:\d+: the host is there, and nothing listens/);
  });

  test("another authority: the token is not shown to it", async () => {
    const it = await provisioner();
    const { says } = startAgent({ port: it.opened.port, authorityFingerprint: "0".repeat(64) });
    await says(
      /not the provisioner that this machine was told to trust: it shows the authority sha256:[0-9a-f]{64}/,
    );
    expect(it.opened.enrolments).toEqual([]);
  });

  test("a certificate of the right authority for another host", async () => {
    const it = await provisioner({ host: "elsewhere.example" });
    const { says } = startAgent(trialOf(it));
    await says(/Somebody answers .*altnames|cert's list/);
    expect(it.opened.enrolments).toEqual([]);
  });

  test("an expired token", async () => {
    const it = await provisioner({ token: "another" });
    const { says } = startAgent(trialOf(it));
    await says(
      /does not let this machine in: the boot token has expired\..* restart the machine from the network/,
    );
  });

  test("a clock in 1970 is set by the provisioner's answer", async () => {
    const it = await provisioner();
    let offsetMs = -Date.now();
    const clock = { ...systemClock, now: () => new Date(Date.now() + offsetMs) };
    const { says } = startAgent(trialOf(it), {
      clock,
      setClock: (time) => {
        offsetMs = time.getTime() - Date.now();
      },
    });
    await it.opened.attached();
    await says(/clock of this machine said 1970-01-01T.* it now says 20/);
  });

  test("an authority that is expired by the machine's clock is trusted for its fingerprint", async () => {
    const longAgo = () => new Date("2001-01-01T00:00:00Z");
    const authority = await practiceAuthority(longAgo);
    const it = await provisioner({ authority });
    const member = await enrol({
      arguments: { host, ...trialOf(it), bootToken: "t", bootId: "" },
      key: await createKeyPair("ed25519"),
      identity: {},
      signal: new AbortController().signal,
    });
    expect(member.chain).toHaveLength(1);
  });
});
