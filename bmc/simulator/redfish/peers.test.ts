// Clients and judges of other authors take the emulated service for a real one.
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { pythonPackage } from "../../../workshop/python-packages.ts";
import { makeTestAuthority, type TestAuthority } from "../../../workshop/test-certificates.ts";
import { systemClock } from "../../system-clock.ts";
import { SimulatedChassis } from "../chassis.ts";
import { openRedfishRack, type RedfishRack, type RedfishServer } from "./rack.ts";

const run = promisify(execFile);
const timeout = 60_000;

let authority: TestAuthority;
let rack: RedfishRack;
let chassis: SimulatedChassis;
let server: RedfishServer;
beforeAll(async () => {
  authority = await makeTestAuthority();
  rack = openRedfishRack({ ...(await authority.issue("bmc")), randomBytes });
});
afterAll(async () => {
  await rack[Symbol.asyncDispose]();
  await authority[Symbol.asyncDispose]();
});
beforeEach(async () => {
  chassis = new SimulatedChassis({ clock: systemClock });
  chassis.log({ sensor: "CPU Temp", message: "hot", grade: "warning" });
  server = await rack.serve(chassis);
});
afterEach(() => server[Symbol.asyncDispose]());

/** Python's requests trust who these say, whatever they are told otherwise. */
const trusting = () => ({
  ...process.env,
  REQUESTS_CA_BUNDLE: authority.certificateFile,
  CURL_CA_BUNDLE: authority.certificateFile,
});

test("redfishtool works the power and the boot override", { timeout }, async () => {
  const target = ["-r", `127.0.0.1:${server.port}`, "-u", "admin", "-p", "secret", "-S", "Always"];
  const redfishtool = async (...args: readonly string[]) =>
    (await run("redfishtool", [...target, ...args], { timeout, env: trusting() })).stdout;
  await redfishtool("Systems", "-1", "setBootOverride", "Once", "Pxe");
  expect(chassis.bootOverride).toMatchObject({ device: "pxe", lasting: "once" });
  await redfishtool("Systems", "-1", "reset", "On");
  expect(chassis.powered).toBe(true);
  expect(await redfishtool("Systems", "-1")).toContain('"PowerState": "On"');
  await redfishtool("Systems", "-1", "reset", "ForceOff");
  expect(chassis.powered).toBe(false);
  expect(await redfishtool("Chassis", "-1", "Thermal")).toMatch(/"Name": "CPU Temp"/);
});

test("sushy works power, boot, virtual media, Secure Boot and sensors", { timeout }, async () => {
  const program = `
import sushy
root = sushy.Sushy("https://127.0.0.1:${server.port}/redfish/v1", username="admin", password="secret")
system = root.get_system("/redfish/v1/Systems/1")
print(system.power_state, system.uuid)
system.reset_system(sushy.RESET_ON)
system.set_system_boot_options(sushy.BOOT_SOURCE_TARGET_PXE, enabled=sushy.BOOT_SOURCE_ENABLED_CONTINUOUS, mode=sushy.BOOT_SOURCE_MODE_UEFI)
system.refresh()
print(system.power_state, system.boot["target"], system.boot["mode"], system.secure_boot.enabled)
drive = root.get_manager("/redfish/v1/Managers/1").virtual_media.get_members()[0]
drive.insert_media("http://192.0.2.1/a.iso")
drive.refresh()
print(drive.image, drive.inserted)
drive.eject_media()
print(root.get_chassis("/redfish/v1/Chassis/1").thermal.temperatures[0].reading_celsius)
`;
  const { stdout } = await run("/usr/bin/python3", ["-c", program], { timeout, env: trusting() });
  expect(stdout).toContain(`PowerState.OFF ${chassis.furniture.identity.uuid}`);
  expect(stdout).toContain("PowerState.ON BootSource.PXE BootSourceOverrideMode.UEFI False");
  expect(stdout).toContain("http://192.0.2.1/a.iso True");
  expect(stdout).toMatch(/^41$/m);
  expect(chassis.bootOverride).toEqual({ device: "pxe", lasting: "persistent", firmware: "uefi" });
  expect(server.media).toBeUndefined();
});

test("DMTF's Redfish-Protocol-Validator finds nothing to fail", { timeout: 300_000 }, async ({ skip }) => {
  const validator = await pythonPackage("redfish_protocol_validator==1.3.2");
  if (typeof validator === "string") return skip(validator);
  const report = await mkdtemp(join(tmpdir(), "redfish-report-"));
  try {
    const target = ["--user", "admin", "--password", "secret", "--rhost", `https://127.0.0.1:${server.port}`];
    const how = ["--no-cert-check", "--avoid-http-redirect", "--report-dir", report, "--report-type", "tsv"];
    const program = [validator.program("rf_protocol_validator"), ...target, ...how];
    const { stdout } = await run("python3", program, {
      timeout: 120_000,
      env: { ...trusting(), ...validator.environment },
    });
    const [table = ""] = (await readdir(report)).filter((name) => name.endsWith(".tsv"));
    const rows = (await readFile(join(report, table), "utf8")).split("\n");
    expect(rows.filter((row) => /\t(FAIL|WARN)\t/.test(row))).toEqual([]);
    expect(Number(/PASS: (\d+)/.exec(stdout)?.[1])).toBeGreaterThan(300);
  } finally {
    await rm(report, { recursive: true });
  }
});

const schemas = "https://redfish.dmtf.org/schemas/DSP8010.zip";
/** A folder with the CSDL files of DSP8010, where that cannot be reached. */
const schemaFolder = process.env["REDFISH_SCHEMAS"];

async function schemaOptions(): Promise<readonly string[] | undefined> {
  if (schemaFolder !== undefined) return ["--schema_directory", schemaFolder, "--skipschema"];
  const answer = await fetch(schemas, { method: "HEAD", signal: AbortSignal.timeout(5_000) }).catch(
    () => undefined,
  );
  return answer?.ok ? [] : undefined;
}

test("DMTF's Redfish-Service-Validator finds nothing to fail", { timeout: 600_000 }, async ({ skip }) => {
  const options = await schemaOptions();
  if (!options)
    return skip(
      "DMTF's schemas cannot be fetched from redfish.dmtf.org, and REDFISH_SCHEMAS names no folder",
    );
  const validator = await pythonPackage("redfish_service_validator==3.1.8");
  if (typeof validator === "string") return skip(validator);
  const folder = await mkdtemp(join(tmpdir(), "redfish-report-"));
  try {
    const target = ["--user", "admin", "--password", "secret", "--rhost", `https://127.0.0.1:${server.port}`];
    const program = [validator.program("rf_service_validator"), ...target, ...options, "--logdir", folder];
    const { stdout } = await run("python3", program, {
      cwd: folder,
      timeout: 500_000,
      env: { ...trusting(), ...validator.environment },
    });
    expect(stdout.split("\n").filter((line) => /Fail: [1-9]/.test(line))).toEqual([]);
    const [, passed, , failed] = /^\|\s+(\d+)\s+\|\s+(\d+)\s+\|\s+(\d+)\s+\|/m.exec(stdout) ?? [];
    expect([Number(passed) > 400, failed]).toEqual([true, "0"]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
