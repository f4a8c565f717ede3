// Everything known about one component, every name in it a way to the next.

function link(component, text) {
  return el("button", { type: "button", class: "link", onclick: () => go("inventory", component.number) }, text || title(component));
}

function references(heading, numbers) {
  if (!numbers.length) return [];
  const items = [...new Set(numbers)].map((number) => DATA.components[number])
    .sort((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || a.low.localeCompare(b.low))
    .map((other) => el("li", {}, el("span", { class: "kind" }, label(other.kind)), link(other)));
  return [el("h3", {}, `${heading} (${items.length})`), el("ul", { class: "plain" }, ...items)];
}

function fieldTable(fields) {
  if (!fields.length) return [];
  const rows = fields.map(([name, type, required]) =>
    el("tr", {}, el("td", { class: "mono" }, name), el("td", { class: "mono" }, type), el("td", { class: "dim" }, required ? "required" : "")));
  return [el("h3", {}, `Fields (${fields.length})`),
    el("table", {}, el("thead", {}, el("tr", {}, ...["name", "type", ""].map((text) => el("th", { scope: "col" }, text)))), el("tbody", {}, ...rows))];
}

function routeLine(route) {
  return el("li", {}, el("span", { class: `verb ${route.method}` }, route.method),
    el("button", { type: "button", class: "link mono", onclick: () => go("routes", route.number) }, route.path),
    el("span", { class: route.protected ? "good" : "dim" }, route.protected ? "protected" : "open"));
}

function copyable(text) {
  return el("button", { type: "button", class: "link mono", title: "Copy", onclick: async (event) => {
    const button = event.currentTarget;
    try { await navigator.clipboard.writeText(text); } catch { getSelection().selectAllChildren(button); return; }
    button.textContent = "copied";
    setTimeout(() => { button.textContent = text; }, 900);
  } }, text);
}

/** The panel's children for a component. */
function details(component) {
  const tests = component.routes.flatMap((route) => route.tests);
  const findings = DATA.findings.filter((finding) => finding.places.some((one) => one.component === component.number));
  return [
    el("div", { class: "dim" }, label(component.kind)),
    el("h2", {}, component.qualname),
    copyable(place(component)),
    component.summary ? el("p", {}, component.summary) : null,
    component.signature ? el("pre", {}, component.signature) : null,
    component.bases.length ? el("p", { class: "dim" }, `inherits from ${component.bases.join(", ")}`) : null,
    LAYERS.includes(component.kind)
      ? el("div", { class: "actions" }, el("button", { type: "button", onclick: () => go("graph", component.number) }, "Show in graph")) : null,
    ...(findings.length ? [el("h3", {}, "Here twice"), el("ul", { class: "plain" }, ...findings.map((finding) =>
      el("li", {}, el("button", { type: "button", class: "link", onclick: () => go("duplicates", DATA.findings.indexOf(finding)) }, `${finding.rule} `, ...prose(finding.message)))))] : []),
    ...(component.routes.length ? [el("h3", {}, `Routes (${component.routes.length})`), el("ul", { class: "plain" }, ...component.routes.map(routeLine))] : []),
    ...fieldTable(component.fields),
    ...references("Uses", component.uses),
    ...references("Used by", component.usedBy.filter((number) => DATA.components[number].kind !== "test")),
    ...references("Tests", [...tests, ...component.usedBy.filter((number) => DATA.components[number].kind === "test")]),
  ].filter(Boolean);
}

/** A panel beside a list; `show(children)` fills it, Escape hands the focus back to the list. */
function panel(back) {
  const box = el("section", { class: "detail", "aria-label": "Details", tabIndex: 0, onkeydown: (event) => {
    if (event.key === "Escape") { back().focus(); event.stopPropagation(); }
  } });
  return { box, show: (children) => { box.replaceChildren(...children); box.scrollTop = 0; } };
}
