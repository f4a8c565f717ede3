// Every component: filtered by kind and words, one of them in full.

function inventoryView() {
  const list = new List({ name: "inventory", height: 30, pick: show, open: (item) => { show(item); side.box.focus(); },
    render: (item) => [el("span", { class: "kind" }, label(item.kind)), el("span", { class: "name" }, item.qualname),
      item.kind === "router" || item.routes.length ? el("span", { class: "mono dim" }, title(item)) : null,
      item.summary ? el("span", { class: "dim" }, item.summary) : null, where(item)].filter(Boolean) });
  const side = panel(() => list.box);
  const tally = new Map();
  for (const component of DATA.components) tally.set(component.kind, (tally.get(component.kind) || 0) + 1);
  const kinds = chips("Kinds", KINDS.filter((kind) => tally.has(kind)).map((kind) => [kind, label(kind), tally.get(kind)]), () => update());
  const count = el("span", { class: "count" });
  let words = [];

  function show(component) {
    if (component) history.replaceState(null, "", `#inventory/${component.number}`);
    side.show(component ? details(component) : [el("p", { class: "dim" }, "Nothing fits.")]);
  }

  function update() {
    const wanted = BY_KIND.filter((component) => !kinds.on.size || kinds.on.has(component.kind));
    list.set(search(wanted, words, (item) => item.low, (item) => item.text));
    count.textContent = `${plural(list.items.length, "component")} in ${plural(DATA.files, "file")}`;
    side.show(list.selected ? details(list.selected) : [el("p", { class: "dim" }, "Nothing fits.")]);
  }

  return {
    id: "inventory", name: "Inventory", size: DATA.components.length, list,
    body: [el("div", { class: "bar" }, kinds.box, count), el("div", { class: "split" }, list.box, side.box)],
    search(text) { words = terms(text); update(); return count.textContent; },
    open(number) {
      const component = DATA.components[number];
      if (!component) return;
      if (!list.select(component)) { words = []; document.getElementById("search").value = ""; resetChips(kinds); update(); list.select(component); }
      side.show(details(component));
    },
    current: () => list.selected,
  };
}

function resetChips(group) {
  group.on.clear();
  for (const chip of group.box.children) chip.setAttribute("aria-pressed", "false");
}
