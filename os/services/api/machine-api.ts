import { ClientTlsCredentials } from "../../../api/grpc/client-tls.ts";
import type { Call } from "../../../api/grpc/handlers.ts";
import type { ServedService } from "../../../api/grpc/serve.ts";
import { type OpenServer, openServer } from "../../../api/grpc/server.ts";
import { ServerTlsCredentials } from "../../../api/grpc/server-tls.ts";
import type { Clock } from "../../../cosi/clock.ts";
import type { IdentitySettings } from "../../../machine-config/settings/identity.ts";
import { type Identity, openAuthority } from "../../../pki/authority.ts";
import { parseCertificate } from "../../../pki/certificate.ts";
import { anyone, type Caller, callerOf, isClients } from "./access.ts";
import {
  certificatesExpire,
  certify,
  type Issuer,
  maintenanceIdentity,
  type NodeNames,
  pemOf,
  renewAt,
} from "./certificates.ts";
import { Forwarder } from "./forwarder.ts";
import { gated } from "./gate.ts";
import { InFlight } from "./in-flight.ts";

export interface MachineApiOptions {
  /** `[::]:50000` */
  readonly address: string;
  readonly clock: Clock;
  /** All that is served; each asks `caller` who calls. */
  readonly services: (caller: (call: Call) => Caller | undefined) => readonly ServedService[];
  /** Where another node's API listens. */
  readonly addressOf: (node: string) => string;
  /** Asks a control plane for this node's certificate, on a node that cannot issue it itself. */
  readonly requestCertificate: (identity: IdentitySettings, names: NodeNames) => Promise<Identity>;
  readonly said: (text: string) => void;
  readonly failed: (error: unknown) => void;
}

/** What the node is to others: by its config, or nothing yet. */
export interface ApiStanding {
  readonly identity: IdentitySettings | undefined;
  readonly names: NodeNames;
}

type Mode = "maintenance" | "run";

const farewellMs = 5_000;
/** Half of a certificate's life is left when it is first tried. */
const renewAgainMs = 60_000;

interface Serving extends AsyncDisposable {
  readonly mode: Mode;
  readonly inFlight: InFlight;
  readonly port: number;
  readonly update: (standing: ApiStanding) => Promise<void>;
}

/** The machine API of this node: open to everyone until it has a config, and then to those whom its authority knows. */
export class MachineApi implements AsyncDisposable {
  readonly #options: MachineApiOptions;
  #serving: Serving | undefined;
  /** One change of what it serves after the other. */
  #work: Promise<void> = Promise.resolve();

  constructor(options: MachineApiOptions) {
    this.#options = options;
  }

  /** Undefined while it does not listen. */
  get port(): number | undefined {
    return this.#serving?.port;
  }

  /** Serves as what the node now is. Calls are cut only when a config comes or goes. */
  follow(standing: ApiStanding): Promise<void> {
    const turn = this.#work.then(() => this.#follow(standing));
    this.#work = turn.catch(() => undefined);
    return turn;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#work;
    await this.#serving?.[Symbol.asyncDispose]();
    this.#serving = undefined;
  }

