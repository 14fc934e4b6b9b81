// Small words for making elements. Text goes in as text, never as HTML.

export const $ = (id) => document.getElementById(id);

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "class") element.className = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child != null && child !== ""));
  return element;
}

export const source = (size, photo) => `/photo/${size}/${photo.key}?v=${photo.version}`;

export const words = (name) => (name || "").replaceAll("_", " ");

export const digit = (place) => (place < 9 ? String(place + 1) : place === 9 ? "0" : "");

export function describe(photo, before = "Photo") {
  const what = photo.seller_class ? `, sold as ${words(photo.seller_class)}` : "";
  return `${before}${what}${photo.title ? `, ${photo.title}` : ""}`;
}

export function decided(said) {
  if (!said || said.decision === "undo") return "";
  const more = said.class_name || said.reason;
  return words(said.decision) + (more ? ` ${said.class_name ? "as" : "for"} ${words(more)}` : "");
}
