import { controller } from "../../../cosi/engine/controller.ts";
import { environmentSettings } from "../../../machine-config/settings/environment.ts";
import { MachineConfig } from "../../resources/config/machine-config.ts";
import { configIn } from "./config-in.ts";

const isOfProxies = /^(https?|no)_proxy$/i;

/** Has the node's own downloads go by the proxies that its config names. `use` answers what undoes it. */
export const proxies = (use: (environment: Readonly<Record<string, string>>) => () => void) => {
  let known = "[]";
  let undo: () => void = () => {};
  return controller({
    name: "Proxies",
    each: MachineConfig,
    reconcile(config) {
      // The others are for boots to come.
      if (config.metadata.id !== "v1alpha1") return { do: "done" };
      const named = Object.entries(environmentSettings(configIn(config)));
      const wanted = named.filter(([name]) => isOfProxies.test(name)).sort(([a], [b]) => (a < b ? -1 : 1));
      const version = JSON.stringify(wanted);
      if (version === known) return { do: "done" };
      undo();
      undo = wanted.length === 0 ? () => {} : use(Object.fromEntries(wanted));
      known = version;
      return { do: "done" };
    },
  });
};
