// What a BMC tells over Redfish to anybody who asks.
import { type Absent, absent } from "../bmc.ts";
import { rootPath } from "./driver.ts";
import { RedfishError } from "./error.ts";
import { type HttpsOptions, httpsExchange } from "./https-exchange.ts";
import { serviceRoot } from "./resources.ts";
import { RedfishService } from "./service.ts";

export interface RedfishProbe {
  readonly version: string | undefined;
  readonly vendor: string | undefined;
  readonly product: string | undefined;
  /** SHA-256 of its certificate, for pinning once somebody has compared it. */
  readonly fingerprint: string | undefined;
}

export interface RedfishProbeOptions extends Omit<HttpsOptions, "trust" | "onCertificate"> {
  readonly signal?: AbortSignal | undefined;
}

export async function probeRedfish(options: RedfishProbeOptions): Promise<RedfishProbe | Absent> {
  let fingerprint: string | undefined;
  const exchange = httpsExchange({
    ...options,
    // Nothing secret is said.
    trust: { by: "nothing" },
    onCertificate: (sha256) => (fingerprint = sha256),
  });
  await using service = new RedfishService({
    exchange,
    clock: options.clock,
    signal: options.signal,
    credentials: { user: "", password: "" },
    onWarning: () => {},
  });
  try {
    const { RedfishVersion, Vendor, Product } = await service.get(rootPath, serviceRoot);
    return { version: RedfishVersion, vendor: Vendor, product: Product, fingerprint };
  } catch (error) {
    if (!(error instanceof RedfishError)) throw error;
    return absent(error.message);
  }
}
