import { z } from "zod";
import { saneSerial, saneUuid } from "../decisions/identity.ts";
import { labels } from "../resources/labels.ts";

// oxlint-disable-next-line no-control-regex -- control characters are what is refused
const printable = z.string().regex(/^[^\u0000-\u001f\u007f]*$/u, "no control characters");
const word = printable.min(1);

/** As people and switches write them: `AA-BB-CC-DD-EE-FF`, `aabb.ccdd.eeff`. */
const mac = z
  .string()
  .transform((text) => text.toLowerCase().replaceAll(/[^0-9a-f]/g, ""))
  .pipe(z.string().regex(/^[0-9a-f]{12}$/, "not a MAC address"))
  .transform((digits) => digits.match(/../g)!.join(":"));

const tls = z
  .string()
  .regex(/^(system|off|[0-9a-fA-F:]{64,95})$/, "`system`, `off`, or the SHA-256 of its certificate")
  .transform((text) =>
    text === "system" || text === "off"
      ? ({ verify: text } as const)
      : ({ verify: "fingerprint", sha256: text.toLowerCase().replaceAll(":", "") } as const),
  )
  .refine(
    (value) => value.verify !== "fingerprint" || value.sha256.length === 64,
    "a SHA-256 has 64 hexadecimal digits",
  );

/** A machine that somebody knows before it was ever seen: one row of a CSV, or one member of a YAML list. */
export const registration = z
  .strictObject({
    name: word.max(63).optional(),
    uuid: z
      .string()
      .transform((text) => text.trim().toLowerCase())
      .refine((text) => saneUuid(text) !== undefined, "not a UUID, or one that whole series of boards share")
      .optional(),
    serial: word
      .refine((text) => saneSerial(text) !== undefined, "a placeholder, not a serial number")
      .optional(),
    macs: z.array(mac).default([]),
    bmc: z
      .strictObject({
        address: word,
        port: z.coerce.number().pipe(z.int().min(1).max(65_535)).optional(),
        driver: z.enum(["automatic", "redfish", "ipmi"]).default("automatic"),
        user: word,
        password: z.string(),
        tls: tls.default({ verify: "system" }),
      })
      .optional(),
    /** Said now, so that nobody has to when it appears. */
    accept: z
      .union([
        z.boolean(),
        z.enum(["true", "false", "yes", "no"]).transform((text) => text === "true" || text === "yes"),
      ])
      .default(false),
    labels: labels.default({}),
  })
  .refine(({ uuid, serial, macs }) => uuid !== undefined || serial !== undefined || macs.length > 0, {
    message: "nothing to know it by: a UUID, a serial number or a MAC address",
  });

export type Registration = z.output<typeof registration>;
