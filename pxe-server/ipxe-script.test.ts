import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { entryScript, holdScript, planScript, screenText } from "./ipxe-script.ts";

const context = {
  bootUrl: "http://192.0.2.1:8080/boot.ipxe",
  bootId: "b1",
  urlOf: (asset: string) => `http://192.0.2.1:8080/boots/b1/${asset}`,
};
const why = "rule lab";

describe("entryScript", () => {
  const lines = entryScript(context).split("\n");

  test("begins as iPXE demands", () => expect(lines[0]).toBe("#!ipxe"));

  test("tries every interface that has a link", () => {
    expect(lines.join("\n")).not.toContain("iflinkwait");
    expect(lines).toContain("isset ${net${nic}/mac} || goto none");
    expect(lines).toContain("goto nic");
  });

  test("tells who the machine is, with what a vendor typed escaped", () => {
    const chain = lines.find((line) => line.startsWith("chain"))!;
    for (const part of [
      "uuid=${uuid}",
      "mac=${netX/mac:hexhyp}",
      "serial=${serial:uristring}",
      "product=${product:uristring}",
      "buildarch=${buildarch}",
      "platform=${platform}",
      "${net7/mac:hexhyp}",
    ]) {
      expect(chain).toContain(part);
    }
  });

  test("jumps only to labels that it has", () => {
    for (const [, label] of entryScript(context).matchAll(/goto (\w+)/g))
      expect(lines).toContain(`:${label}`);
  });
});

describe("planScript", () => {
  test("boots a kernel with its initramfs and arguments", () => {
    const script = planScript(
      {
        do: "kernel",
        why,
        kernel: "vmlinuz",
        initrds: ["a.zst", "b.zst"],
        args: [{ name: "quiet" }, { name: "console", value: "ttyS0" }],
      },
      context,
    );
    expect(script.split("\n").slice(0, 7)).toEqual([
      "#!ipxe",
      "echo Ingot b1: rule lab",
      "imgfree",
      "kernel --name kernel http://192.0.2.1:8080/boots/b1/vmlinuz initrd=initrd0 initrd=initrd1 quiet console=ttyS0 || goto failed",
      "initrd --name initrd0 http://192.0.2.1:8080/boots/b1/a.zst || goto failed",
      "initrd --name initrd1 http://192.0.2.1:8080/boots/b1/b.zst || goto failed",
      "boot || goto failed",
    ]);
  });

  test.each([
    ["exit", "exit"],
    ["exit", "iseq ${platform} efi && exit 1 ||"],
    ["sanboot", "iseq ${platform} pcbios && sanboot --no-describe --drive 0x80 ||"],
    ["sanboot", "iseq ${platform} efi && exit 1 ||"],
    ["http-404", "exit 1"],
  ] as const)("leaves to the disk by %s", (method, line) => {
    expect(planScript({ do: "disk", why, method }, context).split("\n")).toContain(line);
  });

  test("chains to an address with iPXE's own variables", () => {
    const url = "https://factory.example/pxe/abc/metal-amd64?mac=${mac:hexhyp}";
    expect(planScript({ do: "chain", why, url }, context)).toContain(
      `chain --replace --autofree ${url} || goto failed`,
    );
  });

  test.each([
    "file:///etc/shadow",
    "http://x/\nshell",
    "http://x/ && shell",
    "http://x/${cwuri}",
    'http://x/"',
  ])("refuses to chain to %j", (url) => {
    expect(() => planScript({ do: "chain", why, url }, context)).toThrow("Cannot");
  });

  test("refuses an asset whose address is more than one word", () => {
    const plan = { do: "kernel", why, kernel: "a b", initrds: [], args: [] } as const;
    expect(() => planScript(plan, context)).toThrow("not a single plain word");
  });
});

const lineCount = (why: string) => holdScript(why, { ...context, retryAfterS: 5 }).split("\n").length;

describe("foreign text on the screen", () => {
  test("cannot add a line, a variable or an operator", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 400 }), (text) => {
        const shown = screenText(text);
        expect(shown).not.toMatch(/[\r\n$&|"'\\`#]/);
        expect(lineCount(text)).toBe(lineCount("plain"));
      }),
    );
  });

  test("shows the reason and our address, and tries again", () => {
    const script = holdScript("waiting to be accepted", { ...context, retryAfterS: 7 });
    expect(script).toContain("echo Ingot: waiting to be accepted");
    expect(script).toContain("echo Asked: http://192.0.2.1:8080/boot.ipxe");
    expect(script).toContain("prompt --key s --timeout 7000 && shell ||");
  });
});
