// How real BMCs misbehave, each as one value of a profile. The chassis and both protocol servers read them; a profile
// is what the conformance suite runs against. Nothing here is set on an honest BMC.

export interface Quirks {
  /** Who made the BMC, as it says itself: clients go by that. */
  readonly vendor?: { readonly name: string; readonly enterprise: number };
  /** A boot override nobody took up is dropped after this time, unless IPMI boot parameter 3 forbade it. */
  readonly bootFlagExpiryMs?: number;
  /** The efiboot bit of a boot override is dropped (Supermicro X11). */
  readonly ignoresEfiBoot?: true;
  /** The persistent bit is dropped when the EFI bit comes with it. */
  readonly dropsPersistentWithEfi?: true;
  /** The one code in the IPMI boot flags that UEFI firmware takes for the disk (Supermicro: 9, where the book has 2). */
  readonly uefiDiskCode?: number;
  /** A one-time override is accepted and then not followed (iDRAC9). */
  readonly ignoresBootOnce?: true;

  /** Reads of the power state answer what it was this long ago. */
  readonly stalePowerMs?: number;
  /** Every n-th power command is acknowledged and lost. */
  readonly losesPowerCommand?: number;
  /** Soft off is acknowledged and the operating system takes no notice. */
  readonly ignoresSoftOff?: true;
  /** A change of power takes this long. */
  readonly powerDelayMs?: number;
  /** Commands that change something are refused for this long after power-on. */
  readonly postMs?: number;

  /** At most this many sessions; the rest are refused. */
  readonly maxSessions?: number;
  /** When they run out, nobody gets in for this long (iDRAC: 20 minutes). */
  readonly sessionLockoutMs?: number;
  /** After `commands` within `withinMs`, silence for `silentMs`. */
  readonly burst?: { readonly commands: number; readonly withinMs: number; readonly silentMs: number };
  /** Each request is answered this late. */
  readonly latencyMs?: number;

  /** Byte order of the IPMI system GUID. RFC 4122's is what the specification names; SMBIOS's is what many send. */
  readonly guidOrder?: "specification" | "smbios" | "rfc4122";
  /** Every n-th IPMI command, and every n-th Redfish request, is answered "node busy" first. */
  readonly busyEvery?: number;
  /** Cipher suites offered; 17 and 3 unless said otherwise. */
  readonly cipherSuites?: readonly number[];
  /** The LAN channel, where it is not 1. */
  readonly lanChannel?: number;
  /** Setting a user's name or password is refused (Intel, from inside). */
  readonly refusesUserChanges?: true;
  /** A free user slot is called "(Empty User)" instead of having no name. */
  readonly namesFreeUsers?: true;
  /** SDR and FRU reads longer than this many bytes are refused. */
  readonly maxReadBytes?: number;
  /** The SDR or SEL reservation is lost at every n-th read. */
  readonly losesReservationEvery?: number;

  readonly redfish?: RedfishQuirks;
}

export interface RedfishQuirks {
  /** PATCH without the right If-Match is refused with 412. */
  readonly requiresEtag?: true;
  /** Weak ETags are told, and only strong ones taken back. */
  readonly weakEtags?: true;
  /** Boot must be patched as a whole: Target, Enabled and Mode (AMI, ASRock). */
  readonly wholeBootPatch?: true;
  /** BootSourceOverrideMode is unknown (Supermicro X10). */
  readonly noBootMode?: true;
  /** Enabled and Mode that are not sent again are lost (Supermicro since X12). */
  readonly forgetsUnsentBootFields?: true;
  /** Enabled and Mode sent again unchanged are refused (Dell). */
  readonly refusesUnchangedBootFields?: true;
  /** Boot is changed on the settings resource (AMI "FutureState"). */
  readonly settingsResource?: true;
  /** Resources live under a trailing slash; without it, a redirect. */
  readonly trailingSlash?: true;
  /** Everything has moved to another path; the links still say the old one. */
  readonly redirects?: true;
  /** These features answer 403 without a licence (Supermicro). */
  readonly unlicensed?: readonly ("virtualMedia" | "boot" | "events")[];
  /** The session service is missing: only Basic works. */
  readonly noSessions?: true;
  /** The BMC forgets a session after so many requests. */
  readonly forgetsSessionsAfter?: number;
  /** During POST: 503 with this vendor's message. */
  readonly postMessage?: string;
  /** Power actions answer 202 with a task to follow. */
  readonly tasks?: true;
  /** Systems of other machines behind the same service. */
  readonly otherSystems?: number;
  /** The UUID is told with the byte order of SMBIOS. */
  readonly swappedUuid?: true;
  /** What an action takes is only told by its ActionInfo. */
  readonly actionInfo?: true;
  /** Turning on what is on is a conflict (iDRAC). */
  readonly refusesPressInVain?: true;
  /** A fixed number of accounts, the free ones without a name (iDRAC). */
  readonly accountSlots?: true;
  /** Sensors are only there one by one. */
  readonly noThermal?: true;
  /** Virtual media has no actions: Image is patched. */
  readonly patchedMedia?: true;
  /** Collections are never expanded, and come in pages of two. */
  readonly pages?: true;
  /** Answers are compressed though nobody asked for it (iLO 4). */
  readonly gzip?: true;
}

