// What the node is called, and whom it asks for names and for the time.
import * as z from "zod";
import { network } from "../declare.ts";

/** The single resource of its type has this id. */
export const hostnameId = "hostname";
export const resolversId = "resolvers";
export const timeServersId = "timeservers";

const hostname = z.strictObject({ hostname: z.string(), domainname: z.string() });
const resolvers = z.strictObject({ dnsServers: z.array(z.string()), searchDomains: z.array(z.string()) });
const timeServers = z.strictObject({ timeServers: z.array(z.string()) });

export const HostnameSpec = network("HostnameSpecs", hostname);
export const HostnameStatus = network("HostnameStatuses", hostname, {
  aliases: ["hostname"],
  columns: { Hostname: "{.hostname}", Domainname: "{.domainname}" },
});

export const ResolverSpec = network(
  "ResolverSpecs",
  /** The machine's own domain is searched, too, unless somebody says otherwise. */
  resolvers.extend({ skipsOwnDomain: z.boolean().optional() }),
);
export const ResolverStatus = network("ResolverStatuses", resolvers, {
  aliases: ["resolvers"],
  columns: { Resolvers: "{.dnsServers}", "Search Domains": "{.searchDomains}" },
});

export const TimeServerSpec = network("TimeServerSpecs", timeServers);
export const TimeServerStatus = network("TimeServerStatuses", timeServers, {
  aliases: ["timeservers"],
  columns: { Timeservers: "{.timeServers}" },
});
