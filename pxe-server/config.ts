// boot.yaml: what the pxe-server does on its own.
import { parse } from "yaml";
import { z } from "zod";
import { bootRule } from "./boot-rules.ts";
import { dhcpMode } from "./dhcp/network.ts";

export const segment = z.strictObject({
  interface: z.string().regex(/^[^\s/]{1,15}$/),
  /** Ours on that interface. */
  address: z.ipv4(),
  dhcp: dhcpMode.default({ mode: "proxy" }),
  /** Tell booting machines, which ask for an IPv6 router and wait 13 s, that there is none. */
  routerAnswers: z.boolean().default(true),
});

export const pxeConfig = z.strictObject({
  segments: z
    .array(segment)
    .min(1)
    .refine(
      (segments) => new Set(segments.map(({ interface: device }) => device)).size === segments.length,
      "an interface is in it twice: a network has one DHCP server of ours",
    ),
  http: z.strictObject({ port: z.int().min(1).max(65_535).default(8080) }).prefault({}),
  /** Besides HTTP, for firmware whose owner enrolled the certificate's authority. iPXE trusts public ones alone. */
  https: z
    .strictObject({
      port: z.int().min(1).max(65_535).default(8445),
      /** PEM files, beside boot.yaml or absolute. */
      certificate: z.string().min(1),
      key: z.string().min(1),
      /** The name that the certificate is for; without it, our address on each segment. */
      host: z
        .string()
        .regex(/^[A-Za-z0-9]([A-Za-z0-9.-]{0,252})$/)
        .optional(),
      /** Who is sent there: HTTP Boot firmware for its loader, or iPXE for everything as well. */
      offeredTo: z.enum(["firmware", "everybody"]).default("firmware"),
    })
    .optional(),
  tftp: z
    .strictObject({
      port: z.int().min(1).max(65_535).default(69),
      /** Threads for transfers; 0 keeps them on the thread that answers everything else. */
      workers: z.int().min(0).max(64).default(1),
      /** All packets on one port, for firewalls that know nothing of TFTP. */
      singlePort: z.boolean().default(false),
      maxBlockSize: z.int().min(512).max(65_464).default(1468),
      maxWindow: z.int().min(1).max(256).default(64),
    })
    .prefault({}),
  /** Files that Raspberry Pis boot by themselves: their firmware, and whatever it names. Beside boot.yaml. */
  raspberryPi: z.strictObject({ folder: z.string().min(1) }).optional(),
  /** Where leases are kept; without it they end with the process. */
  leases: z.string().min(1).optional(),
  /** What is kept of a provisioner's boot files. */
  cache: z
    .strictObject({
      diskMegabytes: z.int().min(1).default(8000),
      memoryMegabytes: z.int().min(1).default(1000),
    })
    .prefault({}),
  /** A unix socket where `pxe trace` follows the boots. */
  trace: z.string().min(1).optional(),
  rules: z.array(bootRule).default([]),
});
export type PxeConfig = z.infer<typeof pxeConfig>;

/** boot.yaml's text; `name` is for what is wrong in it. */
export function parseConfig(text: string, name: string): PxeConfig {
  const parsed = pxeConfig.safeParse(parse(text));
  if (parsed.success) return parsed.data;
  throw new Error(`Cannot use ${name}:\n${z.prettifyError(parsed.error)}`);
}
