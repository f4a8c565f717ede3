"use strict";
// What every view needs: the data, elements made of text (never of markup), and where in the page we are.

const DATA = JSON.parse(document.getElementById("data").textContent);
const KINDS = ["app", "router", "endpoint", "schema", "table", "service", "dependency", "middleware", "exception_handler", "task", "settings", "test"];

/** An element; properties starting with "on" are listeners, the others are properties or (with a dash) attributes. */
function el(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else if (name === "role" || name.includes("-")) element.setAttribute(name, value === true ? "" : value);
    else element[name] = value;
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const label = (kind) => kind.replace("_", " ");
const place = (thing) => `${thing.path}:${thing.line}`;
/** Text that is cut at its beginning where it does not fit: the end of a path says most. */
const tail = (name, text, tag = "span") => el(tag, { class: `tail ${name}`, title: text }, el("bdi", { dir: "ltr" }, text));
const where = (thing) => tail("where mono", place(thing));
const plural = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

/** Words of a search, all of which must be found. */
const terms = (text) => text.toLowerCase().split(/\s+/).filter(Boolean);

/** How well `words` fit a name and the rest of a text: 0 not at all; a name's beginning counts most. */
function fit(words, name, rest) {
  let score = 1;
  for (const word of words) {
    const at = name.indexOf(word);
    if (at === 0) score += name.length === word.length ? 8 : 4;
    else if (at > 0) score += 2;
    else if (!rest.includes(word)) return 0;
  }
  return score;
}

/** Things that fit `words`, best first; in their own order when there are no words. */
function search(things, words, name, rest) {
  if (!words.length) return things;
  const found = [];
  for (const thing of things) {
    const score = fit(words, name(thing), rest(thing));
    if (score) found.push([score, thing]);
  }
  return found.sort((a, b) => b[0] - a[0]).map(([, thing]) => thing);
}

// the backward edges, the routes and the tests of every component, worked out once
for (const [number, component] of DATA.components.entries()) {
  Object.assign(component, { number, usedBy: [], routes: [], low: component.name.toLowerCase() });
  component.text = [component.qualname, component.path, label(component.kind), component.summary, component.signature || "",
    component.fields.map((field) => field[0]).join(" ")].join(" ").toLowerCase();
}
const BY_KIND = [...DATA.components].sort((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || (a.path < b.path ? -1 : a.path > b.path ? 1 : a.line - b.line));
for (const route of DATA.routes) {
  if (route.endpoint === null) continue;
  const uses = DATA.components[route.endpoint].uses; // what its routers and its app ask for counts as its own
  for (const other of route.dependencies) if (!uses.includes(other)) uses.push(other);
}
for (const component of DATA.components)
  for (const other of component.uses) DATA.components[other].usedBy.push(component.number);
for (const [number, route] of DATA.routes.entries()) {
  route.number = number;
  route.low = `${route.method} ${route.path}`.toLowerCase();
  route.text = [route.low, route.name, route.file, route.tags.join(" "), modelNames(route.request), modelNames([route.response])].join(" ").toLowerCase();
  if (route.endpoint !== null) DATA.components[route.endpoint].routes.push(route);
}

/** The names of models: a component's number or the source text as it stands. */
function modelNames(models) {
  return models.filter((model) => model !== null).map((model) => (typeof model === "number" ? DATA.components[model].name : model)).join(", ");
}

/** The whole segments that all paths begin with. */
function sharedPath(paths) {
  const [first, ...rest] = paths.map((path) => path.split("/"));
  let length = first.length;
  for (const other of rest) {
    let at = 0;
    while (at < length && at < other.length && other[at] === first[at]) at++;
    length = at;
  }
  return first.slice(0, length).join("/") || "/";
}

/** What a file is about: its name, or its folder's where every folder has a file of that name. */
function homeOf(path) {
  const parts = path.replace(/\.py$/, "").split("/");
  const telling = parts.filter((part) => !/^(__init__|views?|routes?|routers?|endpoints?|controllers?|handlers?|api|app|src)$/.test(part));
  return (telling.length ? telling : parts).pop();
}

/** Prose with its `code` as code. */
function prose(text) {
  return text.split("`").map((piece, at) => (at % 2 && piece ? el("code", {}, piece) : piece));
}

/** What a component is called where space is short: an endpoint by its route, a router by the path its routes share. */
function title(component) {
  if (component.kind === "router") {
    const paths = component.uses.flatMap((number) => DATA.components[number].routes).map((route) => route.path);
    return `${component.name === "router" ? homeOf(component.path) : component.name}${paths.length ? ` ${sharedPath(paths)}` : ""}`;
  }
  if (!component.routes.length) return component.name;
  const [first] = component.routes;
  const more = component.routes.length > 1 ? ` +${component.routes.length - 1}` : "";
  return `${first.method} ${first.path}${more}`;
}

/** A title with the first segments of its path left out until it is short: the end tells routes apart. */
function shortened(text, length) {
  const at = text.indexOf("/");
  if (text.length <= length || at < 0) return text;
  const segments = text.slice(at + 1).split("/");
  while (segments.length > 1 && at + 2 + segments.join("/").length > length) segments.shift();
  return `${text.slice(0, at)}…/${segments.join("/")}`;
}

/** Go to a view, and to one thing in it; the address bar and the back button know. */
function go(view, number) {
  location.hash = `#${view}${number === undefined ? "" : `/${number}`}`;
  route(); // at once: the event that follows finds everything in its place
}

function here() {
  const [view, number] = location.hash.slice(1).split("/");
  return { view, number: number === undefined || !/^\d+$/.test(number) ? undefined : Number(number) };
}
