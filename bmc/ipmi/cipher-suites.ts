// The cipher suites this room speaks, and the records in which a BMC lists its own. IPMI 2.0 §22.15.2, table 22-20.
import { createHmac } from "node:crypto";

/** Numbers of the algorithms: authentication §13.28, integrity §13.28.4, confidentiality §13.28.5. */
export interface CipherSuite {
  readonly id: number;
  readonly hash: "sha1" | "sha256";
  readonly authentication: number;
  readonly integrity: number;
  readonly confidentiality: number;
  /** Bytes of the HMAC that RAKP message 4 and each packet carry. */
  readonly checkBytes: number;
}

/** The best first. Suite 0 is no protection at all and is never spoken; 1, 2 and the MD5 ones are not worth having. */
export const cipherSuites: readonly CipherSuite[] = [
  { id: 17, hash: "sha256", authentication: 3, integrity: 4, confidentiality: 1, checkBytes: 16 },
  { id: 3, hash: "sha1", authentication: 1, integrity: 1, confidentiality: 1, checkBytes: 12 },
];

export const cipherSuite = (id: number): CipherSuite | undefined =>
  cipherSuites.find((suite) => suite.id === id);

export const hmac = (suite: CipherSuite, key: Uint8Array, ...parts: readonly Uint8Array[]): Buffer => {
  const mac = createHmac(suite.hash, key);
  for (const part of parts) mac.update(part);
  return mac.digest();
};

/** A record begins with one of these; an OEM one has an enterprise number after its id. */
const [standardRecord, oemRecord] = [0xc0, 0xc1];

/** The ids in a BMC's list of suites. Algorithm bytes (below 0xc0) are skipped: the id says it all. */
export function suiteIdsOf(records: Uint8Array): readonly number[] {
  const ids: number[] = [];
  for (let at = 0; at + 1 < records.length; at++) {
    if (records[at] === standardRecord) ids.push(records[++at]!);
    else if (records[at] === oemRecord) at += 4;
  }
  return ids;
}

/** What a BMC of these suites lists. Suite 0 is known here, for the simulator of a BMC that leaves it open. */
export function suiteRecordsOf(ids: readonly number[]): Uint8Array {
  return Uint8Array.from(
    ids.flatMap((id) => {
      const suite = cipherSuite(id);
      return [
        standardRecord,
        id,
        suite?.authentication ?? 0,
        0x40 | (suite?.integrity ?? 0),
        0x80 | (suite?.confidentiality ?? 0),
      ];
    }),
  );
}
