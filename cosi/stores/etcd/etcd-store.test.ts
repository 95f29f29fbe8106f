import { afterAll, beforeAll } from "vitest";
import { type EtcdServer, startEtcd } from "../../../workshop/etcd-server.ts";
import { sealedStoreConformance } from "../../sealed-store.conformance.ts";
import { storeConformance } from "../../store.conformance.ts";
import { etcdPlace } from "./etcd-place.conformance.ts";

let server: EtcdServer;
beforeAll(async () => {
  server = await startEtcd();
});
afterAll(() => server[Symbol.asyncDispose]());

storeConformance({ name: "etcd", persistent: true, place: async () => etcdPlace(server) });
sealedStoreConformance("etcd", async () => etcdPlace(server));
