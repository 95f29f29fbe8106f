/**
 * The controllers that hold every machine, by their names. A machine that is made with all of their finalizers is not
 * written once more for each of them, with everybody looking at it again each time.
 */
export const machineHolds: readonly string[] = [
  "Admission",
  "Life",
  "BmcAccount",
  "Wipe",
  "Power",
  "AgentCommand",
  "Removal",
];
