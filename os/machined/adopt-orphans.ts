import type { ChildProcess } from "node:child_process";
import { reapOrphans } from "../kernel/orphans.ts";

export interface Orphans {
  /** Says that this child is Node's own: libuv takes its exit. Returns the child. */
  track<Child extends ChildProcess>(child: Child): Child;
}

/** Makes PID 1 a good parent: exited orphans are reaped, and no exit of Node's own children is lost. */
export function adoptOrphans(signals: Pick<NodeJS.EventEmitter, "on">): Orphans {
  const own = new Set<number>();
  const reap = () => {
    reapOrphans((pid) => own.has(pid));
  };
  signals.on("SIGCHLD", () => setImmediate(reap));
  return {
    track(child) {
      if (child.pid === undefined) return child;
      const { pid } = child;
      own.add(pid);
      child.once("exit", () => {
        own.delete(pid);
        // An orphan that exited meanwhile stood behind this child.
        setImmediate(reap);
      });
      return child;
    },
  };
}
