import { beforeAll, expect, test } from "vitest";
import { type Authority, createAuthority } from "./authority.ts";
import { day, hour, year } from "./lifetimes.ts";
import { judge } from "./verdict.ts";

const now = new Date("2026-08-01T12:00:00Z");
const clock = { now: () => now };

let ours: Authority;
let theirs: Authority;
beforeAll(async () => {
  ours = await createAuthority({ algorithm: "ed25519", organization: ["talos"], clock });
  theirs = await createAuthority({ algorithm: "ed25519", organization: ["talos"], clock });
});

const question = () =>
  ({ authorities: [theirs.certificate, ours.certificate], at: now, purpose: "clientAuth" }) as const;

test("a client of ours is trusted", async () => {
  const { certificate } = await ours.issue({ purposes: ["clientAuth"] });
  expect(judge(certificate, question())).toEqual({ trusted: true, authority: ours.certificate });
});

test.each([
  {
    name: "of an authority with the same name",
    question: () => ({ ...question(), authorities: [theirs.certificate] }),
    why: "not issued by an authority trusted here",
  },
  {
    name: "for servers",
    question: () => ({ ...question(), purpose: "serverAuth" as const }),
    why: "not for serverAuth",
  },
  {
    name: "that has expired",
    question: () => ({ ...question(), at: new Date(now.getTime() + 2 * year) }),
    why: "expired",
  },
  {
    name: "from the future",
    question: () => ({ ...question(), at: new Date(now.getTime() - 3 * hour) }),
    why: "holds only from",
  },
])("a certificate $name is refused", async ({ question, why }) => {
  const { certificate } = await ours.issue({ commonName: "c", purposes: ["clientAuth"], backdateMs: hour });
  expect(judge(certificate, question())).toEqual({
    trusted: false,
    why: expect.stringContaining(why) as string,
  });
});

test("an authority that has expired vouches for nobody", async () => {
  const brief = await createAuthority({
    algorithm: "ed25519",
    clock,
    lifetimeMs: hour,
    organization: ["brief"],
  });
  const { certificate } = await brief.issue({ purposes: ["clientAuth"] });
  expect(
    judge(certificate, {
      ...question(),
      authorities: [brief.certificate],
      at: new Date(now.getTime() + day),
    }),
  ).toEqual({ trusted: false, why: expect.stringContaining("O=brief expired") as string });
});

test("an authority is no client", () => {
  expect(judge(ours.certificate, question())).toMatchObject({ trusted: false });
});
