// One item at a time: a large photo, or a pair, with all that is known of it. The next ten are loaded ahead.

import { $, decided, describe, digit, make, source, words } from "./dom.js";
import { get } from "./save.js";

const AHEAD = 10;
const loaded = new Map(); // address to an image that is loaded, or being so
let shown = null;
let around = 0;
let blinking = 0;

function image(address) {
  let found = loaded.get(address);
  if (!found) {
    found = new Image();
    found.decoding = "sync";
    found.src = address;
    found.decode?.().catch(() => {});
    loaded.set(address, found);
    if (loaded.size > 4 * AHEAD) loaded.delete(loaded.keys().next().value);
  }
  return found;
}

const addresses = (item) => item.photos.map((photo) => source("large", photo));

export function prefetch(items) {
  for (const item of items.slice(0, AHEAD)) addresses(item).forEach(image);
}

export function show(item, state, act) {
  shown = item;
  clearInterval(blinking);
  const pair = item.photos.length === 2;
  const [photo] = item.photos;
  const main = $("main");
  const facts = make("aside", { class: "facts", "aria-label": "About this photo" }, ...(pair ? pairFacts(item) : photoFacts(item, state)));
  const conflict = photo.sold?.length > 1;
  main.replaceChildren(
    make("section", { class: pair || conflict ? "one pair" : "one", "data-key": item.key, "aria-label": pair ? "Pair" : "Photo" },
      pair ? pairStage(item) : conflict ? soldStage(photo) : photoStage(photo), actions(item, state, act), facts),
  );
  clearTimeout(around);
  if (photo.seller_class && !pair) around = setTimeout(() => showAround(item, photo, facts), 150);
}

function photoStage(photo) {
  const big = image(source("large", photo));
  big.alt = describe(photo);
  big.id = "photo";
  big.onerror = () => big.replaceWith(make("p", { class: "lost" }, "This photo cannot be shown: its file is gone or damaged."));
  return make("div", { class: "stage" }, big);
}

function soldStage(photo) {
  // the same image under several classes: that which stays, and one of each other class
  const classes = new Set([photo.sold[0].seller_class]);
  const others = photo.sold.slice(1).filter((each) => !classes.has(each.seller_class) && classes.add(each.seller_class)).slice(0, 3);
  const stays = photoStage(photo).firstChild;
  const figure = (shown, text) => make("figure", {}, shown, make("figcaption", {}, text));
  return make("div", { class: "stage" }, figure(stays, `stays · sold as ${words(photo.seller_class)}`), ...others.map((each) =>
    figure(make("img", { src: source("large", each), alt: describe(each, "Duplicate") }), `duplicate · sold as ${words(each.seller_class)}`)));
}

function pairStage(item) {
  const [kept, other] = item.photos;
  const figures = item.photos.map((photo, place) => {
    const big = image(source("large", photo));
    big.alt = describe(photo, place ? "Removed" : "Kept");
    big.id = place ? "other" : "photo";
    return make("figure", {}, big, make("figcaption", {}, place ? "removed" : "kept",
      ` · ${photo.width}×${photo.height} · ${words(photo.seller_class)}`));
  });
  const map = make("img", { src: `/difference/${kept.key}/${other.key}`, alt: "Difference map: red where the two differ", loading: "lazy" });
  return make("div", { class: "stage" }, ...figures, make("figure", {}, map, make("figcaption", {}, "red: where they differ")));
}

export function blink() {
  const [kept, other] = [$("photo"), $("other")];
  if (!other) return;
  const stage = kept.closest(".stage");
  clearInterval(blinking);
  if (stage.classList.toggle("blink")) blinking = setInterval(() => stage.classList.toggle("second"), 600);
  else stage.classList.remove("second");
}

function button(key, text, does, more = {}) {
  return make("button", { type: "button", onclick: does, ...more }, key ? make("kbd", {}, key) : "", ` ${text}`);
}

