// Generates the types of each document, then compiles all of them together.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkEach, documents, load, workFolder } from "./documents.mjs";

const { default: openapiTS, astToString } = load("openapi-typescript");
const ts = load("typescript");

mkdirSync(workFolder, { recursive: true });
const failures = new Map();
const files = new Map();
for (const { module, text } of documents()) {
  try {
    const source = astToString(await openapiTS(text, { silent: true }));
    const file = join(workFolder, `${module}.ts`);
    writeFileSync(file, source);
    files.set(file, module);
  } catch (error) {
    failures.set(module, [String(error)]);
  }
}
const program = ts.createProgram([...files.keys()], {
  noEmit: true,
  strict: true,
  target: ts.ScriptTarget.ES2022,
  types: [],
});
for (const { file, messageText } of ts.getPreEmitDiagnostics(program)) {
  const module = files.get(file?.fileName) ?? documents()[0].module;
  const text = ts.flattenDiagnosticMessageText(messageText, " ");
  failures.set(module, [...(failures.get(module) ?? []), text]);
}
await checkEach(({ module }) => failures.get(module) ?? []);
