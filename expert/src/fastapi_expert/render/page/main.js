// The frame: tabs, search, keys, theme. A view is { id, name, size, body, search(text), open(number) }.

function problemsView() {
  const list = new List({ name: "problems", height: 30, pick: () => {}, open: () => {},
    render: (problem) => [el("span", { class: "name" }, problem.message), where(problem)] });
  const count = el("span", { class: "count" });
  return {
    id: "problems", name: "Problems", size: DATA.problems.length, list,
    body: [el("div", { class: "bar" }, el("span", { class: "dim" }, "What could not be known from the text: never guessed, always listed."), count), list.box],
    search(text) {
      list.set(search(DATA.problems, terms(text), (problem) => problem.message.toLowerCase(), (problem) => problem.path.toLowerCase()));
      return (count.textContent = plural(list.items.length, "problem"));
    },
    open() {},
  };
}

const views = [inventoryView(), routesView(), graphView(), duplicatesView(), problemsView(), reviewView()]
  .filter((view) => !DATA.without.includes(view.id));
const input = document.getElementById("search");
const counter = document.getElementById("count");
let active, shown;

const note = document.getElementById("note"); // how much is not known to be served comes before any list
note.textContent = DATA.note;
note.hidden = !DATA.note;

for (const view of views) {
  view.tab = el("button", { type: "button", role: "tab", id: `tab-${view.id}`, "aria-controls": `view-${view.id}`, "aria-selected": "false", tabIndex: -1,
    onclick: () => go(view.id) }, view.name, el("small", {}, view.size.toLocaleString("en")));
  view.box = el("section", { role: "tabpanel", id: `view-${view.id}`, "aria-labelledby": `tab-${view.id}`, hidden: true }, ...view.body);
  view.query = "";
  document.getElementById("tabs").append(view.tab);
  document.getElementById("views").append(view.box);
}

/** Bring the view that the address names to the front, and what it names in it. */
function route() {
  shown = location.hash;
  const { view: id, number } = here();
  const view = views.find((one) => one.id === (id || DATA.first)) || views[0];
  const first = active !== view;
  if (first) {
    for (const one of views) {
      one.box.hidden = one !== view;
      one.tab.setAttribute("aria-selected", String(one === view));
      one.tab.tabIndex = one === view ? 0 : -1;
    }
    active = view;
    input.value = view.query;
    if (!view.drawn) view.search("");
    view.drawn = true;
    if (view.list) view.list.draw();
  }
  if (number !== undefined || view.id === "graph") view.open(number);
  if (first && view.list && document.activeElement !== input) view.list.box.focus({ preventScroll: true });
}

input.addEventListener("input", () => {
  active.query = input.value;
  counter.textContent = active.search(input.value);
});
input.addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown" || event.key === "Enter") intoList(event.key === "Enter");
  else if (event.key === "Escape" && input.value) { input.value = active.query = ""; active.search(""); }
  else if (event.key === "Escape") intoList(false);
  else return;
  event.preventDefault();
  event.stopPropagation();
});

function intoList(open) {
  if (!active.list) return active.focusFirst();
  active.list.box.focus();
  if (open && active.list.selected) active.list.open(active.list.selected);
}

document.getElementById("tabs").addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const next = views[(views.indexOf(active) + step + views.length) % views.length];
  go(next.id);
  next.tab.focus();
  event.preventDefault();
});

document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.target === input || document.getElementById("keys").open) return;
  const current = active.current && active.current();
  if (event.key === "/") input.select();
  else if (event.key === "?") document.getElementById("keys").showModal();
  else if (views[Number(event.key) - 1]) go(views[Number(event.key) - 1].id);
  else if (event.key === "g" && current && LAYERS.includes(current.kind)) go("graph", current.number);
  else if (event.key === "Escape" && active.escape && active.escape()) return;
  else if (event.key === "Escape" && input.value) { input.value = active.query = ""; active.search(""); }
  else return;
  event.preventDefault();
});

document.getElementById("help").addEventListener("click", () => document.getElementById("keys").showModal());
document.getElementById("theme").addEventListener("click", () => {
  const dark = getComputedStyle(document.documentElement).colorScheme === "dark" ||
    (!document.documentElement.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
  setTheme(dark ? "light" : "dark");
});

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  try { localStorage.setItem("expert-theme", theme); } catch { /* a file:// page may not store */ }
}

try {
  const stored = localStorage.getItem("expert-theme");
  if (stored === "dark" || stored === "light") document.documentElement.dataset.theme = stored;
} catch { /* as above */ }
window.addEventListener("hashchange", () => { if (location.hash !== shown) route(); });
route();
