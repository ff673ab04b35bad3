// Serves each document with Prism on a loopback port and calls each operation with the values of
// its examples. A reply must be a success, be valid, and be the document's own example.
import { isDeepStrictEqual } from "node:util";
import { checkEach, load } from "./documents.mjs";

const { getHttpOperationsFromSpec } = load("@stoplight/prism-http");
const { createServer } = load("@stoplight/prism-http-server");
const METHODS = ["delete", "get", "head", "options", "patch", "post", "put", "trace"];

const silent = () => {};
const logger = { info: silent, warn: silent, error: silent, debug: silent, trace: silent, success: silent };
logger.child = () => logger;

const config = {
  isProxy: false,
  checkSecurity: true,
  validateRequest: true,
  validateResponse: true,
  mock: { dynamic: false },
  errors: false,
};

// The request of an operation, made of its examples.
function request(document, path, method, operation) {
  const headers = {};
  const query = new URLSearchParams();
  let url = path;
  for (const { name, in: place, required, example, schema } of operation.parameters ?? []) {
    if (!required) continue;
    const texts = [example].flat().map((value) => String(value));
    if (place === "path") url = url.replaceAll(`{${name}}`, encodeURIComponent(texts[0]));
    else if (place === "header") headers[name] = texts[0];
    else if (schema?.type === "array") texts.forEach((text) => query.append(name, text));
    else query.append(name, texts[0]);
  }
  if ((operation.security ?? []).length > 0) headers.Authorization = "Bearer example-token";
  let body;
  const [type, media] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
  if (type === "multipart/form-data") {
    const name = media.schema.$ref?.split("/").at(-1);
    const target = document.components.schemas[name] ?? media.schema;
    body = new FormData();
    // Prism does not read lists of multipart bodies, so only required fields are sent.
    for (const name of target.required ?? []) body.append(name, media.example[name]);
  } else if (type === "application/x-www-form-urlencoded") {
    body = new URLSearchParams(media.example);
  } else if (type) {
    headers["Content-Type"] = type;
    body = JSON.stringify(media.example);
  }
  const search = query.size > 0 ? `?${query}` : "";
  return [url + search, { method: method.toUpperCase(), headers, body }];
}

async function finding(address, document, path, method) {
  const operation = document.paths[path][method];
  const [url, options] = request(document, path, method, operation);
  const reply = await fetch(address + url, options);
  const text = await reply.text();
  const violations = reply.headers.get("sl-violations");
  if (!reply.ok) return `status ${reply.status}: ${text.slice(0, 300)}`;
  if (violations) return `violations: ${violations.slice(0, 300)}`;
  const media = operation.responses[reply.status]?.content?.["application/json"];
  if (media === undefined) return undefined;
  if (media.example === undefined) return "no example";
  return isDeepStrictEqual(JSON.parse(text), media.example) ? undefined : "another reply than the example";
}

await checkEach(async ({ text, file }) => {
  const operations = await getHttpOperationsFromSpec(file);
  const server = createServer(operations, { cors: false, config, components: { logger } });
  const address = await server.listen(0, "127.0.0.1");
  const findings = [];
  try {
    const document = JSON.parse(text);
    for (const [path, item] of Object.entries(document.paths)) {
      for (const method of METHODS.filter((method) => item[method])) {
        const found = await finding(address, document, path, method);
        if (found) findings.push(`${method.toUpperCase()} ${path}: ${found}`);
      }
    }
  } finally {
    await server.close();
  }
  return findings;
});
