// Decisions on their way to the disk. What is not acknowledged stays in the browser and is sent again.

const waiting = [];
let sending = false;
let store = "";
let trouble = false;
let tell = () => {};

export async function get(path) {
  const answer = await fetch(path);
  const data = await answer.json().catch(() => ({}));
  if (!answer.ok) throw Object.assign(new Error(data.error || "The server refused."), { status: answer.status });
  return data;
}

export async function post(path, body) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const data = await answer.json().catch(() => ({}));
  if (!answer.ok) throw Object.assign(new Error(data.error || "The server refused."), { status: answer.status });
  return data;
}

export function begin(folder, reviewer, listener) {
  store = `curate-unsaved ${folder} ${reviewer}`;
  tell = listener;
  try {
    waiting.push(...JSON.parse(localStorage.getItem(store) || "[]"));
  } catch {
    localStorage.removeItem(store);
  }
  send();
}

export function save(queue, rows) {
  waiting.push({ queue, rows });
  send();
}

export const unsaved = () => waiting.reduce((sum, each) => sum + each.rows.length, 0);

export async function settled() {
  // what is on its way arrives first, unless the server cannot take it
  while (waiting.length && !trouble) await new Promise((resolve) => setTimeout(resolve, 10));
}

function remember() {
  if (waiting.length) localStorage.setItem(store, JSON.stringify(waiting));
  else localStorage.removeItem(store);
}

async function send() {
  remember();
  tell(unsaved(), "");
  if (sending) return;
  sending = true;
  while (waiting.length) {
    // one request for all that wait for the same queue; a row stays in `waiting` until the disk has it
    const queue = waiting[0].queue;
    let number = waiting.findIndex((each) => each.queue !== queue);
    if (number < 0) number = waiting.length;
    try {
      const answer = await post("/api/decide", { queue, rows: waiting.slice(0, number).flatMap((each) => each.rows) });
      waiting.splice(0, number);
      trouble = false;
      remember();
      tell(unsaved(), "", answer.done);
    } catch (error) {
      trouble = true;
      const words = error.status === 403 ? "The server was started again: open the address that it printed." : error.message;
      tell(unsaved(), error.status ? words : "The server does not answer. It is tried again.");
      await new Promise((resolve) => setTimeout(resolve, 1500));
    }
  }
  sending = false;
}

addEventListener("beforeunload", (event) => {
  if (unsaved()) event.preventDefault();
});
