// What `npm run COMMAND -- --help` says, before anything is installed or built. What is not here says it itself.
export const usage = {
  start: `npm start: a rack of virtual machines, from power-on to running, live on this terminal; Ctrl-C takes it away
  -- --rack FILE         another rack than the usual three machines (docs/rack.md)
  -- --pool              leaves its machines in the pool, for you to assign
  -- --once              ends when every machine is where it goes
  -- --interface NAME …  no lab: serves a real segment, with whatever options ingot serve has (docs/quick-start.md)`,

  test: `npm test: everything that CI runs
  -- FILE|FOLDER …  only the tests beside the code there, without virtual machines`,

  "test:qemu": `npm run test:qemu: the suites that boot virtual machines, the usual ones or …
  -- NAME …        those whose file's name has it
  -- --all         the long ones too
  -- -t "PATTERN"  only the tests of that name; names in each other are joined by " > "`,

  check: "npm run check: types, lint, format, dead code",
  fix: "npm run fix: formats, orders imports, and mends what the linter can",

  fuzz: `npm run fuzz -- NAME: a parser against mutated inputs, or lives against their laws; without a name: which there are
  --runs N  100000, when nothing is said
  --seed S  repeats a run`,

  bench: `npm run bench -- NAME …: ours beside a peer or a goal, in one run; without a name: which there are
  boot bios|uefi|all N …   power-on to each milestone, N machines at once
  fleet MACHINES KNOWN     so many at once, beside so many in the store
  kills MACHINES KILLS     wipes while the provisioner is killed`,

  bundle: "npm run bundle [-- FOLDER]: every program as it is shipped, in out/bundle",
  generate: "npm run generate: code from the protos, and the reference in docs/ from the code",
};