const supermicro = { vendor: { name: "Supermicro", enterprise: 10876 }, uefiDiskCode: 9 } as const;

/** Named after where it was seen. The field lesson each stands for is a test of the conformance suite. */
export const profiles = {
  honest: {},
  "boot flags expire": { bootFlagExpiryMs: 60_000 },
  "efiboot ignored": { ignoresEfiBoot: true },
  "persistent lost with efiboot": { dropsPersistentWithEfi: true },
  "a UEFI disk of its own": supermicro,
  "one-time boot ignored": { ignoresBootOnce: true },
  "power state lies": { stalePowerMs: 20_000 },
  "power commands get lost": { losesPowerCommand: 2 },
  "soft off ignored": { ignoresSoftOff: true },
  "slow power": { powerDelayMs: 5_000 },
  "slow POST": { postMs: 90_000, redfish: { postMessage: "iLO.2.14.UnableToModifyDuringSystemPOST" } },
  "few sessions": { maxSessions: 2, sessionLockoutMs: 20 * 60_000 },
  "hangs after bursts": { burst: { commands: 20, withinMs: 1_000, silentMs: 10_000 } },
  "node busy": { busyEvery: 3 },
  "only suite 3": { cipherSuites: [3] },
  "suite 0 open": { cipherSuites: [0, 3, 17] },
  "guid in SMBIOS order": { guidOrder: "smbios" },
  "guid as written": { guidOrder: "rfc4122" },
  "LAN on channel 8": { lanChannel: 8 },
  "users refused": { refusesUserChanges: true },
  "free users have a name": { namesFreeUsers: true },
  "short reads only": { maxReadBytes: 16, losesReservationEvery: 5 },
  "etag required": { redfish: { requiresEtag: true } },
  "partial boot PATCH refused": { redfish: { wholeBootPatch: true } },
  "no boot mode": { redfish: { noBootMode: true } },
  "unsent boot fields lost": { ...supermicro, redfish: { forgetsUnsentBootFields: true } },
  "unchanged boot fields refused": { redfish: { refusesUnchangedBootFields: true } },
  "settings resource": { redfish: { settingsResource: true, requiresEtag: true } },
  "trailing slash": { redfish: { trailingSlash: true } },
  redirects: { redfish: { redirects: true } },
  "no licence": { redfish: { unlicensed: ["virtualMedia"] } },
  "no session service": { redfish: { noSessions: true } },
  tasks: { redfish: { tasks: true } },
  "several systems": { redfish: { otherSystems: 2 } },
  "weak etags": { redfish: { requiresEtag: true, weakEtags: true } },
  "sessions forgotten": { redfish: { forgetsSessionsAfter: 3 } },
  "UUID in SMBIOS order": { redfish: { swappedUuid: true, otherSystems: 1 } },
  "action info": { redfish: { actionInfo: true } },
  "pressing in vain refused": { redfish: { refusesPressInVain: true } },
  "account slots": { redfish: { accountSlots: true } },
  "sensors one by one": { redfish: { noThermal: true } },
  "patched media": { redfish: { patchedMedia: true } },
  pages: { redfish: { pages: true } },
  "compressed answers": { redfish: { gzip: true } },
} as const satisfies Readonly<Record<string, Quirks>>;

export type ProfileName = keyof typeof profiles;
