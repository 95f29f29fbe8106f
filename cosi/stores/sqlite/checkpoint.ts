// A thread beside the store's: carries the journal into the database, and waits for the disk in place of the store.
import { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";

export type ToCheckpoint = "carry" | "close";

const database = new DatabaseSync(workerData as string);
// What was acknowledged is flushed by then: this is what keeps the order (sqlite.org/pragma.html#pragma_synchronous).
database.exec("PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0");
const carry = database.prepare("PRAGMA wal_checkpoint(PASSIVE)");

parentPort!.on("message", (message: ToCheckpoint) => {
  if (message === "carry") {
    carry.get();
    parentPort!.postMessage("carried");
  } else {
    database.close();
    parentPort!.close();
  }
});
