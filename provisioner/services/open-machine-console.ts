import { type Absent, type Bmc, type ConsoleStream, isAbsent } from "../../bmc/bmc.ts";
import type { SpecOf } from "../../cosi/resource.ts";
import type { BmcConfig } from "../resources/bmc-config.ts";

type Config = SpecOf<typeof BmcConfig>;

/** A console has a session of its own: it lasts, and nothing else shall wait for its end. */
export const openMachineConsole =
  (open: (config: Config, machine: string) => Promise<Bmc>) =>
  async (
    machine: string,
    config: Config,
    options: { readonly takeOver: boolean },
  ): Promise<ConsoleStream | Absent> => {
    // Redfish carries none; where both are tried, this is for the other.
    const driver = config.driver === "automatic" ? "ipmi" : config.driver;
    await using opened = new AsyncDisposableStack();
    const bmc = opened.use(await open({ ...config, driver }, machine));
    const stream = await bmc.console.open(options);
    if (isAbsent(stream)) return stream;
    opened.use(stream);
    const held = opened.move();
    return {
      output: stream.output,
      write: (bytes) => stream.write(bytes),
      [Symbol.asyncDispose]: () => held.disposeAsync(),
    };
  };
