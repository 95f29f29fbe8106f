// The API's description (OpenAPI 3.1), made of the same rows that serve it and the same schemas that check it.
import { z } from "zod";
import { catalog } from "./catalog.ts";
import { problemTitle } from "./problem.ts";
import type { Route } from "./route.ts";

type JsonSchema = { readonly [name: string]: unknown };

const reference = (name: string) => ({ $ref: `#/components/schemas/${name}` });

export function openApi(routes: readonly Route[], version: string) {
  return {
    openapi: "3.1.0",
    info: {
      title: "Ingot",
      version,
      description: "Bare metal into clusters. Every request but those for health needs a token.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    security: [{ token: [] }],
    tags: [...new Set(routes.map(tagOf))].map((name) => ({ name, description: aboutTag(name) })),
    paths: pathsOf(routes),
    components: {
      securitySchemes: {
        token: { type: "http", scheme: "bearer", description: "`ingot tokens create` makes one." },
      },
      responses: { Problem: { description: "It was refused, or failed", content: problemContent } },
      schemas: { Metadata: metadata, Problem: problem, ...kindSchemas() },
    },
  };
}

const otherTags: Readonly<Record<string, string>> = {
  about: "What this API is.",
  health: "How the provisioner itself is.",
};
const aboutTag = (name: string) => catalog.find(({ path }) => path === name)?.about ?? otherTags[name];

const tagOf = ({ operation }: Route) => operation.split(".")[0]!;

function pathsOf(routes: readonly Route[]) {
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const route of routes) (paths[route.path] ??= {})[route.method.toLowerCase()] = operationOf(route);
  return paths;
}

function operationOf(route: Route): JsonSchema {
  const { method, path, operation, about, role, query = {}, body } = route;
  const header = (name: string, description: string) => ({
    name,
    in: "header",
    required: false,
    description,
    schema: { type: "string" },
  });
  const parameters = [
    ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
      name,
      in: "path",
      required: true,
      schema: { type: "string" },
    })),
    ...Object.entries(query).map(([name, description]) => ({
      name,
      in: "query",
      required: false,
      description,
      schema: { type: "string" },
    })),
    ...(method === "POST" ? [header("Idempotency-Key", "the same key is carried out once in 24 hours")] : []),
    ...(method === "PUT" || method === "PATCH" || method === "DELETE"
      ? [header("If-Match", "the ETag that it must still have")]
      : []),
  ];
  return {
    operationId: operation,
    tags: [tagOf(route)],
    summary: about,
    ...(role === "nobody" ? { security: [] } : { description: `For the role ${role} and those above.` }),
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: { required: true, content: inBoth(inputSchema(body)) } }),
    responses: {
      "2XX": { description: "It is done", ...answerContent(route) },
      "4XX": { $ref: "#/components/responses/Problem" },
      "5XX": { $ref: "#/components/responses/Problem" },
    },
  };
}

function answerContent({ answers, operation }: Route) {
  if (answers === undefined) return {};
  const one = reference(answers.schema);
  if (!answers.list) return { content: inBoth(one) };
  const page = {
    type: "object",
    required: ["items", "bookmark"],
    properties: {
      items: { type: "array", items: one },
      continue: { type: "string", description: "where the next page begins" },
      bookmark: { type: "string", description: "from here a stream of changes goes on" },
    },
  };
  const stream = {
    "text/event-stream": { schema: { type: "string", description: `${operation} as changes` } },
  };
  return { content: { ...inBoth(page), ...stream } };
}

const inBoth = (schema: JsonSchema) => ({
  "application/json": { schema },
  "application/yaml": { schema },
});

const metadata = {
  type: "object",
  required: ["id", "version", "phase", "labels", "annotations", "created", "updated"],
  properties: {
    id: { type: "string" },
    version: { type: "string", description: "grows with every write; also the ETag" },
    phase: { enum: ["running", "tearingDown"] },
    labels: { type: "object", additionalProperties: { type: "string" } },
    annotations: { type: "object", additionalProperties: { type: "string" } },
    created: { type: "string", format: "date-time" },
    updated: { type: "string", format: "date-time" },
  },
};

const problem = {
  type: "object",
  required: ["type", "title", "status", "detail", "requestId"],
  properties: {
    type: { type: "string" },
    title: { type: "string", examples: [problemTitle(422)] },
    status: { type: "integer" },
    detail: { type: "string" },
    issues: {
      type: "array",
      items: {
        type: "object",
        required: ["field", "message"],
        properties: { field: { type: "string" }, message: { type: "string" } },
      },
    },
    requestId: { type: "string" },
  },
};
const problemContent = { "application/problem+json": { schema: reference("Problem") } };

const kindSchemas = () =>
  Object.fromEntries(
    catalog.map(({ name, about, type }) => [
      name,
      {
        type: "object",
        description: about,
        required: ["kind", "metadata", "spec"],
        properties: {
          kind: { const: name },
          metadata: reference("Metadata"),
          spec: inputSchema(type.spec),
        },
      },
    ]),
  );

/** What is stored and sent: the side of JSON. A secret is written and never read back. */
function inputSchema(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...made } = z.toJSONSchema(schema, {
    io: "input",
    unrepresentable: "any",
    override: ({ jsonSchema }) => {
      if (!("secret" in jsonSchema)) return;
      delete jsonSchema["secret"];
      jsonSchema.writeOnly = true;
    },
  });
  return made;
}
