// The table of routes: what answers, who may call it, what goes in and out, and whether a test does.

function routesView() {
  const columns = [
    ["verb", "Method", (route) => route.method], ["route", "Path", (route) => route.path], ["handler", "Handler", (route) => route.name.toLowerCase()],
    ["flag", "Auth", (route) => Number(route.protected)], ["models", "Request", (route) => modelNames(route.request)],
    ["models", "Response", (route) => modelNames([route.response])], ["flag", "Tests", (route) => route.tests.length],
  ];
  const list = new List({ name: "routes", height: 30, className: "cols", pick: show, open: (route) => { show(route); side.box.focus(); },
    render: (route) => [
      el("span", { class: `verb ${route.method}` }, route.method), tail("route mono", route.path),
      el("span", { class: "handler" }, route.name),
      el("span", { class: `flag ${route.protected ? "good" : "warn"}` }, { required: "protected", none: "open" }[route.protection] ?? route.protection),
      el("span", { class: "models dim" }, modelNames(route.request)), el("span", { class: "models dim" }, modelNames([route.response])),
      el("span", { class: `flag ${route.tests.length ? "good" : "bad"}` }, route.tests.length ? plural(route.tests.length, "test") : "untested"),
    ] });
  const side = panel(() => list.box);
  const heads = columns.map(([name, text], at) => el("button", { type: "button", class: name, "aria-label": `Sort by ${text}`, onclick: () => sortBy(at) }, text));
  const verbs = [...new Set(DATA.routes.map((route) => route.method))].sort();
  const filters = chips("Filters", [
    ["untested", "untested", DATA.routes.filter((route) => !route.tests.length).length],
    ["open", "unprotected", DATA.routes.filter((route) => route.protection === "none").length],
    ["unknown", "protection unknown", DATA.routes.filter((route) => route.protection === "unknown").length],
    ["unattached", "not seen to be served", DATA.routes.filter((route) => route.reach !== "served").length],
    ...verbs.map((verb) => [verb, verb, DATA.routes.filter((route) => route.method === verb).length]),
  ], () => update());
  const count = el("span", { class: "count" });
  let words = [], order = -1, down = false;

  function sortBy(at) {
    if (order !== at) [order, down] = [at, false];
    else if (!down) down = true;
    else order = -1; // a third press gives the order of registration back
    heads.forEach((head, number) => { if (number === order) head.dataset.sort = down ? "▼" : "▲"; else delete head.dataset.sort; });
    update();
  }

  function wanted(route) {
    if (filters.on.has("untested") && route.tests.length) return false;
    if (filters.on.has("open") && route.protection !== "none") return false;
    if (filters.on.has("unknown") && route.protection !== "unknown") return false;
    if (filters.on.has("unattached") && route.reach === "served") return false;
    return !verbs.some((verb) => filters.on.has(verb)) || filters.on.has(route.method);
  }

  function show(route) {
    if (route) history.replaceState(null, "", `#routes/${route.number}`);
    side.show(route ? routeDetails(route) : [el("p", { class: "dim" }, "Nothing fits.")]);
  }

  function update() {
    let found = search(DATA.routes.filter(wanted), words, (route) => route.low, (route) => route.text);
    if (order >= 0) {
      const key = columns[order][2];
      found = [...found].sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0) * (down ? -1 : 1));
    }
    list.set(found);
    count.textContent = plural(found.length, "route");
    side.show(list.selected ? routeDetails(list.selected) : [el("p", { class: "dim" }, "Nothing fits.")]);
  }

  return {
    id: "routes", name: "Routes", size: DATA.routes.length, list,
    body: [el("div", { class: "bar" }, filters.box, count),
      el("div", { class: "split table" }, el("div", { class: "grid" }, el("div", { class: "head" }, ...heads), list.box), side.box)],
    search(text) { words = terms(text); update(); return count.textContent; },
    open(number) {
      const route = DATA.routes[number];
      if (!route) return;
      if (!list.select(route)) { words = []; document.getElementById("search").value = ""; resetChips(filters); update(); list.select(route); }
      side.show(routeDetails(route));
    },
    current: () => list.selected && DATA.components[list.selected.endpoint],
  };
}

function routeDetails(route) {
  const model = (one) => (typeof one === "number" ? link(DATA.components[one]) : el("code", {}, one));
  const facts = [
    ["Auth", el("span", { class: route.protected ? "good" : "warn" }, route.protected ? "protected" : "open to anybody")],
    ["Status", route.status === null ? "200 (default)" : String(route.status)],
    ["Tags", route.tags.join(", ")],
    ...route.request.map((one) => ["Request", model(one)]),
    ["Response", route.response === null ? "" : model(route.response)],
  ].filter(([, value]) => value !== "");
  return [
    el("div", { class: `verb ${route.method}` }, route.method),
    el("h2", { class: "mono" }, route.path),
    copyable(`${route.file}:${route.line}`),
    el("table", {}, el("tbody", {}, ...facts.map(([name, value]) => el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, value))))),
    ...(route.endpoint === null ? [] : [el("h3", {}, "Handler"), link(DATA.components[route.endpoint], DATA.components[route.endpoint].qualname),
      el("div", { class: "actions" }, el("button", { type: "button", onclick: () => go("graph", route.endpoint) }, "Show in graph"))]),
    ...references("Dependencies", route.dependencies),
    ...(route.tests.length ? references("Tests", route.tests) : [el("p", { class: "bad" }, "No test was seen to call this route.")]),
  ];
}
