// Programs at both ends of real network cables, for tests: a shell script in a network of its own, where hosts are
// namespaces and cables are veth pairs. Everything ends with the script, however it ends, and nothing is on the host.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { whyNoNamespaces } from "./in-namespaces.ts";

export interface Wires {
  /** For files of the script; `$dir` in it. */
  readonly folder: string;
  /** Shell. Knows `host`, `cable`, `move`, `on` and `background`. */
  readonly script: string;
  readonly timeoutMs?: number;
}

export const mayWire = whyNoNamespaces() === undefined;

/**
 * `host` makes one, `on` runs something there. `cable s0 client c0` ends here in s0 and on the host `client` in c0.
 * `move s0 relay` gives this end to another host.
 * `background` starts a server and returns when it has said `$ready` (a shell pattern) on its standard error; `$!` is
 * its process, and what it says is in `$dir/said`, its output in `$dir/log`.
 */
const vocabulary = `
host() {
  unshare -n --kill-child sh -c "echo \\$\\$ > $dir/$1.pid.new; mv $dir/$1.pid.new $dir/$1.pid; exec sleep 300" &
  until [ -s $dir/$1.pid ]; do :; done
  on $1 ip link set lo up
}
on() { _host=$1; shift; nsenter -t $(cat $dir/$_host.pid) -n "$@"; }
cable() {
  ip link add $1 type veth peer name $3
  ip link set $3 netns $(cat $dir/$2.pid)
  [ -z "$4" ] || on $2 ip link set $3 address $4
  ip link set $1 up
  on $2 ip link set $3 up
}
move() { ip link set $1 netns $(cat $dir/$2.pid); on $2 ip link set $1 up; }
background() {
  rm -f $dir/fifo
  mkfifo $dir/fifo
  "$@" >> $dir/log 2> $dir/fifo &
  server=$!
  exec 3< $dir/fifo
  while read -r line <&3; do
    echo "$line" >> $dir/said
    case "$line" in $ready) break ;; esac
  done
  cat <&3 >> $dir/said &
}
ip link set lo up
`;

/** Resolves to what the script wrote. */
export async function onWires({ folder, script, timeoutMs = 25_000 }: Wires): Promise<string> {
  const text = `set -e\ndir=${folder}\nready='*ready*'\n${vocabulary}\n${script}`;
  const user = process.getuid?.() === 0 ? [] : ["-Ur"];
  const { stdout } = await promisify(execFile)(
    "unshare",
    [...user, "-nm", "--mount-proc", "--kill-child", "--fork", "--pid", "sh", "-c", text],
    { timeout: timeoutMs, killSignal: "SIGKILL", maxBuffer: 16 << 20 },
  );
  return stdout;
}
