// The page: which queue and item is shown, what a key does, how far it is.

import { $, decided, digit, make, words } from "./dom.js";
import * as grid from "./grid.js";
import * as one from "./one.js";
import { begin, get, post, save, settled } from "./save.js";

const PAGE = 60;
const LETTERS = "1234567890qwertyuiopsdfghjklcvbnm";
const NAMES = {
  borderline: "Doubtful photos", label_errors: "Doubtful classes", label_conflicts: "Sold under several classes",
  duplicates: "Duplicates", kept: "Kept, at random", sample: "Blind sample for calibrate", disputed: "Reviewers disagree",
};
const ORDER = ["borderline", "label_errors", "label_conflicts", "duplicates", "disputed"];
let state = null;
let queue = "";
let mode = "one";
let items = []; // those that are loaded, in order
let place = 0; // in items
let pageStart = 0; // of the grid
let loading = null;
let ended = false; // no more items after those that are loaded
let ticket = 0; // of the last place that was asked for
let times = [];
const past = JSON.parse(sessionStorage.getItem("past") || "[]"); // what undo takes back

const title = (name) => NAMES[name] || `Rejected: ${words(name.split(":")[1])}`;
const entry = () => state.queues.find((each) => each.name === queue) || { total: 0, done: 0 };

async function start() {
  state = await get("/api/state");
  document.title = `Review ${state.recipe}`;
  $("title").textContent = state.recipe;
  $("title").title = state.folder;
  begin(state.folder, state.reviewer, saved);
  const known = sessionStorage.getItem("queue");
  const busy = ORDER.find((name) => state.queues.some((each) => each.name === name && each.total > each.done));
  queue = state.queues.some((each) => each.name === known) ? known : busy || state.queues[0].name;
  mode = sessionStorage.getItem("mode") || "one";
  options();
  await enter();
}

function options() {
  const rank = (name) => (ORDER.includes(name) ? ORDER.indexOf(name) : name === "kept" ? 90 : name === "sample" ? 91 : 50);
  const sorted = state.queues.filter((each) => each.total || each.name === queue).sort((a, b) => rank(a.name) - rank(b.name));
  $("queue").replaceChildren(...sorted.map((each) =>
    make("option", { value: each.name, selected: each.name === queue })));
  $("queue").value = queue;
  counted();
  const problem = state.problem || state.torn;
  $("problem").hidden = !problem;
  $("problem").textContent = problem ? `${problem}${state.problem ? " — nothing can be decided until it is mended." : ""}` : "";
}

async function load(start, more = "") {
  return get(`/api/queue/${encodeURIComponent(queue)}?start=${start}&limit=${PAGE}${more}`);
}

async function enter(at = null) {
  sessionStorage.setItem("queue", queue);
  sessionStorage.setItem("mode", mode);
  for (const name of ["one", "grid"]) $(`${name}-mode`).setAttribute("aria-pressed", String(mode === name));
  const mine = (ticket += 1);
  const found = await load(at ?? 0, at === null ? "&undecided=1" : "");
  if (mine !== ticket) return; // another place was asked for meanwhile
  items = found.items;
  pageStart = found.start;
  place = 0;
  ended = items.length < PAGE;
  render();
}

function render() {
  progress();
  if (mode === "grid") {
    if (!items.length) return empty();
    return grid.show(items, pageStart, entry().total, (item) => { mode = "one"; enter(item.place); }, turn);
  }
  const item = items[place];
  if (!item) return empty();
  one.show(item, state, act);
  one.prefetch(items.slice(place + 1));
  if (items.length - place < 20) refill();
}

function empty() {
  const left = entry().total - entry().done;
  const words_ = !entry().total ? "Nothing is in this queue." : left > 0 ? `That was the last one; ${left.toLocaleString("en")} were skipped.` : "All of this queue is decided.";
  $("main").replaceChildren(make("section", { class: "empty" }, make("h2", {}, words_),
    make("p", {}, "Choose another queue above, or apply the decisions."),
    make("div", { class: "row" },
      make("button", { type: "button", onclick: () => enter(0) }, "See it from the start"),
      make("button", { type: "button", onclick: undo }, make("kbd", {}, "⌫"), " Undo"))));
}

async function refill() {
  if (loading || ended || !items.length) return;
  const asked = queue;
  loading = load(items.at(-1).place + 1).catch(() => null);
  const found = await loading;
  loading = null;
  if (!found || asked !== queue) return;
  items.push(...found.items);
  ended = found.items.length < PAGE;
  if (mode === "one") {
    if ($("main").querySelector(".empty") && items[place]) render();
    else one.prefetch(items.slice(place + 1));
  }
}

