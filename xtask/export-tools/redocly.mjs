// Lints each document by the recommended rules, without the one that redocly.yaml turns off.
import { spawnSync } from "node:child_process";
import { dirname, join, relative } from "node:path";
import { checkEach, documents, exportedFolder, packagesFolder } from "./documents.mjs";

const files = documents().map(({ module }) => join(module, "openapi.json"));
const program = join(packagesFolder, "node_modules/@redocly/cli/bin/cli.js");
const options = ["lint", ...files, "--config=redocly.yaml", "--format=github-actions", "--max-problems=10000"];
const { stdout, stderr, status, error } = spawnSync(process.execPath, [program, ...options], {
  cwd: exportedFolder,
  encoding: "utf8",
  env: { ...process.env, REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" },
  maxBuffer: 1 << 28,
});

const findings = new Map();
const add = (module, text) => findings.set(module, [...(findings.get(module) ?? []), text]);
for (const [, title, file, text] of stdout?.matchAll(/^::error title=(.*?),file=(.*?),.*?::(.*)$/gm) ?? []) {
  add(dirname(relative("", file)), `${title}: ${text}`);
}
// Without a report of errors, a failure is one of the program.
if (error || (status !== 0 && findings.size === 0)) {
  for (const { module } of documents()) add(module, `redocly failed: ${error ?? stderr}`);
}
await checkEach(({ module }) => findings.get(module) ?? []);
