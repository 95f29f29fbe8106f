// PID 1 of a test machine: ours, whole, and one thing more: where the product restarts on Ctrl-Alt-Del, this one hangs.
// Nothing from outside can stop PID 1, and nothing in the product makes it hang; this is in no image but the test's.
import "../../os/machined/main.ts";

process.removeAllListeners("SIGINT");
process.on("SIGINT", () => {
  for (;;);
});
