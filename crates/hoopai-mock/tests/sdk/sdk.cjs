// Describes and calls the platform's official JavaScript SDK.
//
//   node sdk.cjs describe                  prints each method: verb, path, parameters, type of the body
//   node sdk.cjs call URL TOKEN < calls    makes the calls that it reads, a line each, and prints what came of each
//   node sdk.cjs webhooks CLIENT_ID KEY < deliveries
//                                          passes {signature, body} of each line to the SDK's middleware, and prints the result
//
// It runs in the folder where the packages `@gohighlevel/api-client` and `typescript` are installed. What a method sends is read
// out of its source, its types out of the declarations that come with the SDK.

const fs = require('node:fs');
const path = require('node:path');
const readline = require('node:readline');
const { createRequire } = require('node:module');

const load = createRequire(path.join(process.cwd(), 'package.json'));
const { HighLevel } = load('@gohighlevel/api-client');
const code = path.join(path.dirname(load.resolve('@gohighlevel/api-client')), 'lib', 'code');

/** Each method of each service, with the source that says what it sends. */
function methods(client) {
  const found = [];
  for (const [service, object] of Object.entries(client)) {
    const prototype = object && Object.getPrototypeOf(object);
    const properties = Object.entries(prototype ? Object.getOwnPropertyDescriptors(prototype) : {});
    for (const [method, property] of properties) {
      const source = String(property.value);
      const url = /buildUrl\)\('([^']*)'/.exec(source);
      if (!url || method === 'constructor') continue;
      const verb = /method: '(\w+)'/.exec(source)[1];
      const defined = /paramDefs = (\[.*?\]);/s.exec(source)[1];
      const pairs = [...defined.matchAll(/name: '([^']*)', in: '(\w+)'/g)];
      const parameters = pairs.map(([, name, place]) => ({ name, in: place }));
      const type = object.constructor.name;
      found.push({ call: `${service}.${method}`, type, method, verb, path: url[1], parameters });
    }
  }
  return found;
}

/** The declarations of all services: methods by class and name, interfaces by file and name. */
function declarations() {
  const ts = load('typescript');
  const classes = {};
  for (const service of fs.readdirSync(code)) {
    const parse = (file) => ts.createSourceFile(file, fs.readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
    const models = {};
    for (const statement of parse(path.join(code, service, 'models', `${service}.d.ts`)).statements) {
      if (statement.name) models[statement.name.text] = statement;
    }
    for (const statement of parse(path.join(code, service, `${service}.d.ts`)).statements) {
      if (!ts.isClassDeclaration(statement)) continue;
      const own = (classes[statement.name.text] = {});
      for (const member of statement.members.filter(ts.isMethodDeclaration)) {
        for (const parameter of member.parameters) {
          own[`${member.name.text}.${parameter.name.text}`] = describe(ts, models, parameter.type, []);
        }
      }
    }
  }
  return classes;
}

/** A type in the terms that both SDKs are described in. */
function describe(ts, models, type, above) {
  if (!type) return { kind: 'any' };
  if (ts.isArrayTypeNode(type)) return { kind: 'array', items: describe(ts, models, type.elementType, above) };
  if (ts.isTypeLiteralNode(type)) return object(ts, models, type.members, above);
  if (ts.isTypeReferenceNode(type)) {
    const name = type.typeName.right ? type.typeName.right.text : type.typeName.text;
    const model = models[name];
    if (!model || !model.members || above.includes(name)) return { kind: 'any' };
    return object(ts, models, model.members, [...above, name]);
  }
  const kinds = { string: 'string', number: 'number', boolean: 'boolean' };
  return { kind: kinds[type.getText()] || 'any' };
}

function object(ts, models, members, above) {
  const fields = {};
  for (const member of members.filter((one) => ts.isPropertySignature(one))) {
    const name = ts.isStringLiteral(member.name) ? member.name.text : member.name.getText();
    fields[name] = { required: !member.questionToken, type: describe(ts, models, member.type, above) };
  }
  return { kind: 'object', fields };
}

function describeAll() {
  const classes = declarations();
  return methods(client('http://localhost', 'unused')).map(({ type, method, ...one }) => {
    const own = classes[type] || {};
    const declared = (own[`${method}.params`] || {}).fields || {};
    const parameters = one.parameters.map(({ name, in: place }) => {
      const argument = name.replace(/[-_](\w)/g, (_, letter) => letter.toUpperCase());
      return { name, in: place, argument, ...(declared[argument] || { required: false, type: { kind: 'any' } }) };
    });
    return { ...one, parameters, body: own[`${method}.requestBody`] || null };
  });
}

function client(url, token) {
  HighLevel.BASE_URL = url;
  return new HighLevel({ privateIntegrationToken: token, logLevel: 'none' });
}

/** A body with files becomes a form; everything else goes as it is. */
function body(call) {
  if (!call.files) return [call.body, undefined];
  const form = new FormData();
  for (const [name, value] of Object.entries(call.body)) {
    for (const one of [].concat(value)) {
      if (call.files.includes(name)) form.append(name, new Blob([String(one)], { type: 'text/plain' }), 'file.txt');
      else form.append(name, one !== null && typeof one === 'object' ? JSON.stringify(one) : String(one));
    }
  }
  return [form, { headers: { 'Content-Type': 'multipart/form-data' } }];
}

async function make(sdk, call) {
  const [service, method] = call.call.split('.');
  const [sent, options] = body(call);
  const all = [];
  if (call.arguments) all.push(call.arguments);
  if (sent !== undefined && sent !== null) all.push(sent);
  if (options) all.push(options);
  try {
    await sdk[service][method](...all);
    return { call: call.call, status: 200 };
  } catch (error) {
    return { call: call.call, status: error.statusCode || 0, message: String(error.message) };
  }
}

/** The middleware's result for a delivery: true, false, or "skipped". */
async function verify(middleware, { signature, body }) {
  const headers = signature === null ? {} : { 'x-ghl-signature': signature };
  const request = { method: 'POST', url: '/', headers, body: JSON.parse(body), rawBody: body };
  await middleware(request, {}, () => {});
  return request.skippedSignatureVerification === false ? request.isSignatureValid : 'skipped';
}

async function verifyAll(clientId, webhookPublicKey) {
  const sdk = new HighLevel({ clientId, clientSecret: 'unused', webhookPublicKey, logLevel: 'none' });
  const middleware = sdk.webhooks.subscribe();
  for await (const line of readline.createInterface({ input: process.stdin })) {
    console.log(JSON.stringify(await verify(middleware, JSON.parse(line))));
  }
}

async function main([what, url, token]) {
  if (what === 'describe') return console.log(JSON.stringify(describeAll()));
  if (what === 'webhooks') return verifyAll(url, token);
  const sdk = client(url, token);
  for await (const line of readline.createInterface({ input: process.stdin })) {
    console.log(JSON.stringify(await make(sdk, JSON.parse(line))));
  }
}

main(process.argv.slice(2));
