import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { breaches, circles, law } from "./import-law.ts";

const root = join(import.meta.dirname, "..");
const files = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "*.ts", "*.tsx"], {
  cwd: root,
  encoding: "utf8",
})
  .split("\n")
  .filter((file) => file !== "" && existsSync(join(root, file)));

const statement = (target: string) => `import { x } from "${target}";`;
const dynamic = (target: string) => `const { x } = await import("${target}");`;
const reExport = (target: string) => `export { x } from "${target}";`;

const sources = files.map((file) => ({ file, text: readFileSync(join(root, file), "utf8") }));

describe("the import law", () => {
  test("holds in the whole house", () => {
    expect(files.length).toBeGreaterThan(0);
    expect(breaches(sources)).toEqual([]);
  });

  test("has no file that needs itself, by whatever way around", () => {
    expect(circles(sources.filter(({ file }) => !file.includes("/gen/")))).toEqual([]);
    const source = (file: string, ...targets: readonly string[]) => ({
      file,
      text: targets.map((target) => statement(target)).join("\n"),
    });
    const chain = [source("a/x.ts", "./y.ts", "./z.ts"), source("a/y.ts", "../b/z.ts"), source("a/z.ts")];
    expect(circles([...chain, source("b/z.ts", "../a/y.ts")])).toEqual([["a/y.ts", "b/z.ts"]]);
    expect(circles([...chain, source("b/z.ts", "../a/z.ts")])).toEqual([]);
  });

  test("knows every room", () => {
    const rooms = new Set(files.filter((file) => file.includes("/")).map((file) => file.split("/")[0]!));
    expect([...rooms].filter((room) => !(room in law))).toEqual([]);
  });

  test.each([
    ["a codec reaching into the provisioner", "wire/codec.ts", statement("../provisioner/main.ts")],
    [
      "pxe-server importing the api outside its seam",
      "pxe-server/dhcp/serve.ts",
      statement("../../api/gen/boot.ts"),
    ],
    [
      "a decision importing a controller",
      "provisioner/decisions/wipe.ts",
      statement("../controllers/wipe.ts"),
    ],
    ["a dynamic import", "bmc/open.ts", dynamic("../cosi/store.ts")],
    ["a re-export", "pki/certificate.ts", reExport("../wire/codec.ts")],
    ["product code using the workshop", "wire/codec.ts", statement("../workshop/mutate.ts")],
  ])("forbids %s", (_, file, text) => {
    expect(breaches([{ file, text }])).toHaveLength(1);
  });

  test.each([
    ["the seam of the pxe-server", "pxe-server/remote-booter.ts", statement("../api/gen/boot.ts")],
    ["a decision reading resources", "provisioner/decisions/wipe.ts", statement("../resources/machine.ts")],
    ["a fuzz script using the workshop", "wire/wire.fuzz.ts", statement("../workshop/mutate.ts")],
    ["a package", "wire/codec.ts", statement("zod")],
  ])("allows %s", (_, file, text) => {
    expect(breaches([{ file, text }])).toEqual([]);
  });
});
