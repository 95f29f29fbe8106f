import type { Bmc } from "../bmc.ts";
import { redfishBmc } from "./driver.ts";
import { type HttpsOptions, httpsExchange } from "./https-exchange.ts";
import type { RedfishCredentials } from "./login.ts";
import { type RedfishPatience, RedfishService } from "./service.ts";

export interface RedfishOptions extends HttpsOptions, RedfishCredentials {
  /** Which server is meant, where several stand behind one service. */
  readonly systemUuid?: string | undefined;
  readonly patience?: RedfishPatience | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onWarning?: ((warning: string) => void) | undefined;
}

/** A BMC over Redfish, in a session that closes with it. */
export async function openRedfish(options: RedfishOptions): Promise<Bmc> {
  const { clock, user, password, patience, signal, systemUuid, onWarning = () => {} } = options;
  const exchange = httpsExchange(options);
  const service = new RedfishService({
    exchange,
    clock,
    credentials: { user, password },
    patience,
    signal,
    onWarning,
  });
  try {
    return await redfishBmc(service, systemUuid);
  } catch (error) {
    await service[Symbol.asyncDispose]();
    throw error;
  }
}
