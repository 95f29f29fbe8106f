// What is sent to the API: JSON or YAML, never more than a bound.
import type { IncomingMessage } from "node:http";
import { parseDocument } from "yaml";
import type { z } from "zod";
import { invalid, Problem } from "./problem.ts";

export const usualMostBytes = 1024 * 1024;

export async function readBody(request: IncomingMessage, mostBytes: number): Promise<Buffer> {
  if (Number(request.headers["content-length"] ?? 0) > mostBytes) throw tooLarge(mostBytes);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > mostBytes) throw tooLarge(mostBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const tooLarge = (mostBytes: number) =>
  new Problem(413, `at most ${mostBytes} bytes`, { headers: { connection: "close" } });

/** The value that a body is; undefined for an empty one. */
export function parseBody(bytes: Buffer, contentType: string | undefined): unknown {
  if (bytes.length === 0) return undefined;
  const [type = ""] = (contentType ?? "application/json").split(";");
  const text = bytes.toString("utf8");
  if (/^application\/([a-z-]+\+)?json$/.test(type.trim())) {
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new Problem(400, `no JSON: ${(cause as Error).message}`, { cause });
    }
  }
  if (/^(application|text)\/(x-)?yaml$/.test(type.trim())) {
    const document = parseDocument(text, { uniqueKeys: true, strict: true });
    const [wrong] = document.errors;
    if (wrong) throw new Problem(400, `no YAML: ${wrong.message}`);
    try {
      return document.toJS({ maxAliasCount: 50 });
    } catch (cause) {
      throw new Problem(400, `no YAML: ${(cause as Error).message}`, { cause });
    }
  }
  throw new Problem(415, `"${type}" is neither application/json nor application/yaml`);
}

/** The body as the schema has it. */
export function bodyAs<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const parsed = schema.safeParse(body ?? {});
  if (!parsed.success) throw invalid(parsed.error.issues);
  return parsed.data;
}