  /** Lets those who are being answered have their answer: the one who gave us the config is among them. */
  async #farewell(): Promise<void> {
    const late = Promise.withResolvers<void>();
    using _ = this.#options.clock.after(farewellMs, late.resolve);
    await Promise.race([this.#serving?.inFlight.idle(), late.promise]);
    // An answer that is ready is sent in the next turn.
    const turn = Promise.withResolvers<void>();
    this.#options.clock.after(0, turn.resolve);
    await turn.promise;
  }

  async #follow(standing: ApiStanding): Promise<void> {
    const mode: Mode = standing.identity ? "run" : "maintenance";
    if (this.#serving?.mode === mode) return this.#serving.update(standing);
    const address = this.#serving
      ? this.#options.address.replace(/:\d+$/, `:${this.#serving.port}`)
      : this.#options.address;
    await this.#farewell();
    await this.#serving?.[Symbol.asyncDispose]();
    this.#serving = undefined;
    const options = { ...this.#options, address };
    this.#serving = standing.identity
      ? await serveConfigured(options, { ...standing, identity: standing.identity })
      : await serveAnyone(options, standing);
    const { port } = this.#serving;
    this.#options.said(`machine API: port ${port}, ${mode === "run" ? "mutual TLS" : "open to anyone"}`);
  }
}

async function serveAnyone(options: MachineApiOptions, { names }: ApiStanding): Promise<Serving> {
  const identity = await maintenanceIdentity(() => options.clock.now(), names);
  options.said(`fingerprint of the maintenance certificate: ${identity.certificate.publicKeyFingerprint}`);
  const gate = {
    inFlight: new InFlight(),
    callerOf: () => anyone,
    isConfigured: () => false,
    forwarder: () => undefined,
    isHere: () => true,
    routes: false,
  };
  const server = await openServer({
    address: options.address,
    credentials: new ServerTlsCredentials({ identity: pemOf(identity), clients: "none" }),
    services: options.services(gate.callerOf).map((served) => gated(served, gate)),
    unexpected: options.failed,
  });
  return closing(server, { mode: "maintenance", inFlight: gate.inFlight, update: () => Promise.resolve() });
}

async function serveConfigured(
  options: MachineApiOptions,
  first: ApiStanding & { readonly identity: IdentitySettings },
): Promise<Serving> {
  const { address, clock, services, addressOf, failed } = options;
  let { names } = first;
  let issuer = issuerOf(first.identity, options);
  let authorities = pemsOf(first.identity);
  let certificates = await certify(issuer, names);
  let timer: Disposable | undefined;
  const credentials = new ServerTlsCredentials({
    identity: pemOf(certificates.server),
    clientAuthorities: authorities,
    clients: "required",
    admits: isClients,
  });
  const forwarder = new Forwarder({
    credentials: () =>
      new ClientTlsCredentials({
        authorities,
        ...(certificates.client && { identity: pemOf(certificates.client) }),
      }),
    addressOf,
  });
  const gate = {
    inFlight: new InFlight(),
    callerOf,
    isConfigured: () => true,
    forwarder: () => (certificates.client ? forwarder : undefined),
    isHere: (node: string) => names.ipAddresses.includes(node) || names.dnsNames.includes(node),
    routes: true,
  };
  const server = await openServer({
    address,
    credentials,
    services: services(callerOf).map((served) => gated(served, gate)),
    unexpected: failed,
  });

  async function renew(): Promise<void> {
    certificates = await certify(issuer, names);
    credentials.replace({ identity: pemOf(certificates.server), clientAuthorities: authorities });
    forwarder.renew();
    arm();
  }

  function renewInTime(): void {
    void renew().catch((error: unknown) => {
      failed(error);
      timer = clock.after(renewAgainMs, renewInTime);
    });
  }

  function arm(): void {
    timer?.[Symbol.dispose]();
    timer = clock.at(renewAt(certificates), renewInTime);
  }
  arm();

  return closing(
    server,
    {
      mode: "run",
      inFlight: gate.inFlight,
      async update({ identity, names: next }) {
        if (!identity) return;
        names = next;
        issuer = issuerOf(identity, options);
        const accepted = pemsOf(identity);
        const why = certificatesExpire(certificates, issuer, names, clock.now());
        if (why === undefined && accepted === authorities) return;
        authorities = accepted;
        await renew();
      },
    },
    () => {
      timer?.[Symbol.dispose]();
      forwarder[Symbol.dispose]();
    },
  );
}

function closing(
  server: OpenServer,
  rest: Pick<Serving, "mode" | "inFlight" | "update">,
  close: () => void = () => undefined,
): Serving {
  return {
    ...rest,
    port: server.port,
    async [Symbol.asyncDispose]() {
      close();
      await server[Symbol.asyncDispose]();
    },
  };
}

const pemsOf = ({ accepted }: IdentitySettings) => accepted.map(({ pem }) => pem).join("");

function issuerOf(
  identity: IdentitySettings,
  { clock, requestCertificate }: Pick<MachineApiOptions, "clock" | "requestCertificate">,
): Issuer {
  const { authority } = identity;
  if (!authority) throw new Error("Cannot serve the machine API: the config names no authority");
  const { crt, key } = authority;
  if (key !== undefined) return { is: "own", authority: openAuthority({ crt, key, clock }) };
  const ask = (names: NodeNames) => requestCertificate(identity, names);
  return { is: "asked", certificate: parseCertificate(crt), ask };
}
