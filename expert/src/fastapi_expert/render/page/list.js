// A list of any length of which only the rows in sight exist; a listbox for the keyboard and for screen readers.

class List {
  /** `render(item)` gives a row's children; `pick(item)` hears of every move, `open(item)` of Enter and of a click. */
  constructor({ name, height, render, pick, open, className }) {
    Object.assign(this, { height, render, pick, open, className: className || "", items: [], at: -1 });
    this.rows = el("div", { class: "rows", role: "presentation" });
    this.box = el("div", { class: "list", role: "listbox", tabIndex: 0, id: `list-${name}`, "aria-label": name,
      onscroll: () => this.draw(), onkeydown: (event) => this.key(event), onclick: (event) => this.click(event) }, this.rows);
    new ResizeObserver(() => this.draw()).observe(this.box);
  }

  set(items) {
    const kept = this.items[this.at];
    this.items = items;
    this.at = kept === undefined ? -1 : items.indexOf(kept);
    if (this.at < 0 && items.length) this.at = 0;
    this.rows.style.height = `${items.length * this.height}px`;
    this.box.scrollTop = 0;
    this.draw();
    if (this.at > 0) this.reveal();
  }

  get selected() {
    return this.items[this.at];
  }

  /** Select an item without telling anybody; false when it is not in the list. */
  select(item) {
    const at = this.items.indexOf(item);
    if (at < 0) return false;
    this.at = at;
    this.reveal();
    return true;
  }

  move(at) {
    this.at = Math.max(0, Math.min(this.items.length - 1, at));
    this.reveal();
    if (this.selected && this.pick) this.pick(this.selected);
  }

  reveal() {
    const top = this.at * this.height;
    if (top < this.box.scrollTop) this.box.scrollTop = top;
    else if (top + this.height > this.box.scrollTop + this.box.clientHeight) this.box.scrollTop = top + this.height - this.box.clientHeight;
    this.draw();
  }

  draw() {
    const first = Math.max(0, Math.floor(this.box.scrollTop / this.height) - 4);
    const last = Math.min(this.items.length, Math.ceil((this.box.scrollTop + this.box.clientHeight) / this.height) + 4);
    const rows = [];
    for (let at = first; at < last; at++) {
      const row = el("div", { class: `row ${this.className}${at === this.at ? " active" : ""}`, role: "option", id: `${this.box.id}-${at}`,
        "aria-selected": String(at === this.at), "aria-posinset": String(at + 1), "aria-setsize": String(this.items.length) },
        ...this.render(this.items[at]));
      row.style.transform = `translateY(${at * this.height}px)`;
      row.style.height = `${this.height}px`;
      row.dataset.at = at;
      rows.push(row);
    }
    this.rows.replaceChildren(...rows);
    if (this.at >= first && this.at < last) this.box.setAttribute("aria-activedescendant", `${this.box.id}-${this.at}`);
    else this.box.removeAttribute("aria-activedescendant");
  }

  key(event) {
    const page = Math.max(1, Math.floor(this.box.clientHeight / this.height) - 1);
    const target = { ArrowDown: this.at + 1, ArrowUp: this.at - 1, PageDown: this.at + page, PageUp: this.at - page, Home: 0, End: this.items.length - 1 }[event.key];
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (target !== undefined) this.move(target);
    else if (event.key === "Enter" && this.selected) this.open(this.selected);
    else return;
    event.preventDefault();
  }

  click(event) {
    const row = event.target.closest(".row");
    if (!row || event.target.closest("button")) return;
    this.at = Number(row.dataset.at);
    this.draw();
    this.open(this.selected);
  }
}

/** Buttons of which each is on or off; `change` hears the set of those that are on. */
function chips(name, options, change) {
  const on = new Set();
  const box = el("div", { role: "group", "aria-label": name });
  box.style.display = "contents";
  for (const [value, text, count] of options)
    box.append(el("button", { type: "button", class: "chip", "aria-pressed": "false", onclick: (event) => {
      on.has(value) ? on.delete(value) : on.add(value);
      event.currentTarget.setAttribute("aria-pressed", String(on.has(value)));
      change(on);
    } }, count === undefined ? text : `${text} ${count.toLocaleString("en")}`));
  return { box, on };
}
