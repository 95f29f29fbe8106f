import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { describeTpm, type TpmExchange } from "./tpm.ts";

const certificate = Buffer.concat([Buffer.from("30820300", "hex"), Buffer.alloc(0x300, 7)]);
const eccIndex = 0x01c0000a;

function answer(code: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const header = Buffer.alloc(10);
  header.writeUInt16BE(0x8001, 0);
  header.writeUInt32BE(10 + body.length, 2);
  header.writeUInt32BE(code, 6);
  return Buffer.concat([header, body]);
}

const hex = (text: string) => Buffer.from(text.replaceAll(" ", ""), "hex");

/** A TPM that has a certificate for its ECC key alone, in an index larger than it. */
const model: TpmExchange = async (bytes) => {
  const command = Buffer.from(bytes);
  expect(command.readUInt32BE(2)).toBe(command.length);
  switch (command.readUInt32BE(6)) {
    case 0x17a: {
      const property = command.readUInt32BE(14);
      const values: Readonly<Record<number, string>> = {
        0x105: "49465800",
        0x10b: "0007 0055",
        0x10c: "11cd 0000",
      };
      return answer(0, hex("00 00000006 00000001"), command.subarray(14, 18), hex(values[property]!));
    }
    case 0x169:
      if (command.readUInt32BE(10) !== eccIndex) return answer(0x18b);
      return answer(0, hex("002e 01c0000a 000b 00000000 0002 aaaa 0400"));
    case 0x14e: {
      expect(command.readUInt16BE(0)).toBe(0x8002);
      const [size, offset] = [command.readUInt16BE(31), command.readUInt16BE(33)];
      const data = Buffer.concat([certificate, Buffer.alloc(1024)]).subarray(offset, offset + size);
      const length = Buffer.alloc(6);
      length.writeUInt16BE(data.length, 4);
      return answer(0, length, data);
    }
    default:
      throw new Error("Cannot answer: no such command");
  }
};

describe("a TPM", () => {
  test("says who made it, and shows the certificate of its key", async () => {
    const tpm = await describeTpm(model);
    expect(tpm).toMatchObject({ version: "2.0", manufacturer: "IFX", firmwareVersion: "7.85.4557.0" });
    expect(Buffer.from(tpm.endorsementCertificate).equals(certificate)).toBe(true);
  });

  test("without a certificate has none", async () => {
    const { endorsementCertificate } = await describeTpm(async (command) =>
      Buffer.from(command).readUInt32BE(6) === 0x17a ? model(command) : answer(0x18b),
    );
    expect(endorsementCertificate).toHaveLength(0);
  });

  test("that talks nonsense is an error or an answer, nothing else", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 60, size: "max" }), async (bytes) => {
        const nonsense = Buffer.concat([answer(0), Buffer.from(bytes)]);
        await describeTpm(async () => nonsense).catch((error: unknown) =>
          expect(error).toBeInstanceOf(Error),
        );
      }),
    );
  });
});
