import { collectionController, controller } from "../../../cosi/engine/controller.ts";
import { many } from "../../../cosi/engine/owns.ts";
import { the } from "../../../cosi/engine/reads.ts";
import type { SpecOf } from "../../../cosi/resource.ts";
import { logDestinations } from "../../../machine-config/settings/logging.ts";
import { MachineConfig } from "../../resources/config/machine-config.ts";
import { LogDestinationSpec } from "../../resources/runtime/log-destination.ts";
import { configIn } from "./config-in.ts";

/** Where what services say is to be sent. */
export const logDestinationSpecs = collectionController({
  name: "LogDestinationConfig",
  reads: { config: the(MachineConfig, "v1alpha1") },
  owns: many(LogDestinationSpec),
  reconcile({ config }) {
    const wanted = config ? logDestinations(configIn(config)) : [];
    const outputs = wanted.map(({ url, tags }) => [url, { spec: { url, tags: { ...tags } } }] as const);
    return { do: "set", outputs: Object.fromEntries(outputs) };
  },
});

type Destination = SpecOf<typeof LogDestinationSpec>;

/** Sends it there. `send` goes on until it is disposed of. */
export const serviceLogs = (send: (destination: Destination) => AsyncDisposable) => {
  const sending = new Map<string, { sender: AsyncDisposable; version: string }>();
  const stop = async (url: string) => {
    await sending.get(url)?.sender[Symbol.asyncDispose]();
    sending.delete(url);
  };
  return controller({
    name: "LogDestinationSpec",
    each: LogDestinationSpec,
    async reconcile({ spec }) {
      const version = JSON.stringify(spec);
      if (sending.get(spec.url)?.version === version) return { do: "done" };
      await stop(spec.url);
      sending.set(spec.url, { sender: send(spec), version });
      return { do: "done" };
    },
    async teardown({ spec: { url } }) {
      await stop(url);
      return { do: "remove" };
    },
  });
};
