// Shows journal, state and faults of a session. Data is set as text, never as HTML.
"use strict";

const byId = (id) => document.getElementById(id);

async function load(path) {
  const session = byId("session").value;
  const headers = session ? { "X-Hoopai-Session": session } : {};
  const response = await fetch(`/__hoopai${path}`, { headers });
  const body = await response.json();
  if (!response.ok) throw new Error(body.error);
  return body;
}

function row(cells, onClick) {
  const tr = document.createElement("tr");
  for (const cell of cells) {
    const td = document.createElement("td");
    td.textContent = cell ?? "";
    tr.append(td);
  }
  if (onClick) {
    tr.dataset.target = "";
    tr.tabIndex = 0;
    tr.addEventListener("click", onClick);
    tr.addEventListener("keydown", (event) => { if (event.key === "Enter") onClick(); });
  }
  return tr;
}

function fill(table, rows) {
  byId(table).tBodies[0].replaceChildren(...rows);
}

function show(id, value) {
  byId(id).textContent = JSON.stringify(value, null, 2);
  byId(id).hidden = false;
}

async function sessions() {
  const { sessions } = await load("/sessions");
  const select = byId("session");
  const chosen = select.value;
  const options = [["", "(own)"], ...sessions.map(({ name }) => [name, name])];
  select.replaceChildren(...options.map(([value, text]) => new Option(text, value)));
  select.value = options.some(([value]) => value === chosen) ? chosen : "";
}

async function items(collection, scope) {
  const query = new URLSearchParams({ scope, limit: 20 });
  show("items", (await load(`/state/${encodeURIComponent(collection)}?${query}`)).items);
}

async function refresh() {
  try {
    await sessions();
    const [journal, state, faults] =
      await Promise.all([load("/journal?last=100"), load("/state"), load("/faults")]);
    fill("journal", journal.entries.reverse().map((entry) => row(
      [entry.number, entry.time, `${entry.method} ${entry.path}`, entry.operation, entry.status,
        entry.outcome],
      () => show("entry", entry))));
    fill("state", state.collections.map(({ collection, scope, count }) =>
      row([collection, scope, count], () => items(collection, scope))));
    fill("faults", faults.faults.map(({ id, rule, hits, enabled }) =>
      row([id, rule, hits, enabled ? "yes" : "no"])));
    byId("status").textContent = `${journal.count} requests`;
  } catch (error) {
    byId("status").textContent = `The server cannot be read: ${error.message}`;
  }
}

byId("refresh").addEventListener("click", refresh);
byId("session").addEventListener("change", refresh);
refresh();
