// What is here twice: the findings in order of what removing one saves, both sides next to each other.

const SIGNS = { same: "", changed: "~", left: "-", right: "+" };

function duplicatesView() {
  const list = new List({ name: "duplicates", height: 68, className: "two", pick: show, open: (finding) => { show(finding); side.box.focus(); },
    render: (finding) => [el("span", {}, el("strong", { class: "mono" }, finding.rule), " ", ...prose(finding.message)),
      el("span", { class: "dim mono" }, `${Math.round(finding.similarity * 100)} % · ${finding.places.map(place).join(" · ")}`)] });
  const side = panel(() => list.box);
  DATA.findings.forEach((finding, number) => {
    Object.assign(finding, { number, low: finding.rule.toLowerCase() });
    finding.text = [finding.rule, finding.title, finding.message, finding.advice, ...finding.places.map((one) => `${one.path} ${one.name}`)].join(" ").toLowerCase();
  });
  const titles = new Map(DATA.findings.map((finding) => [finding.rule, finding.title]));
  const rules = chips("Rules", [...titles].sort().map(([rule]) => [rule, rule, DATA.findings.filter((finding) => finding.rule === rule).length]), () => update());
  [...rules.box.children].forEach((chip, at) => { chip.title = [...titles].sort()[at][1]; });
  const count = el("span", { class: "count" });
  let words = [];

  function show(finding) {
    if (finding) history.replaceState(null, "", `#duplicates/${finding.number}`);
    side.show(finding ? findingDetails(finding) : [el("p", { class: "dim" }, DATA.findings.length ? "Nothing fits." : "Nothing is here twice.")]);
  }

  function update() {
    list.set(search(DATA.findings.filter((finding) => !rules.on.size || rules.on.has(finding.rule)), words, (item) => item.low, (item) => item.text));
    count.textContent = plural(list.items.length, "finding");
    side.show(list.selected ? findingDetails(list.selected) : [el("p", { class: "dim" }, DATA.findings.length ? "Nothing fits." : "Nothing is here twice.")]);
  }

  return {
    id: "duplicates", name: "Duplicates", size: DATA.findings.length, list,
    body: [el("div", { class: "bar" }, rules.box, count), el("div", { class: "split reading" }, list.box, side.box)],
    search(text) { words = terms(text); update(); return count.textContent; },
    open(number) {
      const finding = DATA.findings[number];
      if (!finding) return;
      if (!list.select(finding)) { words = []; document.getElementById("search").value = ""; resetChips(rules); update(); list.select(finding); }
      side.show(findingDetails(finding));
    },
    current: () => list.selected && DATA.components[list.selected.places[0].component],
  };
}

function findingDetails(finding) {
  const name = (one) => (one.component === null ? el("span", {}, one.name) : link(DATA.components[one.component], one.name));
  return [
    el("div", { class: "dim" }, `${finding.rule} · ${finding.title} · ${Math.round(finding.similarity * 100)} % the same`),
    el("h2", {}, ...prose(finding.message)),
    el("p", { class: "advice" }, ...prose(finding.advice)),
    el("h3", {}, plural(finding.places.length, "place")),
    el("ul", { class: "plain" }, ...finding.places.map((one) => el("li", {}, el("span", { class: "kind" }, label(one.kind)), name(one), copyable(place(one))))),
    ...finding.pairs.map((rows, at) => comparison(rows, finding.places[0], finding.places[at + 1])),
  ];
}

/** Both sides in one table, long runs of equal lines folded until asked for. */
function comparison(rows, left, right) {
  const body = el("tbody", {});
  const near = rows.map((row, at) => rows.slice(Math.max(0, at - 3), at + 4).some((other) => other[0] !== "same"));
  const folding = near.includes(true) && rows.length > 14;
  for (let at = 0; at < rows.length; at++) {
    let end = at;
    while (folding && end < rows.length && !near[end]) end++;
    if (end - at > 3) {
      const hidden = rows.slice(at, end);
      const fold = el("tr", { class: "fold" }, el("td", { colSpan: 6 }, el("button", { type: "button", class: "link", onclick: () => fold.replaceWith(...hidden.map(line)) }, `${hidden.length} equal lines`)));
      body.append(fold);
      at = end - 1;
    } else body.append(line(rows[at]));
  }
  const widths = el("colgroup", {}, ...["no", "sign", "code", "no", "sign", "code"].map((kind) => {
    const column = el("col", {});
    column.style.width = { no: "5.5ch", sign: "2.4ch", code: "auto" }[kind];
    return column;
  }));
  return el("div", { class: "compare" }, el("table", { "aria-label": `${place(left)} beside ${place(right)}` }, widths,
    el("thead", {}, el("tr", {}, el("th", { colSpan: 3, scope: "colgroup" }, place(left)), el("th", { class: "b", colSpan: 3, scope: "colgroup" }, place(right)))), body));
}

function line([mark, leftNumber, leftText, leftSpans, rightNumber, rightText, rightSpans]) {
  return el("tr", { class: mark },
    el("td", { class: "no" }, leftNumber === null ? "" : String(leftNumber)), el("td", { class: "sign" }, leftNumber === null ? "" : SIGNS[mark]), el("td", { class: "code a" }, ...marked(leftText, leftSpans)),
    el("td", { class: "no b" }, rightNumber === null ? "" : String(rightNumber)), el("td", { class: "sign" }, rightNumber === null ? "" : SIGNS[mark]), el("td", { class: "code" + " b" }, ...marked(rightText, rightSpans)));
}

function marked(text, spans) {
  const characters = [...text]; // the spans count characters as Python does, not UTF-16 units
  const pieces = [];
  let at = 0;
  for (const [start, end] of spans) {
    pieces.push(characters.slice(at, start).join(""), el("mark", {}, characters.slice(start, end).join("")));
    at = end;
  }
  pieces.push(characters.slice(at).join(""));
  return pieces;
}
