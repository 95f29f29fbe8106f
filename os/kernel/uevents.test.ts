import { spawnSync } from "node:child_process";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseUevent } from "./uevents.ts";

const bytes = (text: string) => Buffer.from(text);

describe("uevents", () => {
  test("are read as the kernel writes them", () => {
    const uevent = parseUevent(bytes("add@/devices/pci0/0000:00:03.0\0ACTION=add\0MODALIAS=pci:v8086\0"));
    expect(uevent).toMatchObject({ action: "add", path: "/devices/pci0/0000:00:03.0" });
    expect(uevent?.properties.get("MODALIAS")).toBe("pci:v8086");
  });

  test.each(["", "@", "libudev\0\xfe\xed", "no sign at all\0A=b"])("%j is none", (text) => {
    expect(parseUevent(bytes(text))).toBeUndefined();
  });

  test("any bytes are read or passed over", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100, size: "max" }), (any) => {
        parseUevent(any);
      }),
    );
  });

  test("tell of a network interface that appears", () => {
    const { stdout, stderr } = spawnSync(
      "unshare",
      [
        ...["--user", "--map-root-user", "--net", process.execPath, "--input-type=module", "--eval"],
        `import { execFileSync } from "node:child_process";
         import { Uevents } from "./uevents.ts";
         const first = Promise.withResolvers();
         using uevents = new Uevents({ seen: ({ action, properties }) => { if (properties.get("INTERFACE") === "late") first.resolve([action, properties.get("SUBSYSTEM")]); }, overrun() {}, failed: first.reject });
         execFileSync("ip", ["link", "add", "late", "type", "veth", "peer", "name", "far"]);
         console.log(JSON.stringify(await first.promise));`,
      ],
      { encoding: "utf8", cwd: import.meta.dirname, timeout: 25_000, killSignal: "SIGKILL" },
    );
    expect({ stdout, stderr }).toEqual({ stdout: '["add","net"]\n', stderr: "" });
  });
});
