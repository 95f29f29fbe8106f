// What a system asks that is being installed: its config, once; and what it tells: that it is there.
import type { Clock } from "../../cosi/clock.ts";
import type { State } from "../../cosi/state.ts";
import { recordInstallation } from "../controllers/record-installation.ts";
import { gatherFacts } from "../decisions/facts.ts";
import { findSecrets } from "../profiles/cluster-secrets.ts";
import { servedConfig } from "../profiles/render.ts";
import type { MachineIdentity } from "../resources/machine-identity.ts";
import { Profile } from "../resources/profile.ts";
import { type BootToken, readBootToken, signBootToken, type TokenUse } from "../trust/boot-token.ts";
import { phoneHomeAddress, phoneHomeLifeMs, type readInstallAddress } from "./install-addresses.ts";
import { type MachineRecords, recordsOf } from "./machine-records.ts";
import type { MachineRegistry } from "./machine-registry.ts";
import { recordEvent } from "./record-event.ts";
import { spend } from "./spend-boot-token.ts";

export interface InstallAnswer {
  readonly status: 200 | 403 | 404 | 409 | 410;
  readonly type: "application/yaml" | "text/plain";
  readonly text: string;
}

export interface InstallDeskOptions {
  readonly state: State;
  readonly clock: Clock;
  readonly registry: MachineRegistry;
  readonly bootTokenKey: Uint8Array;
  /** As a machine at that address reaches this desk. */
  readonly at: (from: string) => string;
  readonly log: (text: string) => void;
}

/** For so long after its boot was planned a machine may still ask by its name. */
const bootMs = 30 * 60_000;

export class InstallDesk {
  readonly #options: InstallDeskOptions;

  constructor(options: InstallDeskOptions) {
    this.#options = options;
  }

  async answer(
    asked: Exclude<ReturnType<typeof readInstallAddress>, { asks: "image" } | undefined>,
    from: string,
  ): Promise<InstallAnswer> {
    switch (asked.asks) {
      case "config":
        return this.#withToken(asked.token, "config", (token) => this.#config(token, "bootToken", from));
      case "configByIdentity":
        return this.#byIdentity(asked.query, from);
      case "installed":
        return this.#withToken(asked.token, "installed", (token) => this.#installed(token, from));
    }
  }

  async #withToken(
    text: string,
    use: TokenUse,
    then: (token: BootToken) => Promise<InstallAnswer>,
  ): Promise<InstallAnswer> {
    const { bootTokenKey: key, clock } = this.#options;
    const verdict = readBootToken(text, { key, now: clock.now(), use });
    return verdict.is === "good" ? then(verdict.token) : refused(403, `the token is ${verdict.is}`);
  }

  async #config(token: BootToken, by: "bootToken" | "identity", from: string): Promise<InstallAnswer> {
    const { state, clock, log } = this.#options;
    const { machine, wipeId } = token;
    const records = await recordsOf(state, machine);
    const profile = records?.assignment && (await state.find(Profile, records.assignment.spec.profile));
    if (!records?.assignment) return refused(410, "it is not to be installed: it is not assigned");
    if (!profile) return refused(409, `there is no profile ${records.assignment.spec.profile}`);
    if (gatherFacts(records).wipedAt !== wipeId) {
      return refused(410, "it was wiped since this boot was planned: boot the machine again");
    }
    if ((profile.spec.config?.provenBy ?? "bootToken") !== by) {
      return refused(
        403,
        `its profile hands out configs by ${by === "identity" ? "boot token" : "identity"}`,
      );
    }
    const addresses = { phoneHome: this.#phoneHome(token, from) };
    const secretsOf = (cluster: string) => findSecrets(state, cluster);
    const config = await servedConfig({ records, profile, addresses }, { clock, secretsOf });
    if (config.is !== "text") {
      log(`${machine}: no config for ${from}: ${config.why}`);
      return refused(config.is === "over" ? 410 : 409, config.why);
    }
    // Nobody else may have it, not even who repeats the question word for word.
    if (!(await spend(state, clock, token, Buffer.from(`${from} ${clock.elapsedMs()}`)))) {
      const what = `its config was asked for again, by ${from}, and not handed out`;
      await recordEvent(state, { at: clock.now(), machine, severity: "warning", kind: "config", what });
      return refused(410, "the config was fetched before: boot the machine again");
    }
    const what = `its config was handed to ${from}`;
    await recordEvent(state, { at: clock.now(), machine, severity: "info", kind: "config", what });
    log(`${machine}: ${what}`);
    return { status: 200, type: "application/yaml", text: config.text };
  }

  /** The machine is believed while it boots to be installed, once for each boot. */
  async #byIdentity(query: URLSearchParams, from: string): Promise<InstallAnswer> {
    const { state, clock, registry } = this.#options;
    const id = registry.find(identityIn(query));
    const records = id === undefined ? undefined : await recordsOf(state, id);
    const booting = records && bootOf(records);
    const now = clock.now();
    const isNow = booting && Math.abs(now.getTime() - booting.since.getTime()) < bootMs;
    if (!records || !booting || !isNow) return refused(404, "no such machine boots to be installed");
    const expiresAt = new Date(booting.since.getTime() + bootMs);
    const { wipedAt: wipeId } = gatherFacts(records);
    const token = { id: booting.bootId, machine: id!, use: "config", wipeId, expiresAt } as const;
    return this.#config(token, "identity", from);
  }

  async #installed({ machine, wipeId }: BootToken, from: string): Promise<InstallAnswer> {
    const { state, clock, log } = this.#options;
    const records = await recordsOf(state, machine);
    const profile = records?.assignment && (await state.find(Profile, records.assignment.spec.profile));
    // What is left of an earlier life calls in vain, and need not call again.
    const isWatched = profile?.spec.memberOf !== undefined;
    const isMeant = isWatched || profile?.spec.installedBy.evidence === "phoneHome";
    const isKnown = records?.installation && records.installation.spec.wipeId >= wipeId;
    // What is seen of its node since is worth more than that it was once installed.
    if (isMeant && !(isWatched && isKnown)) {
      const node = isWatched ? { node: { is: "unseen" } as const } : {};
      await recordInstallation({ state, clock }, machine, { wipeId, evidence: "phoneHome", ...node });
    }
    log(`${machine}: ${from} says that it is installed${isMeant ? "" : ", which nobody waits for"}`);
    return { status: 200, type: "text/plain", text: "thank you\n" };
  }

  #phoneHome({ id, machine, wipeId }: BootToken, from: string): string {
    const { clock, bootTokenKey, at } = this.#options;
    const expiresAt = new Date(clock.now().getTime() + phoneHomeLifeMs);
    return phoneHomeAddress(
      at(from),
      signBootToken({ id, machine, use: "installed", wipeId, expiresAt }, bootTokenKey),
    );
  }
}

const refused = (status: InstallAnswer["status"], why: string): InstallAnswer => ({
  status,
  type: "text/plain",
  text: `${why}\n`,
});

function bootOf({ boot }: MachineRecords) {
  return boot?.spec.state === "booting" && boot.spec.plan === "install" ? boot.spec : undefined;
}

/** In the names that other systems fill in: `uuid=${uuid}&serial=${serial}&mac=${mac}`. */
function identityIn(query: URLSearchParams): MachineIdentity {
  const [uuid, serial] = [query.get("uuid")?.toLowerCase(), query.get("serial")];
  const macs = query.getAll("mac").map((mac) => mac.toLowerCase().replaceAll("-", ":"));
  return {
    ...(uuid && { uuid }),
    ...(serial && { serial }),
    macs: macs.filter((mac) => /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(mac)),
  };
}
