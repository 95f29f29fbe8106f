/** A disk or partition as those who change it see it. Offsets and lengths are whole sectors. */
export interface BlockDevice extends AsyncDisposable {
  readonly path: string;
  readonly sizeBytes: number;
  readonly sectorBytes: number;
  read(offset: number, size: number): Promise<Uint8Array>;
  write(offset: number, bytes: Uint8Array): Promise<void>;
  /** Makes the device do it by itself, without the data crossing the bus. Rejects with "not supported" codes. */
  command(what: "discard" | "secureDiscard" | "zero", offset: number, length: number): Promise<void>;
  /** Resolves when everything written is on the medium. */
  flush(): Promise<void>;
}
