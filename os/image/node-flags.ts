/**
 * How PID 1's Node is started. Of V8's flags only those that do not change code: with any other V8 takes neither Node's
 * own compiled code nor ours, and the start takes half as long again.
 */
export const nodeFlags: readonly string[] = [
  "--disable-sigusr1",
  // Memory before speed: PID 1 lives as long as the machine, and what it starts needs the rest.
  "--max-semi-space-size=1",
];
