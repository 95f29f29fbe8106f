import { Command, InvalidArgumentError, Option } from "commander";
import { type ProfileName, profiles } from "../simulator/quirks.ts";
import type { SimulationWish } from "../simulator/simulate.ts";

const wholeNumber =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (text.trim() !== "" && Number.isInteger(value) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Not a whole number from ${least} to ${most}.`);
  };

/** `simulate` lasts until somebody ends it. */
export const simulateCommand = (simulate: (wish: SimulationWish) => Promise<void>): Command =>
  new Command("simulate")
    .description("emulate BMCs that misbehave as real ones do, over IPMI and Redfish, to try clients on")
    .addOption(
      new Option("--profile <name>", "how they misbehave").choices(Object.keys(profiles)).default("honest"),
    )
    .addOption(new Option("--count <number>", "how many").argParser(wholeNumber(1, 10_000)).default(1))
    .option("--address <address>", "where", "127.0.0.1")
    .addOption(
      new Option("--ipmi-port <port>", "of the first; the others have those after it, and 0 is any")
        .argParser(wholeNumber(0, 65_535))
        .default(6230),
    )
    .addOption(
      new Option("--redfish-port <port>", "the same for Redfish")
        .argParser(wholeNumber(0, 65_535))
        .default(7443),
    )
    .action(({ profile, ...wish }: Omit<SimulationWish, "quirks"> & { profile: ProfileName }) =>
      simulate({ ...wish, quirks: profiles[profile] }),
    );
