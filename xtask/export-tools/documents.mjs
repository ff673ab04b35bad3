// The documents of an export, the packages of these tools, and the summary that xtask reads.
// Usage of each tool: node TOOL.mjs EXPORT_DIR PACKAGES_DIR WORK_DIR
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

const [exported, packages, work] = process.argv.slice(2).map((path) => resolve(path));
const require = createRequire(join(packages, "package.json"));

export const exportedFolder = exported;
export const packagesFolder = packages;
export const workFolder = work;
export const load = (name) => require(name);

export function documents() {
  return readdirSync(exported, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
    .map((module) => {
      const file = join(exported, module, "openapi.json");
      return { module, file, text: readFileSync(file, "utf8") };
    });
}

// Runs `check`, which returns findings, for each document. Prints them and the counts.
export async function checkEach(check) {
  const all = documents();
  let passed = 0;
  for (const document of all) {
    let findings;
    try {
      findings = await check(document);
    } catch (error) {
      findings = [error?.stack ?? String(error)];
    }
    findings.forEach((finding) => console.log(`${document.module}: ${finding}`));
    if (findings.length === 0) passed += 1;
  }
  console.log(`${passed} of ${all.length}`);
  process.exit(passed === all.length && passed > 0 ? 0 : 1);
}
