/** The button, the light and the boot order of a machine, as its BMC offers them. Each call is one command to it. */
export interface MachinePower {
  /** `changing`: ask again in a moment. */
  read(signal: AbortSignal): Promise<"on" | "off" | "changing">;
  /** `softOff` asks the operating system, where the BMC can; else it is `off`. */
  press(button: "on" | "off" | "softOff" | "cycle", signal: AbortSignal): Promise<void>;
  /** The next boot is from the network. Resolves to why not, where the BMC cannot. */
  networkBootOnce(signal: AbortSignal): Promise<string | undefined>;
}
