import type { Metadata } from "../api/gen/common/common_pb.js";
import { type Connection, callFailure } from "./connection.ts";
import { CommandFailed, type Io } from "./io.ts";

export interface Answer {
  readonly metadata?: Metadata | undefined;
}

/** An answer, and the node that it is from: of one node without a name, the one that was meant. */
export interface From<A extends Answer> {
  readonly node: string;
  readonly answer: A;
}

/** The answers of the nodes that gave one; those that did not are told of at the end, by `failures`. */
export class Answers<A extends Answer> {
  readonly good: readonly From<A>[];
  readonly #failures: readonly string[];

  constructor(messages: readonly A[], { nodes }: Pick<Connection, "nodes">) {
    const from = messages.map((answer) => ({ node: answer.metadata?.hostname || (nodes[0] ?? ""), answer }));
    this.good = from.filter(({ answer }) => !answer.metadata?.error);
    this.#failures = from.flatMap(({ node, answer }) =>
      answer.metadata?.error ? [`${node}: ${answer.metadata.error}`] : [],
    );
  }

  /** Throws when a node failed: the others' answers have been shown by then. */
  settle(): void {
    throwFailures(this.#failures);
  }
}

export function throwFailures(failures: readonly string[]): void {
  if (failures.length === 0) return;
  const count = failures.length === 1 ? "1 error" : `${failures.length} errors`;
  throw new CommandFailed(`${count} occurred:\n${failures.map((it) => `\t* ${it}`).join("\n")}\n`);
}

/** Each message of a stream from many nodes; a node that failed is told of at the end, and the others go on. */
export async function eachOf<A extends Answer>(
  stream: AsyncIterable<A>,
  { nodes }: Pick<Connection, "nodes">,
  io: Io,
  show: (from: From<A>) => void | Promise<void>,
): Promise<void> {
  const failures: string[] = [];
  try {
    for await (const answer of stream) {
      const node = answer.metadata?.hostname || (nodes[0] ?? "");
      if (answer.metadata?.error) failures.push(`${node}: ${answer.metadata.error}`);
      else await show({ node, answer });
    }
  } catch (error) {
    if (!io.signal.aborted) throw new CommandFailed(callFailure(error), { cause: error });
  }
  throwFailures(failures);
}

/** The same call to each node by itself, side by side. */
export async function eachNode<A>(
  { nodes }: Pick<Connection, "nodes">,
  ask: (node: string) => Promise<A>,
): Promise<{ readonly good: readonly { node: string; answer: A }[]; readonly settle: () => void }> {
  const results = await Promise.allSettled(nodes.map(ask));
  const failures = results.flatMap((result, at) =>
    result.status === "rejected" ? [`${nodes[at]}: ${callFailure(result.reason)}`] : [],
  );
  const good = results.flatMap((result, at) =>
    result.status === "fulfilled" ? [{ node: nodes[at]!, answer: result.value }] : [],
  );
  return { good, settle: () => throwFailures(failures) };
}
