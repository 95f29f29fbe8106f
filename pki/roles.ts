/** What a client may do on the node API: its certificate's organizations. */
export const role = {
  admin: "os:admin",
  operator: "os:operator",
  reader: "os:reader",
  etcdBackup: "os:etcd:backup",
  imageVerifier: "os:image:verifier",
  metaWriter: "os:meta:writer",
  impersonator: "os:impersonator",
} as const;

export type Role = (typeof role)[keyof typeof role];
