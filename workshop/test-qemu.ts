// `npm run test:qemu [-- FILTER …]`: only the suites that boot virtual machines.
import { machineSuite } from "./suites.ts";

const { passed, failed } = await machineSuite(process.argv.slice(2));
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
