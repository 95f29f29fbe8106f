// A provisioner as a process of its own, which can be killed and comes back where it was; and this segment's pxe-server.
import { createHash, randomInt } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { State } from "../../cosi/state.ts";
import { systemClock } from "../../cosi/system-clock.ts";
import { type Serving, serving } from "../../provisioner/ingot-process.conformance.ts";
import { openState } from "../../provisioner/open-state.ts";
import { segmentIdentity } from "../../provisioner/services/peers.ts";
import { openTrust } from "../../provisioner/trust/open-trust.ts";
import { openRemoteBooter, type RemoteBooter } from "../../pxe-server/remote-booter.ts";
import { systemClock as pxeClock } from "../../pxe-server/system-clock.ts";

export interface FleetProvisionerOptions {
  readonly folder: string;
  /** Of loopback. */
  readonly host?: string;
  /** Any free one unless told. */
  readonly port?: number;
  /** Further options of `ingot serve`. */
  readonly options?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

export class FleetProvisioner implements AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly folder: string;
  readonly #installsPort: number;
  readonly #options: readonly string[];
  readonly #environment: Readonly<Record<string, string>>;
  #serving: Serving | undefined;
  /** Told at the first start alone. */
  token: string | undefined;

  private constructor(options: FleetProvisionerOptions, [port, installsPort]: readonly number[]) {
    this.folder = options.folder;
    this.host = options.host ?? "127.0.0.1";
    this.port = port!;
    this.#installsPort = installsPort!;
    this.#options = options.options ?? [];
    this.#environment = options.environment ?? {};
  }

  static async create(options: FleetProvisionerOptions): Promise<FleetProvisioner> {
    await mkdir(options.folder, { recursive: true });
    const image = await writeImage(options.folder);
    const ports = [options.port ?? (await freePort()), await freePort()];
    return new FleetProvisioner(
      { ...options, options: ["--image", image, "--files", image, ...(options.options ?? [])] },
      ports,
    );
  }

  get isRunning(): boolean {
    return this.#serving !== undefined;
  }

  get process(): Serving {
    if (!this.#serving) throw new Error("Cannot ask a provisioner that is not there");
    return this.#serving;
  }

  async start(): Promise<void> {
    this.#serving = await serving({
      stateDir: this.folder,
      listen: `${this.host}:${this.port}`,
      installsPort: this.#installsPort,
      options: this.#options,
      environment: this.#environment,
    });
    this.token ??= this.#serving.token;
  }

  async kill(): Promise<void> {
    const serving = this.#serving;
    this.#serving = undefined;
    await serving?.stop("SIGKILL");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

export interface FleetDoor extends AsyncDisposable {
  /** As this process sees it, beside the provisioners. */
  readonly state: State;
  readonly booter: RemoteBooter;
}

interface DoorOptions extends Omit<Parameters<typeof openState>[0], "folder" | "candidate"> {
  /** What the pxe-server dials, where that is not the provisioner itself. */
  readonly address?: string;
}

/** The state and a pxe-server of its own authority. The provisioner has to have been started once. */
export async function openDoor(
  provisioner: FleetProvisioner,
  { address, ...open }: DoorOptions = {},
): Promise<FleetDoor> {
  await using opened = new AsyncDisposableStack();
  const { folder, host, port } = provisioner;
  const { store } = await openState({ ...open, folder, candidate: "nobody" });
  opened.use(store);
  const state = new State({ store, clock: systemClock });
  const { authority } = await openTrust(state, systemClock);
  const { certificate, key } = await segmentIdentity(authority, "fleet");
  const cache = await mkdtemp(join(tmpdir(), "fleet-pxe-"));
  opened.defer(() => rm(cache, { recursive: true }));
  const booter = opened.use(
    await openRemoteBooter({
      address: address ?? `${host}:${port}`,
      tls: {
        authorities: authority.certificate.pem,
        identity: { certificate: certificate.pem, key: key.pkcs8Pem },
      },
      folder: cache,
      maxDiskBytes: 1e6,
      maxMemoryBytes: 1e6,
      version: "0.1.0",
      interfaces: [],
      clock: pxeClock,
      onWarning: () => {},
    }),
  );
  const held = opened.move();
  return { state, booter, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

/** An image in name: simulated machines load nothing of it. */
async function writeImage(folder: string): Promise<string> {
  const image = join(folder, "image");
  await mkdir(image, { recursive: true });
  const facts = async (file: string) => {
    await writeFile(join(image, file), file);
    return { sizeBytes: file.length, sha256: createHash("sha256").update(file).digest("hex") };
  };
  const kernel = { release: "6.12", ...(await facts("vmlinuz")) };
  await writeFile(
    join(image, "manifest.json"),
    JSON.stringify({ kernel, initramfs: await facts("initramfs") }),
  );
  return image;
}

/** Below those that the kernel hands out to connecting sockets, one of which could take it while nobody listens. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 32_000);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once("error", () => resolve(false));
      server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
}
