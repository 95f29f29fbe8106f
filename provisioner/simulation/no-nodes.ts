import type { NodeCommands } from "../controllers/node-command-controller.ts";

const nobody = () => Promise.reject(new Error("Cannot reach it: there are no nodes here"));

/** For sites whose systems are in no cluster. */
export const noNodes: NodeCommands = {
  reset: nobody,
  answers: nobody,
  upgrade: nobody,
  upgradeOutcome: nobody,
};
