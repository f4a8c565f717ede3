// What is wrong: the findings of the review, the worst first, each with the lines it is about.

const WEIGHT = { 1: ["wrong", "bad"], 2: ["bug", "warn"], 3: ["rough", "dim"] };
const weight = (hazard) => `${WEIGHT[hazard.severity][0]}${hazard.confidence === "likely" ? ", likely" : ""}`;

function reviewView() {
  const hazards = DATA.hazards || [];
  const list = new List({ name: "review", height: 68, className: "two", pick: show, open: (hazard) => { show(hazard); side.box.focus(); },
    render: (hazard) => [el("span", {}, el("strong", { class: "mono" }, hazard.rule), " ", ...prose(hazard.message)),
      el("span", { class: "dim mono" }, el("span", { class: WEIGHT[hazard.severity][1] }, weight(hazard)), ` · ${place(hazard)}`)] });
  const side = panel(() => list.box);
  const none = () => [el("p", { class: "dim" }, hazards.length ? "Nothing fits." : "Nothing was found.")];
  hazards.forEach((hazard, number) => {
    Object.assign(hazard, { number, low: hazard.rule.toLowerCase() });
    hazard.text = [hazard.rule, hazard.title, hazard.message, hazard.advice, weight(hazard), hazard.path].join(" ").toLowerCase();
  });
  const counted = (of) => [...new Set(hazards.map(of))].sort().map((value) => [value, value, hazards.filter((hazard) => of(hazard) === value).length]);
  const weights = chips("Weight", counted(weight), () => update());
  const rules = chips("Rules", counted((hazard) => hazard.rule), () => update());
  const count = el("span", { class: "count" });
  let words = [];

  function show(hazard) {
    if (hazard) history.replaceState(null, "", `#review/${hazard.number}`);
    side.show(hazard ? hazardDetails(hazard) : none());
  }

  function update() {
    const wanted = hazards.filter((hazard) => (!weights.on.size || weights.on.has(weight(hazard))) && (!rules.on.size || rules.on.has(hazard.rule)));
    list.set(search(wanted, words, (item) => item.low, (item) => item.text));
    count.textContent = plural(list.items.length, "finding");
    side.show(list.selected ? hazardDetails(list.selected) : none());
  }

  return {
    id: "review", name: "Review", size: hazards.length, list,
    body: [el("div", { class: "bar" }, weights.box, rules.box, count), el("div", { class: "split reading" }, list.box, side.box)],
    search(text) { words = terms(text); update(); return count.textContent; },
    open(number) {
      const hazard = hazards[number];
      if (!hazard) return;
      if (!list.select(hazard)) { words = []; document.getElementById("search").value = ""; resetChips(weights); resetChips(rules); update(); list.select(hazard); }
      side.show(hazardDetails(hazard));
    },
  };
}

function hazardDetails(hazard) {
  return [
    el("div", { class: "dim" }, `${hazard.rule} · ${hazard.title} · `, el("span", { class: WEIGHT[hazard.severity][1] }, weight(hazard))),
    el("h2", {}, ...prose(hazard.message)),
    el("p", { class: "advice" }, ...prose(hazard.advice)),
    hazard.since ? el("p", { class: "dim" }, `holds for ${hazard.since}`) : null,
    hazard.fixable ? el("p", { class: "dim" }, ...prose("`expert review --fix` mends it")) : null,
    copyable(place(hazard)),
    excerpt(hazard.code, hazard),
    ...(hazard.related.length ? [el("h3", {}, "Takes part")] : []),
    ...hazard.related.flatMap((one) => [el("p", {}, `${one.why}: `, copyable(place(one))), excerpt(one.code, one)]),
  ].filter(Boolean);
}

/** Lines of [number, text, whether it is meant]. */
function excerpt(lines, thing) {
  if (!lines.length) return null;
  const rows = lines.map(([number, text, meant]) => el("tr", { class: meant ? "changed" : "" }, el("td", { class: "no" }, String(number)), el("td", { class: "code" }, text)));
  return el("div", { class: "compare" }, el("table", { class: "excerpt", "aria-label": `around ${place(thing)}` }, el("tbody", {}, ...rows)));
}
