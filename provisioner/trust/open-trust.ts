import { randomBytes } from "node:crypto";
import type { Clock } from "../../cosi/clock.ts";
import type { State } from "../../cosi/state.ts";
import { AlreadyExists } from "../../cosi/state-errors.ts";
import { type Authority, createAuthority, openAuthority } from "../../pki/authority.ts";
import { Trust } from "../resources/trust.ts";

export interface OpenTrust {
  readonly authority: Authority;
  readonly bootTokenKey: Uint8Array;
}

export const trustId = "machines";

/** The authority of this store; made at its first start, and by one of several provisioners that start at once. */
export async function openTrust(state: State, clock: Pick<Clock, "now">): Promise<OpenTrust> {
  const known = await state.find(Trust, trustId);
  if (known) {
    const { certificate: crt, key, bootTokenKey } = known.spec;
    return {
      authority: openAuthority({ crt, key, clock }),
      bootTokenKey: Buffer.from(bootTokenKey, "base64"),
    };
  }
  const { certificate, key } = await createAuthority({
    algorithm: "ecdsa-p256",
    clock,
    commonName: "Ingot machines",
  });
  const spec = {
    certificate: certificate.pem,
    fingerprint: certificate.fingerprint,
    key: key.pkcs8Pem,
    bootTokenKey: randomBytes(32).toString("base64"),
  };
  try {
    await state.create(Trust, trustId, { spec });
  } catch (error) {
    if (!(error instanceof AlreadyExists)) throw error;
  }
  return openTrust(state, clock);
}