function progress() {
  const { total, done } = entry();
  $("bar").max = Math.max(1, total);
  $("bar").value = done;
  const steps = times.slice(-31);
  const gaps = steps.slice(1).map((time, number) => Math.min(30, (time - steps[number]) / 1000)).sort((a, b) => a - b);
  const pace = gaps.length >= 5 ? gaps[Math.floor(gaps.length / 2)] : 0;
  const left = Math.max(0, total - done) * pace;
  const time = !pace ? "" : left < 90 ? `, about ${Math.ceil(left / 5) * 5} s left` : left < 5400 ? `, about ${Math.round(left / 60)} min left` : `, about ${(left / 3600).toFixed(1)} h left`;
  $("count").textContent = `${done.toLocaleString("en")} of ${total.toLocaleString("en")}${time}`;
}

function counted() {
  // what is decided of each queue, beside its name: a photo may be in several
  for (const option of $("queue").options) {
    const each = state.queues.find((known) => known.name === option.value);
    option.textContent = `${title(each.name)} (${(each.total - each.done).toLocaleString("en")})`;
  }
}

function saved(number, problem, done) {
  if (done && !number) {
    for (const each of state.queues) if (each.name !== "sample") each.done = done[each.name] || 0;
    counted();
    progress();
  }
  $("saved").textContent = problem ? `${number} not saved: ${problem}` : number ? `saving ${number} …` : past.length ? "saved" : "";
  $("saved").classList.toggle("bad", Boolean(problem));
}

function record(list, row) {
  // decide items of this queue: shown at once, and as saved when the disk has it
  past.push({ queue, rows: list.map((item) => ({ key: item.key, place: item.place, before: item.mine })) });
  if (past.length > 300) past.shift();
  sessionStorage.setItem("past", JSON.stringify(past));
  const count = state.queues.find((each) => each.name === queue);
  for (const item of list) {
    if (!item.mine && count && queue !== "disputed") count.done += 1;
    item.mine = { class_name: "", reason: "", note: "", ...row };
  }
  times.push(...list.map(() => performance.now()));
  save(queue, list.map((item) => ({ key: item.key, ...item.mine })));
}

const noted = () => (mode === "one" && $("note") ? { note: $("note").value.trim() } : {});

function decide(row) {
  const list = mode === "grid" ? grid.targets() : items[place] ? [items[place]] : [];
  if (!list.length || state.problem) return;
  record(list, { ...row, ...noted() });
  $("live").textContent = `${list.length > 1 ? `${list.length} photos` : "Photo"}: ${decided(list[0].mine)}`;
  if (mode === "grid") {
    list.forEach(grid.repaint);
    progress();
    if (grid.after()) turn(1);
  } else next();
}

function next() {
  do place += 1;
  while (items[place]?.mine && queue !== "disputed");
  render();
}

async function turn(pages) {
  const to = pageStart + pages * PAGE;
  if (to < 0 && pageStart <= 0) return;
  await settled();
  if (to >= entry().total) return enter();
  await enter(Math.max(0, to));
}

async function undo() {
  const last = past.pop();
  if (!last) return;
  sessionStorage.setItem("past", JSON.stringify(past));
  save(last.queue, last.rows.map(({ key, before }) => ({ key, ...(before || { decision: "undo" }) })));
  const count = state.queues.find((each) => each.name === last.queue);
  for (const row of last.rows) if (!row.before && count && last.queue !== "disputed") count.done -= 1;
  $("live").textContent = "Taken back";
  times.length = 0;
  if (last.queue !== queue) queue = last.queue;
  const known = items.findIndex((item) => item.key === last.rows[0].key);
  if (known < 0) {
    options();
    const turn = past.length;
    await settled();
    if (turn !== past.length) return; // taken back further meanwhile: that undo shows its photo
    return enter(mode === "grid" ? Math.floor(last.rows[0].place / PAGE) * PAGE : last.rows[0].place);
  }
  const before = new Map(last.rows.map((row) => [row.key, row.before]));
  for (const item of items) if (before.has(item.key)) item.mine = before.get(item.key);
  if (mode === "grid") {
    items.forEach(grid.repaint);
    progress();
  } else {
    place = known;
    render();
  }
}

function reject() {
  if (queue === "duplicates" || items[place]?.photos.length === 2) return decide({ decision: "not_duplicate" });
  const list = state.reasons.slice(0, LETTERS.length);
  $("reasons").replaceChildren(...list.map((reason, number) => make("button", {
    type: "button", title: reason.means, onclick: () => rejected(reason.name),
  }, make("kbd", {}, LETTERS[number]), ` ${words(reason.name)}`)));
  $("palette").showModal();
}

function rejected(reason) {
  $("palette").close();
  decide({ decision: "reject", reason });
}

