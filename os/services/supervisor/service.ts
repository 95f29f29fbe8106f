import type { LogRing } from "../logs/log-ring.ts";

/** What a service is, and what it needs. */
export interface Service {
  readonly id: string;
  /** Services that must be up before. They are stopped after. */
  readonly dependsOn?: readonly string[];
  readonly conditions?: readonly Condition[];
  /** Runs until it ends by itself or the signal aborts. */
  readonly run: (running: Running) => Promise<void>;
  /** What follows its end: it runs again, or again only when it failed, or never. */
  readonly restart: "always" | "untilSuccess" | "never";
  readonly health?: HealthCheck;
  /** What operators may do with it over the API. */
  readonly operable?: readonly Operation[];
}

export type Operation = "start" | "stop" | "restart";

/** Something besides services that must be so first. */
export interface Condition {
  /** `the time to be right` */
  readonly waitsFor: string;
  readonly met: (signal: AbortSignal) => Promise<void>;
}

export interface Running {
  readonly log: Pick<LogRing, "write">;
  /** Says that it is up. */
  readonly started: (message: string) => void;
  readonly signal: AbortSignal;
}

export interface HealthCheck {
  /** Rejects when it is not well. */
  readonly check: (signal: AbortSignal) => Promise<void>;
  readonly initialDelayMs: number;
  readonly everyMs: number;
  readonly timeoutMs: number;
}

/** As upstream's clients print them. */
export const serviceStates = [
  "Initialized",
  "Preparing",
  "Waiting",
  "Running",
  "Stopping",
  "Finished",
  "Failed",
  "Skipped",
  "Starting",
] as const;
export type ServiceState = (typeof serviceStates)[number];

export interface ServiceChange {
  readonly state: ServiceState;
  readonly message: string;
  readonly at: Date;
}

/** Whether it is well; unknown until it has been looked at. */
export interface Health {
  readonly known: boolean;
  readonly healthy: boolean;
  readonly message: string;
  readonly changed: Date;
}

/** What is known of a service. */
export interface ServiceStanding {
  readonly id: string;
  readonly state: ServiceState;
  /** The last of them, the oldest first. */
  readonly changes: readonly ServiceChange[];
  readonly health: Health;
}
