// Which protocol a BMC is spoken to by: as configured, or whichever answers. Asked anew at every opening, never
// remembered: Redfish appears with a firmware update and disappears with a licence.
import type { Bmc } from "./bmc.ts";

export type Protocol = Bmc["protocol"];

export interface OpenOptions {
  /** In order of preference. One alone is a configured protocol; several allow failing over. */
  readonly protocols: readonly Protocol[];
  readonly drivers: { readonly [P in Protocol]?: () => Promise<Bmc> };
  /** Whoever gave up wants no other protocol tried. */
  readonly signal?: AbortSignal | undefined;
  readonly onFailOver?: ((from: Protocol, why: string) => void) | undefined;
}

/** Redfish says more and is encrypted by default; IPMI is everywhere. */
export const preference: readonly Protocol[] = ["redfish", "ipmi"];

export async function openBmc({ protocols, drivers, signal, onFailOver }: OpenOptions): Promise<Bmc> {
  const failures: Error[] = [];
  const spoken = protocols.filter((protocol) => drivers[protocol]);
  const last = spoken.at(-1);
  for (const protocol of spoken) {
    try {
      return await drivers[protocol]!();
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      if (forbidsAnotherDoor(error) || signal?.aborted) throw error;
      failures.push(error);
      if (protocol !== last) onFailOver?.(protocol, error.message);
    }
  }
  if (failures.length === 1) throw failures[0]!;
  const reasons =
    failures.map(({ message }) => message).join("; ") || `nobody speaks ${protocols.join(" or ")} here`;
  throw new AggregateError(failures, `Cannot open the BMC: ${reasons}`);
}

/**
 * The BMC is there and said no: another wrong password may lock the account. Or whoever is there may not be the BMC, and
 * an impostor who is offered a weaker protocol instead has what he came for.
 */
const forbidsAnotherDoor = (error: Error) =>
  "kind" in error && (error.kind === "credentials" || error.kind === "untrusted");
