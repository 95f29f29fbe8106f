import { createConfig, lintFromString } from "@redocly/openapi-core";
import { expect, test } from "vitest";
import { openTestApi } from "./api-client.conformance.ts";

test("a linter of others finds nothing to say about the description", async () => {
  await using api = await openTestApi();
  const { text } = await api.call("/api/openapi.json", { token: await api.token("reader") });
  const config = await createConfig({ extends: ["recommended"] });
  const problems = await lintFromString({ source: text, absoluteRef: "openapi.json", config });
  const told = problems.map(
    ({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer}`,
  );
  expect(told).toEqual([]);
  // It would have found something.
  const source = text.replace('"operationId":"machines.list"', '"operationId":"machines.get"');
  const broken = await lintFromString({ source, absoluteRef: "openapi.json", config });
  expect(broken.map(({ ruleId }) => ruleId)).toContain("operation-operationId-unique");
});
