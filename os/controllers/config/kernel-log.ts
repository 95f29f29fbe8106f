import { collectionController, controller } from "../../../cosi/engine/controller.ts";
import { many } from "../../../cosi/engine/owns.ts";
import { the } from "../../../cosi/engine/reads.ts";
import { kernelLogDestinations } from "../../../machine-config/settings/kernel-log.ts";
import { MachineConfig } from "../../resources/config/machine-config.ts";
import { KmsgLogSpec } from "../../resources/runtime/kernel.ts";
import { configIn } from "./config-in.ts";

/** Where the kernel's log is to be sent, by the kernel's arguments and by the config. */
export const kmsgLogSpecs = (fromArguments: readonly string[]) =>
  collectionController({
    name: "KmsgLogConfig",
    reads: { config: the(MachineConfig, "v1alpha1") },
    owns: many(KmsgLogSpec),
    reconcile({ config }) {
      const urls = [...fromArguments, ...(config ? kernelLogDestinations(configIn(config)) : [])];
      return { do: "set", outputs: Object.fromEntries(urls.map((url) => [url, { spec: { url } }])) };
    },
  });

/** Sends it there. `send` goes on until it is disposed of. */
export const kmsgLogs = (send: (url: string) => AsyncDisposable) => {
  const sending = new Map<string, AsyncDisposable>();
  return controller({
    name: "KmsgLogSpec",
    each: KmsgLogSpec,
    reconcile({ spec: { url } }) {
      if (!sending.has(url)) sending.set(url, send(url));
      return { do: "done" };
    },
    async teardown({ spec: { url } }) {
      await sending.get(url)?.[Symbol.asyncDispose]();
      sending.delete(url);
      return { do: "remove" };
    },
  });
};
