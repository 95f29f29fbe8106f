// The references among the docs: each is made of what the program itself goes by, and a test holds the files to that.
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { z } from "zod";
import { systemClock } from "../../cosi/system-clock.ts";
import { machineConfigJsonSchema } from "../../machine-config/json-schema.ts";
import { unusedSettings, usedSettings } from "../../os/services/config/setting-uses.ts";
import { makeToken } from "../../provisioner/api/tokens.ts";
import { PracticeSite } from "../../provisioner/practice-site.conformance.ts";
import { StepCounters } from "../../pxe-server/steps.ts";
import { rackSchema } from "../qemu/rack/schema.ts";
import { kernelArguments } from "./kernel-arguments.ts";
import { fieldsOf, markdownTable, type Schema } from "./markdown.ts";

const made = "Made of the code by `npm run generate`: change that, not this.";

/** Below docs/. */
export const documents: Readonly<Record<string, () => Promise<string> | string>> = {
  "rack.md": rack,
  "api.md": () => api(),
  "metrics.md": () => metrics(),
  "kernel-arguments.md": () =>
    page(
      "Kernel arguments",
      "What the operating system reads of its kernel's command line. Ingot gives a machine those of its boot by itself; `ingot serve --argument NAME=VALUE` adds others for agents, a profile for installed nodes.",
      markdownTable(
        ["argument", "who gives it", "meaning"],
        Object.entries(kernelArguments).map(([name, { by, about }]) => [`\`${name}=\``, by, about]),
      ),
    ),
  "machine-config.md": machineConfig,
};

/** What a provisioner of its own answers an admin. */
async function askProvisioner(path: string): Promise<string> {
  const listen = { host: "127.0.0.1", port: 0 };
  await using site = await PracticeSite.open({ api: { listen, names: ["127.0.0.1"], version: "" } });
  const { provisioner } = site;
  const { text: token } = await makeToken(
    { state: provisioner.state, clock: systemClock },
    { name: "reference", role: "admin", createdBy: "reference" },
  );
  const asked = request({
    ...{ host: listen.host, port: provisioner.apiPort, path, agent: false },
    ca: provisioner.authority.certificate.pem,
    headers: { authorization: `Bearer ${token}` },
  }).end();
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  const text = (await response.setEncoding("utf8").toArray()).join("");
  if (response.statusCode !== 200) throw new Error(`Cannot read ${path}: ${text}`);
  return text;
}

const page = (title: string, about: string, ...parts: readonly string[]) =>
  `${[`# ${title}`, `${about} ${made}`, ...parts].join("\n\n")}\n`;

const fieldTable = (schema: Schema) =>
  markdownTable(
    ["field", "what it can be", "unless said", "meaning"],
    fieldsOf(schema).map(({ path, type, usual, about }) => [`\`${path}\``, type, usual, about]),
  );

function rack(): string {
  return page(
    "A rack's description",
    "`npm start -- --rack FILE` runs it, `ingot lab machine add` takes one member of `machines`. Unknown fields are refused, with line and column.",
    fieldTable(z.toJSONSchema(rackSchema, { io: "input", reused: "inline" }) as Schema),
    "The lab carries the frames of a card itself where `latencyMs`, `jitterMs`, `vlan` or `bond` is said: the switch behind it is the kernel's bridge, which also does what `plugged`, `lossPercent` and `blockedForMs` say.",
  );
}

function machineConfig(): string {
  const { oneOf } = machineConfigJsonSchema() as { oneOf: readonly (Schema & { readonly title: string })[] };
  return page(
    "Machine config",
    "Every document that a config can have, and every field that is understood. What is not understood is refused.",
    "A node follows every change of what it uses at once, without a restart; [what `apply-config --mode` does](node.md#changing-a-nodes-config) is told elsewhere. What it keeps and does not use, it says when the config is applied:",
    markdownTable(
      ["kept, and not used", "because"],
      unusedSettings.map(([why, paths]) => [paths.map(unusedPath).join(", "), why]),
    ),
    ...oneOf.flatMap((document) => {
      const rows = fieldsOf(document).map(({ path, type, usual }) => [`\`${path}\``, type, usual]);
      return [`## ${document.title}`, markdownTable(["field", "what it can be", "unless said"], rows)];
    }),
  );
}

function unusedPath(path: string): string {
  const used = usedSettings.filter((it) => it.startsWith(`${path}.`)).map((it) => `\`${it}\``);
  return used.length === 0 ? `\`${path}\`` : `\`${path}\` (but ${used.join(", ")})`;
}

interface Operation {
  readonly summary: string;
  /** Of those that not everybody may ask. */
  readonly description?: string;
}

async function api(): Promise<string> {
  const { paths } = JSON.parse(await askProvisioner("/api/openapi.json")) as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  };
  const rows = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { summary, description = "nobody in particular" }]) => [
      `\`${method.toUpperCase()} ${path}\``,
      summary,
      description.replace(/^For the role (\w+) .*$/, "$1"),
    ]),
  );
  return page(
    "The HTTP API",
    "Bodies, answers and errors of each are at `/api/docs` and `/api/openapi.json` of a running provisioner.",
    markdownTable(["request", "what it does", "for the role, or a greater one"], rows),
  );
}

async function metrics(): Promise<string> {
  const ofPxe: Required<Parameters<StepCounters["text"]>[0]> = {
    ...{ steps_total: 0, downloaded_bytes_total: 0, dhcp_received_total: 0, dhcp_replied_total: 0 },
    ...{ dhcp_dropped_total: 0, dhcp_silent_total: 0, tftp_dropped_total: 0 },
    ...{ leases: 0, pool_addresses: 0, boots: 0 },
  };
  return page(
    "Metrics",
    "Prometheus reads them at `/metrics`.",
    "## The provisioner, with a reader's token",
    metricTable(await askProvisioner("/metrics")),
    "## A pxe-server, on its HTTP port",
    metricTable(new StepCounters().text(ofPxe)),
  );
}

/** Of a page in Prometheus' text format. */
function metricTable(text: string): string {
  const kinds = new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, kind]) => [name, kind]));
  const helps = new Map([...text.matchAll(/^# HELP (\S+) (.*)$/gm)].map(([, name, help]) => [name!, help!]));
  return markdownTable(
    ["metric", "kind", "meaning"],
    [...helps]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, help]) => [`\`${name}\``, kinds.get(name) ?? "", help]),
  );
}
