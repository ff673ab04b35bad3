// Lints each document by the recommended rules, without the one that redocly.yaml turns off.
import { join } from "node:path";
import { checkEach, exportedFolder, load } from "./documents.mjs";

const { lint, loadConfig } = load("@redocly/openapi-core");
const config = await loadConfig({ configPath: join(exportedFolder, "redocly.yaml") });

await checkEach(async ({ file }) => {
  const problems = await lint({ ref: file, config });
  return problems
    .filter(({ severity }) => severity === "error")
    .map(({ ruleId, message, location }) => `${ruleId}: ${message} (${location[0]?.pointer})`);
});
