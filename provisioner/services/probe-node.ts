// Whether a node answers where the Talos API is served, and as what: one in maintenance mode signs its own certificate,
// one that has its config bears one of its cluster's authority.
import { connect } from "node:tls";
import { parseCertificate } from "../../pki/certificate.ts";
import type { NodeAnswer } from "../controllers/installation-controller.ts";

const patienceMs = 4_000;

interface Probed {
  readonly answer: NodeAnswer;
  /** Where it came from. */
  readonly address?: string;
}

/** Asks every address at once: a machine has several networks, and we are on one of them. */
export async function probeNode(
  addresses: readonly string[],
  port: number,
  signal: AbortSignal,
): Promise<Probed> {
  if (addresses.length === 0)
    return { answer: { is: "silent", why: "its inventory knows no address of it" } };
  const probed = await Promise.all(
    addresses.map(async (address) => ({ answer: await probe(address, port, signal), address })),
  );
  const first = (is: NodeAnswer["is"]) => probed.find(({ answer }) => answer.is === is);
  return first("ready") ?? first("maintenance") ?? probed[0]!;
}

function probe(host: string, port: number, signal: AbortSignal): Promise<NodeAnswer> {
  return new Promise((resolve) => {
    // Nothing is sent and nothing believed but that it is there: who it is, is the business of whoever then speaks to it.
    const socket = connect({ host, port, rejectUnauthorized: false, ALPNProtocols: ["h2"] });
    const settle = (answer: NodeAnswer) => {
      signal.removeEventListener("abort", stop);
      socket.destroy();
      resolve(answer);
    };
    const stop = () => settle({ is: "silent", why: `${host}:${port} was not waited for` });
    signal.addEventListener("abort", stop, { once: true });
    socket.setTimeout(patienceMs, () => settle({ is: "silent", why: `${host}:${port} does not answer` }));
    socket.once("error", ({ message }) => settle({ is: "silent", why: `${host}:${port}: ${message}` }));
    socket.once("secureConnect", () => settle(judge(socket.getPeerCertificate().raw, `${host}:${port}`)));
  });
}

function judge(der: Buffer | undefined, place: string): NodeAnswer {
  try {
    const certificate = parseCertificate(der ?? new Uint8Array());
    return { is: certificate.isSignedBy(certificate) ? "maintenance" : "ready" };
  } catch (error) {
    return {
      is: "silent",
      why: `${place} shows no certificate that can be read: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}