function actions(item, state, act) {
  const pair = item.photos.length === 2;
  const said = decided(item.mine);
  const others = (item.others || []).map((row) => `${row.reviewer || "somebody"}: ${decided(row)}`);
  const main = pair
    ? [button("a", "Duplicates", () => act("a")), button("x", "Not duplicates", () => act("x")), button("b", "Blink", blink)]
    : [button("a", "Keep", () => act("a"), { class: "keep" }), button("x", "Reject", () => act("x"), { class: "reject" })];
  const classes = pair ? [] : state.classes.map((name, place) =>
    button(digit(place), words(name), () => act(`class:${name}`)));
  return make("div", { class: "actions" },
    make("p", { class: "verdict", "data-said": said || null }, said ? `You said: ${said}. ` : "", others.length ? `Others said: ${others.join("; ")}.` : ""),
    make("div", { class: "row" }, ...main, button("Space", "Skip", () => act(" ")), button("⌫", "Undo", () => act("Backspace"), { "aria-label": "Undo" })),
    make("div", { class: "row classes", role: "group", "aria-label": "Keep as class" }, ...classes),
    make("label", { class: "field note" }, "Note ", make("input", { id: "note", maxlength: 300, value: item.mine?.note || "" })));
}

const row = (name, value) => (value === "" || value == null ? [] : [make("dt", {}, name), make("dd", {}, value)]);
const share = (value) => (value == null ? "" : Number(value).toFixed(2));

function photoFacts(item, state) {
  const [photo] = item.photos;
  if (!photo.seller_class) return [make("p", { class: "hint" }, "A blind sample: what the seller and the machine say is not shown. It is measured with your labels.")];
  const classes = [...new Set((photo.sold || [photo]).map((each) => each.seller_class))].sort();
  const sold = classes.map(words).join(", ");
  const place = [photo.city, photo.year, photo.price && `${Number(photo.price).toLocaleString("en")} ${photo.currency}`].filter(Boolean).join(" · ");
  return [
    make("dl", {},
      ...row("Sold as", make("strong", {}, sold)),
      ...row("Why here", photo.why),
      ...row("Class now", photo.class_name === photo.seller_class ? "" : words(photo.class_name)),
      ...row("Score", photo.score == null ? "" : meter(photo.score, photo.threshold)),
      ...row("Looks like", photo.concept && `${words(photo.concept)} ${share(photo.concept_score)}`),
      ...row("Class is right", photo.label_score == null ? "" : `${share(photo.label_score)}; likeliest: ${words(photo.likely_class)}`),
      ...row("Typicality", share(photo.typicality)),
      ...row("Title", photo.title), ...row("Listing", place || photo.listing_id),
      ...row("Size", `${photo.width}×${photo.height}`), ...row("Key", make("code", {}, photo.key))),
  ];
}

function meter(value, threshold) {
  return make("span", { class: "score" }, make("meter", { min: 0, max: 1, value, low: threshold, "aria-label": "Score" }), ` ${share(value)}, threshold ${threshold}`);
}

function pairFacts(item) {
  const [kept, other] = item.photos;
  return [make("dl", {}, ...row("Why here", words(other.dedup_reason)), ...row("Proof", other.confirmed_by),
    ...row("Hashes", other.distance == null ? "" : `${other.distance} bits apart`),
    ...row("Kept", `${kept.title || words(kept.seller_class)}, listing ${kept.listing_id}`),
    ...row("Removed", `${other.title || words(other.seller_class)}, listing ${other.listing_id}`))];
}

async function showAround(item, photo, facts) {
  const found = await get(`/api/around/${photo.key}`).catch(() => null);
  if (!found || shown !== item) return;
  const strip = (title, photos) => photos.length ? [make("h2", {}, title), make("ul", { class: "strip" }, ...photos.map((each) =>
    make("li", { "data-side": each.duplicate_of ? "duplicate" : each.keep === "true" ? "kept" : "rejected" },
      make("img", { src: source("small", each), alt: describe(each, words(each.why)), loading: "lazy", title: each.why }))))] : [];
  facts.append(...strip("Same listing", found.listing), ...strip("Most alike, kept", found.alike));
}