function act(key) {
  const pair = (mode === "grid" ? grid.targets()[0] : items[place])?.photos.length === 2;
  if (key === "a") decide({ decision: pair ? "duplicate" : "keep" });
  else if (key === "x") reject();
  else if (key.startsWith("class:") && !pair) decide({ decision: "keep", class_name: key.slice(6) });
  else if (key === " ") next();
  else if (key === "Backspace") undo();
  $("main").focus({ preventScroll: true });
}

function onKey(event) {
  if (document.querySelector("#keys[open], #applying[open]")) return;
  if ($("palette").open) {
    const number = LETTERS.indexOf(event.key);
    if (event.key === "x" || event.key === "Enter") rejected("");
    else if (number >= 0 && state.reasons[number]) rejected(state.reasons[number].name);
    else return;
    return event.preventDefault();
  }
  const at = event.target;
  if (at.id === "note" && (event.key === "Escape" || event.key === "Enter")) return $("main").focus();
  if (at.matches("input, textarea, select")) return;
  if (at.matches("button, a") && (event.key === " " || event.key === "Enter")) return;
  if (mode === "grid" && grid.key(event)) return event.preventDefault();
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const number = state.classes.findIndex((_, each) => digit(each) === event.key);
  if (number >= 0) act(`class:${state.classes[number]}`);
  else if (["a", "x", "Backspace"].includes(event.key)) act(event.key);
  else if (event.key === " " && mode === "one") act(" ");
  else if (event.key === "?") $("keys").showModal();
  else if (event.key === "g") $(mode === "one" ? "grid-mode" : "one-mode").click();
  else if (event.key === "b") one.blink();
  else if (event.key === "n" && $("note")) $("note").focus();
  else if (mode === "grid" && event.key === "PageDown") turn(1);
  else if (mode === "grid" && event.key === "PageUp") turn(-1);
  else if (mode === "one" && event.key === "ArrowRight") look(1);
  else if (mode === "one" && event.key === "ArrowLeft") look(-1);
  else return;
  event.preventDefault();
}

async function look(step) {
  if (items[place + step]) place += step;
  else if (step < 0 && items[0]?.place > 0) {
    const first = Math.max(0, items[0].place - PAGE);
    const found = await load(first);
    const before = found.items.filter((item) => item.place < items[0].place);
    items.unshift(...before);
    place = before.length - 1;
  } else return;
  render();
}

async function again() {
  state = await get("/api/state");
  options();
  await enter();
}

async function apply() {
  await settled();
  $("apply-lines").hidden = false;
  $("apply-apart").textContent = "";
  $("apply-start").disabled = true;
  let now = await post("/api/apply", {});
  while (now.running) {
    $("apply-said").textContent = "Running …";
    $("apply-lines").textContent = now.lines.join("\n");
    await new Promise((resolve) => setTimeout(resolve, 500));
    now = await get("/api/apply").catch(() => now);
  }
  $("apply-lines").textContent = now.lines.join("\n");
  $("apply-start").disabled = false;
  const changes = Object.entries(now.changes || {}).map(([what, number]) => `${number.toLocaleString("en")} ${what}`);
  $("apply-said").textContent = now.failed ? "It stopped. The stages that are listed above have new manifests, the others those from before."
    : changes.length ? `Changed sides: ${changes.join(", ")}.` : "No photo changed sides.";
  if (!now.failed) {
    past.length = 0;
    sessionStorage.setItem("past", "[]");
    await again();
  }
}

$("queue").addEventListener("change", async () => {
  queue = $("queue").value;
  times = [];
  $("queue").blur();
  await settled();
  enter();
});
for (const name of ["one", "grid"]) {
  $(`${name}-mode`).addEventListener("click", async () => {
    const at = mode === "one" ? items[place]?.place : null;
    mode = name;
    await settled();
    await enter(name === "grid" && at != null ? at : null);
    if (name === "one") $("main").focus();
  });
}
$("help").addEventListener("click", () => $("keys").showModal());
$("apply").addEventListener("click", async () => {
  await settled();
  $("applying").showModal();
  get("/api/apply").then((now) => {
    $("apply-apart").textContent = now.apart.join("\n");
    if (now.running) return;
    const wait = now.waiting ? `${now.waiting.toLocaleString("en")} decision${now.waiting === 1 ? "" : "s"}` : "";
    const made = wait ? `${wait} ${now.waiting === 1 ? "is" : "are"} newer than what clean wrote. ` : "";
    $("apply-said").textContent = `${made}dedup, clean and split run again, and obey your decisions.`;
    $("apply-start").textContent = wait ? `Apply ${wait}` : "Run them";
  }).catch(failed);
});
$("apply-start").addEventListener("click", () => apply().catch(failed));
$("apply-close").addEventListener("click", () => $("applying").close());
addEventListener("keydown", onKey);

function failed(error) {
  $("problem").hidden = false;
  $("problem").textContent = error.message;
}

start().catch(failed);
