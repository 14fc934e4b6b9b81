// Many items at once: select by click, shift-click, drag or keys, and decide all of them with one key.

import { $, decided, describe, make, source, words } from "./dom.js";

let items = [];
let tiles = [];
let active = 0;
let anchor = 0;
let chosen = new Set();
let open = () => {};

export function show(page, start, total, opener, turn) {
  items = page;
  open = opener;
  active = anchor = Math.max(0, items.findIndex((item) => !item.mine));
  chosen = new Set();
  tiles = items.map(tile);
  const list = make("ul", {
    id: "grid", class: "grid", role: "listbox", tabindex: 0, "aria-multiselectable": "true",
    "aria-label": "Photos; Space selects, a keeps, x rejects",
  }, ...tiles);
  listen(list);
  const last = start + items.length;
  const nav = make("nav", { class: "row pages", "aria-label": "Pages" },
    make("button", { type: "button", onclick: () => turn(-1), disabled: start <= 0 }, "◂ Before"),
    make("span", {}, items.length ? `${(start + 1).toLocaleString("en")}–${last.toLocaleString("en")} of ${total.toLocaleString("en")}` : ""),
    make("button", { type: "button", onclick: () => turn(1), disabled: last >= total }, "Next ▸"),
    make("span", { id: "chosen", class: "hint" }));
  $("main").replaceChildren(make("section", { class: "many", "aria-label": "Grid" }, nav, list));
  focus(active, false);
  list.focus({ preventScroll: true });
}

function tile(item, place) {
  const photos = item.photos;
  const why = photos.at(-1).why || ""; // of a pair, of the one that was removed
  const text = photos.length === 2 ? "pair" : words(photos[0].class_name || photos[0].seller_class);
  const element = make("li", { id: `tile-${place}`, role: "option", "aria-selected": "false", "data-key": item.key },
    make("span", { class: "frame" }, ...photos.map((photo) => make("img", { src: source("small", photo), alt: "", draggable: "false" }))),
    make("span", { class: "caption" }, text),
    why ? make("span", { class: "caption why", title: why }, why) : "", make("span", { class: "said" }));
  mark(element, item);
  return element;
}

function mark(element, item) {
  const said = decided(item.mine);
  element.querySelector(".said").textContent = said;
  element.dataset.said = said ? item.mine.decision : "";
  element.setAttribute("aria-label", `${describe(item.photos[0])}${said ? `, ${said}` : ""}`);
}

export const repaint = (item) => {
  const place = items.findIndex((each) => each.key === item.key);
  if (place >= 0) mark(tiles[place], item);
};

function focus(place, scroll = true) {
  if (!tiles.length) return;
  tiles[active]?.classList.remove("active");
  active = Math.max(0, Math.min(tiles.length - 1, place));
  tiles[active].classList.add("active");
  $("grid").setAttribute("aria-activedescendant", tiles[active].id);
  if (scroll) tiles[active].scrollIntoView({ block: "nearest" });
}

function choose(places) {
  chosen = new Set(places);
  tiles.forEach((element, place) => element.setAttribute("aria-selected", String(chosen.has(place))));
  $("chosen").textContent = chosen.size ? `${chosen.size} selected` : "";
}

const range = (from, to) => {
  const found = [];
  for (let place = Math.min(from, to); place <= Math.max(from, to); place += 1) found.push(place);
  return found;
};

function toggle(place) {
  const next = new Set(chosen);
  if (!next.delete(place)) next.add(place);
  anchor = place;
  choose(next);
}

export function targets() {
  const places = chosen.size ? [...chosen].sort((a, b) => a - b) : items[active] ? [active] : [];
  return places.map((place) => items[place]);
}

export function after() {
  const single = !chosen.size;
  choose([]);
  if (single) focus(active + 1);
  anchor = active;
  return items.every((item) => item.mine);
}

function columns() {
  const top = tiles[0]?.offsetTop;
  const next = tiles.findIndex((element) => element.offsetTop !== top);
  return next < 0 ? tiles.length : next;
}

export function key(event) {
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns(), ArrowDown: columns() }[event.key];
  if (step) {
    focus(active + step);
    if (event.shiftKey) choose(range(anchor, active));
    else anchor = active;
  } else if (event.key === " ") toggle(active);
  else if (event.key === "Home") focus(0);
  else if (event.key === "End") focus(tiles.length - 1);
  else if (event.key === "Escape") choose([]);
  else if (event.key === "Enter") open(items[active]);
  else if (event.key === "i") choose(items.map((_, place) => place).filter((place) => !chosen.has(place) && !items[place].mine));
  else if ((event.ctrlKey || event.metaKey) && event.key === "a") choose(items.map((_, place) => place).filter((place) => !items[place].mine));
  else return false;
  return true;
}

function listen(list) {
  let from = null;
  let frame = null;
  const place = (target) => tiles.indexOf(target.closest?.("li"));
  list.addEventListener("pointerdown", (event) => {
    if (event.button || event.pointerType === "touch") return;
    from = { x: event.pageX, y: event.pageY, kept: event.ctrlKey || event.metaKey ? [...chosen] : [] };
    event.preventDefault();
    list.focus({ preventScroll: true });
  });
  const move = (event) => {
    if (!from || !list.isConnected) return;
    const [left, right] = [from.x, event.pageX].sort((a, b) => a - b);
    const [top, bottom] = [from.y, event.pageY].sort((a, b) => a - b);
    if (!frame && right - left < 8 && bottom - top < 8) return;
    frame ||= document.body.appendChild(make("div", { class: "frame-drag" }));
    Object.assign(frame.style, { left: `${left}px`, top: `${top}px`, width: `${right - left}px`, height: `${bottom - top}px` });
    const hit = tiles.flatMap((element, number) => {
      const box = element.getBoundingClientRect();
      const [x, y] = [box.left + scrollX, box.top + scrollY];
      return x < right && x + box.width > left && y < bottom && y + box.height > top ? [number] : [];
    });
    choose([...from.kept, ...hit]);
  };
  const end = () => {
    from = null;
    if (frame) setTimeout(() => { frame?.remove(); frame = null; });
  };
  addEventListener("pointermove", move);
  addEventListener("pointerup", end);
  list.addEventListener("click", (event) => {
    const number = place(event.target);
    if (number < 0 || frame) return;
    if (event.shiftKey) choose(new Set([...chosen, ...range(anchor, number)]));
    else toggle(number);
    focus(number, false);
  });
  list.addEventListener("dblclick", (event) => {
    const number = place(event.target);
    if (number >= 0) open(items[number]);
  });
}
