// Mutated inputs for fuzz scripts: deterministic from a seed, so that a failure can be repeated.

/** A small fast generator (xorshift32): the same seed gives the same numbers everywhere. */
export function randomFrom(seed: number): () => number {
  let state = seed | 0 || 0x9e3779b9;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

type Mutation = (bytes: Uint8Array, random: () => number) => Uint8Array;

const at = (bytes: Uint8Array, random: () => number) => Math.floor(random() * bytes.length);

const flipBit: Mutation = (bytes, random) => {
  const copy = bytes.slice();
  const index = at(bytes, random);
  if (index < copy.length) copy[index]! ^= 1 << Math.floor(random() * 8);
  return copy;
};

const setByte: Mutation = (bytes, random) => {
  const copy = bytes.slice();
  const interesting = [0, 1, 0x7f, 0x80, 0xfe, 0xff, Math.floor(random() * 256)];
  copy[at(bytes, random)] = interesting[Math.floor(random() * interesting.length)]!;
  return copy;
};

const truncate: Mutation = (bytes, random) => bytes.slice(0, at(bytes, random));

const extend: Mutation = (bytes, random) => {
  const copy = new Uint8Array(bytes.length + Math.floor(random() * 64));
  copy.set(bytes);
  copy.fill(Math.floor(random() * 256), bytes.length);
  return copy;
};

const remove: Mutation = (bytes, random) => {
  const start = at(bytes, random);
  const end = start + Math.ceil(random() * 8);
  return Uint8Array.from([...bytes.subarray(0, start), ...bytes.subarray(end)]);
};

const repeat: Mutation = (bytes, random) => {
  const start = at(bytes, random);
  const piece = bytes.subarray(start, start + Math.ceil(random() * 16));
  return Uint8Array.from([...bytes.subarray(0, start), ...piece, ...bytes.subarray(start)]);
};

const mutations = [flipBit, flipBit, setByte, setByte, truncate, extend, remove, repeat];

/** `runs` inputs, each made from one of `seeds` by one to four mutations. */
export function* mutated(
  seeds: readonly Uint8Array[],
  { runs, seed }: { runs: number; seed: number },
): Generator<Uint8Array> {
  const random = randomFrom(seed);
  // A Buffer's slice shares its memory: a mutation of one would stay in every run after it.
  const originals = seeds.map((bytes) => Uint8Array.from(bytes));
  for (let run = 0; run < runs; run++) {
    let bytes: Uint8Array = originals[Math.floor(random() * originals.length)]!;
    for (let step = Math.ceil(random() * 4); step > 0; step--) {
      bytes = mutations[Math.floor(random() * mutations.length)]!(bytes, random);
    }
    yield bytes;
  }
}
