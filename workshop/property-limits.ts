// Loaded before every test file: a property that has failed may look for a smaller example for minutes, in one breath
// that no timeout of a test can end. After this long it tells the smallest one it has.
import { configureGlobal } from "fast-check";

configureGlobal({ interruptAfterTimeLimit: 120_000, markInterruptAsFailure: true });
