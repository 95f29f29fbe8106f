// The API's documentation for people: one page without scripts or anything from elsewhere.
import { catalog } from "./catalog.ts";
import type { openApi } from "./openapi.ts";
import type { Route } from "./route.ts";

export function docsPage(routes: readonly Route[], document: ReturnType<typeof openApi>): string {
  const groups = Map.groupBy(routes, ({ operation }) => operation.split(".")[0]!);
  const nav = [...groups.keys()].map((group) => `<a href="#${escape(group)}">${escape(group)}</a>`).join(" ");
  const sections = [...groups].map(([group, rows]) => section(group, rows, document)).join("\n");
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Ingot API</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>${style}</style></head>
<body><h1>Ingot API</h1>
<p>Version ${escape(document.info.version)}. Send <code>Authorization: Bearer TOKEN</code>. Bodies and answers are JSON,
or YAML by <code>Content-Type</code> and <code>Accept</code>. Machine-readable: <a href="/api/openapi.json">openapi.json</a>.</p>
<nav>${nav}</nav>
${sections}
</body></html>
`;
}

function section(group: string, rows: readonly Route[], document: ReturnType<typeof openApi>): string {
  const kind = catalog.find(({ path }) => path === group);
  const schema = kind && document.components.schemas[kind.name as keyof typeof document.components.schemas];
  const shown = schema && details("Schema", JSON.stringify(schema, null, 2));
  return `<section id="${escape(group)}"><h2>${escape(group)}</h2>
${kind ? `<p>${escape(kind.about)}</p>` : ""}${shown ?? ""}
${rows.map((route) => row(route, document)).join("\n")}</section>`;
}

function row({ method, path, about, role, query = {} }: Route, document: ReturnType<typeof openApi>): string {
  const operation = document.paths[path]?.[method.toLowerCase()];
  const body = (operation?.["requestBody"] as { content: Record<string, unknown> } | undefined)?.content[
    "application/json"
  ];
  const parameters = Object.entries(query).map(
    ([name, text]) => `<li><code>${escape(name)}</code> ${escape(text)}</li>`,
  );
  return `<article><h3><span class="${method}">${method}</span> <code>${escape(path)}</code>
<small>${escape(role)}</small></h3><p>${escape(about)}</p>
${parameters.length > 0 ? `<ul>${parameters.join("")}</ul>` : ""}${body ? details("Body", JSON.stringify(body, null, 2)) : ""}</article>`;
}

const details = (title: string, text: string) =>
  `<details><summary>${title}</summary><pre>${escape(text)}</pre></details>`;

const escape = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
nav { display: flex; flex-wrap: wrap; gap: .2rem 1rem; }
article { border-top: 1px solid #8884; padding: .4rem 0; }
h3 { font-weight: 500; margin: .3rem 0; } h3 small { opacity: .6; float: right; }
h3 span { display: inline-block; min-width: 4.2rem; font-weight: 700; }
pre { overflow: auto; background: #8881; padding: .8rem; font-size: .8rem; }
.GET { color: #27864f; } .POST { color: #2b6cb0; } .PUT, .PATCH { color: #b7791f; } .DELETE { color: #c53030; }
`;
