// The lab, commanded from another terminal: HTTP over a unix socket in the run's directory. `npm run lab` is the client.
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type PowerAction, powerActions } from "../../../bmc/bmc.ts";
import type { Server } from "../framework/server.ts";
import { parseRack } from "../rack/rack.ts";
import type { Board } from "./board.ts";
import type { Rack } from "./rack.ts";

export interface ControlOptions {
  readonly path: string;
  readonly rack: Rack;
  readonly board: Board;
  /** Ends the lab. */
  readonly stop: () => void;
}

export async function openControl({ path, rack, board, stop }: ControlOptions): Promise<AsyncDisposable> {
  const http = createServer((request, response) => {
    const [, what, name, verb] = new URL(request.url ?? "/", "http://lab").pathname.split("/");
    const server = rack.find(name ?? "");
    const act = async () => {
      if (what === "status") {
        return tell(
          response,
          rack.servers.map((one) => statusOf(one, rack, board)),
        );
      }
      if (what === "add") {
        const text = (await request.setEncoding("utf8").toArray()).join("");
        const added = [];
        for (const machine of parseRack(text, "what was sent").machines) added.push(await rack.add(machine));
        return tell(
          response,
          added.map((one) => statusOf(one, rack, board)),
        );
      }
      if (what === "down") {
        response.on("close", stop);
        return tell(response, "going down");
      }
      if (!server) return refuse(response, 404, `there is no machine ${name ?? ""}`);
      const carryOut = verbs.get(verb ?? "");
      if (!carryOut) return refuse(response, 404, `a machine cannot ${verb ?? "do nothing"}`);
      return carryOut(server, request, response);
    };
    act().catch((error: unknown) =>
      refuse(response, 409, error instanceof Error ? error.message : String(error)),
    );
  });
  http.listen(path);
  await once(http, "listening");
  return {
    async [Symbol.asyncDispose]() {
      const closed = once(http, "close");
      http.close();
      http.closeAllConnections();
      await closed;
    },
  };
}

type CarryOut = (server: Server, request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** What can be asked of a machine, as its path ends. */
const verbs: ReadonlyMap<string, CarryOut> = new Map<string, CarryOut>([
  ["power", power],
  ["console", attach],
  [
    "screenshot",
    async ({ machine }, _, response) => tell(response, await machine.screenshot(`screen-${Date.now()}`)),
  ],
  ["pcap", async ({ machine }, _, response) => tell(response, await machine.capture())],
]);

const statusOf = ({ machine, chassis, ipmi }: Server, rack: Rack, board: Board) => ({
  name: machine.name,
  position: rack.descriptionOf(machine.name)?.position,
  stage: board.stageOf(machine.name),
  power: chassis.powered ? "on" : "off",
  process: machine.isOn ? "running" : "none",
  bmc: ipmi ? `${ipmi.address}:${ipmi.port}` : "none",
  uuid: machine.uuid,
  console: machine.console.file,
});

function power({ chassis }: Server, request: IncomingMessage, response: ServerResponse): void {
  const wanted = new URL(request.url ?? "/", "http://lab").searchParams.get("action");
  const action = powerActions.find((name): name is PowerAction => name === wanted);
  if (!action) return refuse(response, 400, `there is: ${powerActions.join(", ")}`);
  if (chassis.press(action) === "inPost") return refuse(response, 409, "the machine is in POST");
  tell(response, action);
}

/** What is typed comes in the request's body while what is printed goes out. */
function attach({ chassis }: Server, request: IncomingMessage, response: ServerResponse): void {
  const watching = chassis.serialConsole.watch((bytes) => response.write(bytes));
  response.writeHead(200, { "content-type": "application/octet-stream" }).flushHeaders();
  request.on("data", (bytes: Buffer) => chassis.serialConsole.type(bytes));
  request.on("end", () => response.end());
  response.on("close", () => watching[Symbol.dispose]());
}

const tell = (response: ServerResponse, value: unknown) =>
  void response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));

function refuse(response: ServerResponse, status: number, why: string): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(why));
}
