// A command line, run in this process against answers that a test gives.
import type { HttpRequest } from "./api-client.ts";
import { paintOf } from "./paint.ts";
import { ingotCommand } from "./program.ts";
import { runCommand } from "./run-command.ts";

export interface Answer {
  readonly status?: number;
  readonly body?: unknown;
  /** Its stream does not end. */
  readonly stays?: true;
}

export const now = new Date("2026-01-02T00:00:00Z");
export const metadata = (id: string, labels = {}) => ({
  id,
  version: "7",
  labels,
  created: "2026-01-01T00:00:00Z",
  updated: "2026-01-01T00:00:00Z",
});
export const page = (...items: unknown[]) => ({ body: { items } });

interface RunOptions {
  readonly files?: Readonly<Record<string, string>>;
  readonly width?: number;
  readonly colours?: boolean;
}

const project = { description: "", version: "0.0.0" };
const idle = () => {
  throw new Error("nothing is run");
};

const running = { serve: idle, backup: idle, restore: idle };

/** Runs a command line against answers that are given in turn; the last one is given again. */
export async function ingot(
  words: string,
  answers: readonly Answer[] = [page()],
  { files = {}, width, colours = false }: RunOptions = {},
) {
  const requests: HttpRequest[] = [];
  const printed: string[] = [];
  const noted: string[] = [];
  const joined: string[] = [];
  const made: Record<string, string> = {};
  let waited = 0;
  const root = ingotCommand(
    {
      print: (text) => printed.push(text),
      note: (text) => noted.push(text),
      progress: () => {
        waited += 1;
        return { [Symbol.dispose]: () => (waited -= 1) };
      },
      width,
      paint: paintOf(colours),
      readFile: async (path) => files[path]!,
      writeSecret: async (path, text) => void (made[path] = text),
      joinConsole: async (_, path) => void joined.push(path),
      now: () => now,
      send: () => async (request) => {
        const { status = 200, body, stays } = answers[Math.min(requests.push(request), answers.length) - 1]!;
        const text = typeof body === "string" ? body : body === undefined ? "" : JSON.stringify(body);
        return {
          status,
          text: async () => text,
          lines: async function* () {
            yield* text.split("\n");
            if (stays) await new Promise(() => {});
          },
        };
      },
    },
    project,
    running,
  );
  const quiet = (command: typeof root) => {
    command.configureOutput({ writeErr: () => {}, writeOut: (text) => printed.push(text) });
    for (const one of command.commands) quiet(one);
  };
  quiet(root);
  const code = await runCommand(root, words.split(" "), (text) => noted.push(text));
  if (waited !== 0) throw new Error("what was waited for is still shown");
  const [request] = requests;
  const sent = request && `${request.method} ${decodeURIComponent(request.path)}`;
  return {
    code,
    requests,
    sent,
    body: request?.body === undefined ? undefined : JSON.parse(request.body),
    output: printed.join("\n"),
    noted: noted.join("\n"),
    made,
    joined,
  };
}

/** The whole command, of which nothing is run. */
export function tree() {
  const io = {
    print: idle,
    note: idle,
    progress: idle,
    width: undefined,
    paint: paintOf(false),
    readFile: idle,
    writeSecret: idle,
    joinConsole: idle,
    send: idle,
    now: () => now,
  };
  return ingotCommand(io, project, running);
}

/** All that can be asked: `machines accept`. */
export function verbs(command = tree(), before: readonly string[] = []): string[] {
  if (command.commands.length === 0) return [before.join(" ")];
  return command.commands.flatMap((one) => verbs(one, [...before, one.name()]));
}

/** Which of them a command line asks. */
export function verbOf(words: readonly string[]): string {
  const all = verbs();
  const [first = "", second = ""] = words;
  const kind = first === "m" ? "machines" : first;
  return [`${kind} ${second}`, `${kind} list`, kind].find((verb) => all.includes(verb)) ?? "";
}
