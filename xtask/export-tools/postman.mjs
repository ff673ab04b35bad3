// Converts each document to a Postman collection: one request for each operation, in folders.
import { checkEach, load } from "./documents.mjs";

const { convertV2 } = load("openapi-to-postmanv2");
const METHODS = ["delete", "get", "head", "options", "patch", "post", "put", "trace"];

const countRequests = (items) =>
  items.reduce((sum, item) => sum + (item.item ? countRequests(item.item) : 1), 0);

await checkEach(({ text }) => {
  const input = { type: "string", data: text };
  const options = { folderStrategy: "Tags", requestParametersResolution: "Example" };
  return new Promise((resolve) => {
    convertV2(input, options, (error, conversion) => {
      if (error || !conversion.result) {
        return resolve([String(error ?? conversion.reason)]);
      }
      const operations = Object.values(JSON.parse(text).paths)
        .flatMap((item) => METHODS.filter((method) => item[method]))
        .length;
      const items = conversion.output[0].data.item;
      const requests = countRequests(items);
      const findings = [];
      if (requests !== operations) findings.push(`${requests} requests of ${operations} operations`);
      if (items.some((item) => !item.item)) findings.push("a request is in no folder");
      resolve(findings);
    });
  });
});
