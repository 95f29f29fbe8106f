// Mutated answers at every verb of the client, and mutated requests at the emulated service: each verb ends in an answer
// or in an error of ours, never in anything else; and a service that was shot at still serves.
import { randomBytes } from "node:crypto";
import type { FuzzModule } from "../../workshop/fuzz.ts";
import { mutated, randomFrom } from "../../workshop/mutate.ts";
import type { Bmc } from "../bmc.ts";
import type { Clock } from "../clock.ts";
import { SimulatedChassis } from "../simulator/chassis.ts";
import { profiles, type Quirks } from "../simulator/quirks.ts";
import { RedfishEngine } from "../simulator/redfish/engine.ts";
import { insideExchange } from "../simulator/redfish/inside.ts";
import { redfishBmc } from "./driver.ts";
import { RedfishError } from "./error.ts";
import type { Exchange, Response } from "./exchange.ts";
import { RedfishService } from "./service.ts";

const verbs: readonly ((bmc: Bmc) => Promise<unknown>)[] = [
  (bmc) => bmc.power.read(),
  (bmc) => bmc.power.press("on"),
  (bmc) => bmc.boot.read(),
  (bmc) => bmc.boot.set({ device: "pxe", lasting: "once", firmware: "uefi" }),
  (bmc) => bmc.boot.media("http://192.0.2.1/a.iso"),
  (bmc) => bmc.boot.secureBoot(),
  (bmc) => bmc.chassis.facts(),
  (bmc) => bmc.chassis.firmware(),
  (bmc) => bmc.chassis.identify("on"),
  (bmc) => bmc.health.sensors(),
  (bmc) => bmc.health.events(),
  (bmc) => bmc.health.clearEvents(),
  (bmc) => bmc.console.open(),
  (bmc) => bmc.accounts.list(),
  (bmc) => bmc.accounts.put({ name: "ingot", password: "x", privilege: "operator" }),
  (bmc) => bmc.controller.network(),
];

/** Those that lead the client along different ways. */
const ways: readonly Quirks[] = [
  profiles.honest,
  profiles["settings resource"],
  profiles.redirects,
  profiles.tasks,
  profiles["sensors one by one"],
  profiles.pages,
  profiles["account slots"],
];

const statuses = [200, 202, 204, 301, 303, 400, 401, 403, 404, 405, 409, 412, 500, 503] as const;
const headers = ["location", "etag", "x-auth-token", "retry-after", "odata-version"] as const;

/** Every wait is over at once. */
function instantClock(): Clock {
  let now = Date.UTC(2026, 0, 1);
  return {
    now: () => now,
    after: (ms, call) => {
      now += ms;
      queueMicrotask(call);
      return { [Symbol.dispose]() {} };
    },
  };
}

type Random = () => number;
const pick = <T>(values: readonly T[], random: Random): T => values[Math.floor(random() * values.length)]!;

function newEngine(quirks: Quirks) {
  const clock = instantClock();
  const chassis = new SimulatedChassis({ clock, quirks });
  chassis.log({ sensor: "CPU Temp", message: "hot", grade: "warning" });
  return { clock, engine: new RedfishEngine({ chassis, randomBytes }) };
}

const mutant = (bytes: Uint8Array, random: Random): Uint8Array => {
  const [bent] = mutated([bytes], { runs: 1, seed: 1 + Math.floor(random() * 2 ** 31) });
  return bent!;
};

function spoilt(response: Response, random: Random): Response {
  const body = mutant(response.body, random);
  const bent = Buffer.from(body.subarray(0, 40)).toString("latin1");
  return {
    status: random() < 0.1 ? pick(statuses, random) : response.status,
    headers: random() < 0.2 ? { ...response.headers, [pick(headers, random)]: bent } : response.headers,
    body,
  };
}

/** One verb on a BMC one of whose answers is spoilt, on the way to the verb or in it. */
async function askOne(verb: (typeof verbs)[number], random: Random): Promise<void> {
  const { clock, engine } = newEngine(pick(ways, random));
  const honest = insideExchange(engine);
  let spoilsAt = Math.floor(random() * 10);
  const exchange: Exchange = {
    ...honest,
    send: async (request) => {
      const response = await honest.send(request);
      return spoilsAt-- === 0 ? spoilt(response, random) : response;
    },
  };
  const service = new RedfishService({
    exchange,
    clock,
    credentials: { user: "admin", password: "secret" },
    onWarning: () => {},
  });
  await using _ = service;
  await verb(await redfishBmc(service));
}

const admin = `Basic ${Buffer.from("admin:secret").toString("base64")}`;
const paths = [
  "/redfish/v1/Systems/1",
  "/redfish/v1/Systems/1/Actions/ComputerSystem.Reset",
  "/redfish/v1/Systems/1/LogServices/SEL/Entries?$expand=.",
  "/redfish/v1/SessionService/Sessions",
  "/redfish/v1/AccountService/Accounts",
  "/redfish/v1/AccountService/Accounts/3",
  "/redfish/v1/Managers/1/VirtualMedia/CD",
  "/redfish/v1/Managers/1/EthernetInterfaces/1",
].map((path) => Buffer.from(path));
const bodies = [
  {
    Boot: {
      BootSourceOverrideTarget: "Pxe",
      BootSourceOverrideEnabled: "Once",
      BootSourceOverrideMode: "UEFI",
    },
  },
  { ResetType: "On" },
  { UserName: "eve", Password: "pw", RoleId: "Operator", Enabled: true },
  { Image: "http://192.0.2.1/a.iso", Inserted: true },
  { DHCPv4: { DHCPEnabled: false }, IPv4StaticAddresses: [{ Address: "192.0.2.1" }] },
].map((body) => Buffer.from(JSON.stringify(body)));

function shootAt(engine: RedfishEngine, random: Random): boolean {
  const path = pick(paths, random);
  const answer = engine.receive({
    method: pick(["GET", "HEAD", "POST", "PATCH", "DELETE"], random),
    path: Buffer.from(random() < 0.5 ? path : mutant(path, random)).toString("latin1"),
    headers: {
      authorization:
        random() < 0.9 ? admin : Buffer.from(mutant(Buffer.from(admin), random)).toString("latin1"),
    },
    body: mutant(pick(bodies, random), random),
  });
  return answer !== undefined && answer.status < 400;
}

/** Shots at one service before it must still serve, and another takes its place. */
const volley = 1_000;

export const { fuzz }: FuzzModule = {
  fuzz: async ({ runs, seed, log }) => {
    const random = randomFrom(seed);
    let [answered, refused, served] = [0, 0, 0];
    let { engine } = newEngine({});
    for (let run = 0; run < runs; run++) {
      const verb = pick(verbs, random);
      try {
        await askOne(verb, random);
        answered++;
      } catch (error) {
        if (!(error instanceof RedfishError))
          throw new Error(`run ${run}: ${String(verb)} failed`, { cause: error });
        refused++;
      }
      if (shootAt(engine, random)) served++;
      if (run % volley === volley - 1) {
        const { status } = await insideExchange(engine).send({
          method: "GET",
          path: "/redfish/v1/",
          headers: {},
        });
        if (status !== 200) throw new Error(`run ${run}: the emulated service no longer serves (${status})`);
        ({ engine } = newEngine({}));
      }
    }
    log(
      `redfish: ${answered} verbs answered, ${refused} ended in an error of ours; ${served} mutated requests served`,
    );
  },
};
