// The emulated service without a network in between: what benchmarks of the client itself and fuzzing talk to.

import { RedfishError } from "../../redfish/error.ts";
import type { Exchange } from "../../redfish/exchange.ts";
import type { RedfishEngine } from "./engine.ts";

export const insideExchange = (engine: RedfishEngine): Exchange => ({
  peer: "https://inside",
  async send({ method, path, headers, body = "" }) {
    const answer = engine.receive({ method, path, headers, body: Buffer.from(body) });
    if (!answer)
      throw new RedfishError({ kind: "noAnswer", message: "Cannot reach https://inside: it hangs" });
    return answer;
  },
  async [Symbol.asyncDispose]() {},
});
