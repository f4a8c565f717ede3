// app → router → endpoint → dependency → service → table, in columns. One thing is in focus and only what it reaches, or
// is reached from, is drawn: a codebase of thousands of parts stays readable.

const LAYERS = ["app", "router", "endpoint", "dependency", "service", "table"];
const SHOWN = 150; // nodes of a column before "more"
const DRAWN = 500; // edges drawn at once before only those of the node at hand are

/** The numbers that `start` leads to by `step`, itself included. */
function closure(start, step) {
  const seen = new Set([start]);
  const queue = [start];
  while (queue.length)
    for (const next of step(DATA.components[queue.pop()]))
      if (!seen.has(next) && LAYERS.includes(DATA.components[next].kind)) { seen.add(next); queue.push(next); }
  return seen;
}

/** A walk that never turns back towards the app: from a table up or from an endpoint down, not both at once. */
const rank = (component) => LAYERS.indexOf(component.kind);
const down = (component) => component.uses.filter((number) => rank(DATA.components[number]) >= rank(component));
const up = (component) => component.usedBy.filter((number) => { const at = rank(DATA.components[number]); return at >= 0 && at <= rank(component); });

function graphView() {
  const parts = BY_KIND.filter((component) => LAYERS.includes(component.kind));
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("aria-hidden", "true");
  const canvas = el("div", { class: "graph", role: "group", "aria-label": "Graph", onkeydown: key }, svg);
  const status = el("span", { class: "count" });
  const crumb = el("div", {});
  const nodes = new Map(); // number -> button
  const limits = new Map();
  let focus, words = [], order = [], hot;

  function layers() {
    const wanted = focus === undefined ? null : new Set([...closure(focus, down), ...closure(focus, up)]);
    const found = search(parts.filter((component) => !wanted || wanted.has(component.number)), words, (item) => `${title(item)} ${item.qualname}`.toLowerCase(), (item) => item.text);
    const columns = LAYERS.map((kind) => found.filter((component) => component.kind === kind));
    if (!words.length && !wanted) for (const column of columns) column.sort((a, b) => b.usedBy.length + b.uses.length - a.usedBy.length - a.uses.length);
    if (wanted) untangle(columns);
    return columns;
  }

  /** Order every column by where its neighbours to the left are: fewer crossings. */
  function untangle(columns) {
    const position = new Map();
    for (const column of columns) {
      const mean = (component) => {
        const near = [...component.usedBy, ...component.uses].map((number) => position.get(number)).filter((at) => at !== undefined);
        return near.length ? near.reduce((sum, at) => sum + at, 0) / near.length : 1;
      };
      const keyed = column.map((component) => [mean(component), component]).sort((a, b) => a[0] - b[0] || a[1].path.localeCompare(b[1].path));
      keyed.forEach(([, component], at) => { column[at] = component; position.set(component.number, at / Math.max(1, column.length - 1)); });
    }
  }

  function render() {
    nodes.clear();
    order = layers();
    const boxes = order.map((column, at) => {
      const limit = limits.get(LAYERS[at]) || SHOWN;
      const buttons = column.slice(0, limit).map(node);
      if (column.length > limit) buttons.push(el("button", { type: "button", class: "node dim", onclick: () => { limits.set(LAYERS[at], limit + 500); render(); } }, `… ${(column.length - limit).toLocaleString("en")} more`));
      return el("div", { class: "layer" }, el("h3", {}, `${LAYERS[at]} (${column.length.toLocaleString("en")})`),
        el("div", { class: "nodes", role: "group", onscroll: draw, "aria-label": LAYERS[at] }, ...buttons));
    });
    canvas.replaceChildren(svg, ...boxes);
    const seen = order.reduce((sum, column) => sum + column.length, 0);
    status.textContent = plural(seen, "part");
    crumb.replaceChildren(...(focus === undefined ? [el("span", { class: "dim" }, "Choose a part to see only what it reaches and what reaches it.")] : [
      el("strong", {}, title(DATA.components[focus])), " ", el("span", { class: "dim mono" }, place(DATA.components[focus])), " ",
      el("button", { type: "button", class: "chip", onclick: () => go("inventory", focus) }, "details"), " ",
      el("button", { type: "button", class: "chip", onclick: () => go("graph") }, "show all"),
    ]));
    draw();
  }

  function node(component) {
    const button = el("button", { type: "button", class: `node${component.number === focus ? " focus" : ""}`, title: `${title(component)}\n${component.qualname}\n${place(component)}`,
      onclick: () => go("graph", component.number), onfocus: () => heat(component.number), onmouseenter: () => heat(component.number), onmouseleave: () => heat(undefined) },
      el("span", { class: component.routes.length ? "mono" : "" }, shortened(title(component), 25)), tail("", place(component), "small"));
    button.dataset.number = component.number;
    nodes.set(component.number, button);
    return button;
  }

  function heat(number) {
    hot = number;
    draw();
  }

  /** The edges between nodes in sight; with nothing in focus, or too many, only those of the node at hand. */
  function draw() {
    const frame = canvas.getBoundingClientRect();
    if (!frame.width) return;
    const at = hot === undefined ? focus : hot;
    const boxes = new Map();
    for (const [number, button] of nodes) {
      const box = button.getBoundingClientRect();
      const column = button.parentElement.getBoundingClientRect();
      const middle = box.top + box.height / 2;
      if (middle > column.top && middle < column.bottom) boxes.set(number, { left: box.left - frame.left + canvas.scrollLeft, right: box.right - frame.left + canvas.scrollLeft, y: middle - frame.top });
    }
    const all = [], near = [];
    for (const number of boxes.keys())
      for (const other of DATA.components[number].uses)
        if (boxes.has(other) && other !== number) (number === at || other === at ? near : all).push([number, other]);
    const others = focus === undefined || all.length > DRAWN ? [] : all;
    for (const [number, button] of nodes) button.classList.toggle("near", near.some((edge) => edge.includes(number)) && number !== at);
    svg.replaceChildren(...others.map((edge) => curve(edge, boxes, "")), ...near.map((edge) => curve(edge, boxes, "hot")));
  }

  function curve([from, to], boxes, name) {
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    let [a, b] = [boxes.get(from), boxes.get(to)];
    if (rank(DATA.components[from]) > rank(DATA.components[to])) [a, b] = [b, a];
    const reach = Math.max(14, (b.left - a.right) / 2);
    const bend = Math.abs(a.left - b.left) < 4 ? `M${a.right},${a.y} C${a.right + 24},${a.y} ${b.right + 24},${b.y} ${b.right},${b.y}`
      : `M${a.right},${a.y} C${a.right + reach},${a.y} ${b.left - reach},${b.y} ${b.left},${b.y}`;
    path.setAttribute("d", bend);
    if (name) path.setAttribute("class", name);
    return path;
  }

  function key(event) {
    const button = event.target.closest(".node");
    if (!button || event.altKey || event.ctrlKey || event.metaKey) return;
    const columns = [...canvas.querySelectorAll(".nodes")].map((column) => [...column.children]);
    const x = columns.findIndex((column) => column.includes(button));
    const y = columns[x].indexOf(button);
    let target;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") target = columns[x][y + (event.key === "ArrowDown" ? 1 : -1)];
    else if (event.key === "Home" || event.key === "End") target = columns[x].at(event.key === "Home" ? 0 : -1);
    else if (event.key === "ArrowRight" || event.key === "ArrowLeft") target = beside(columns, x, event.key === "ArrowRight" ? 1 : -1, button);
    else return;
    event.preventDefault();
    if (target) target.focus();
  }

  /** The neighbour in the next column that is not empty: one that is linked if there is one, else the one at this height. */
  function beside(columns, x, step, button) {
    for (let at = x + step; at >= 0 && at < columns.length; at += step) {
      if (!columns[at].length) continue;
      const height = button.getBoundingClientRect().top;
      const linked = columns[at].filter((other) => other.classList.contains("near"));
      const distance = (other) => Math.abs(other.getBoundingClientRect().top - height);
      return (linked.length ? linked : columns[at]).reduce((best, other) => (distance(other) < distance(best) ? other : best));
    }
    return undefined;
  }

  new ResizeObserver(draw).observe(canvas);
  canvas.addEventListener("scroll", draw);
  return {
    id: "graph", name: "Graph", size: parts.length, focusFirst: () => { const [first] = nodes.values(); if (first) first.focus(); },
    body: [el("div", { class: "bar" }, crumb, status), canvas],
    search(text) { words = terms(text); render(); return status.textContent; },
    open(number) {
      const changed = focus !== number;
      focus = number !== undefined && DATA.components[number] && LAYERS.includes(DATA.components[number].kind) ? number : undefined;
      if (focus !== undefined && words.length) { words = []; document.getElementById("search").value = ""; }
      if (changed || !nodes.size) render();
      const button = nodes.get(focus);
      if (button) { button.scrollIntoView({ block: "nearest" }); button.focus(); }
    },
    escape() { if (focus === undefined) return false; go("graph"); return true; },
    current: () => (hot === undefined ? undefined : DATA.components[hot]),
  };
}
