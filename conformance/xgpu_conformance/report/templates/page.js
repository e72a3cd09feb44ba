"use strict";

(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const form = document.getElementById("filter");
  const card = document.getElementById("card");
  const boxes = (name) => [...form.querySelectorAll(`input[name="${name}"]`)];
  const values = (name) => boxes(name).map((box) => box.value);
  const all = { state: values("state"), level: values("level"), dtype: values("dtype") };

  // The rows and cells of each level's table, beside what the data say of them.
  const tables = [...document.querySelectorAll(".level")].map((section, at) => {
    const level = data.levels[at];
    const rows = [...section.querySelectorAll("tbody tr")].map((line, row) => ({
      line,
      name: line.cells[0].textContent,
      cells: [...line.cells].slice(1),
      details: level.cells[row],
      states: level.cells[row].map((cell) => cell && cell.map((one) => (one ? one.s : ""))),
    }));
    const headings = [...section.querySelectorAll("thead th")].slice(1);
    return { section, level, rows, headings };
  });

  // Filtering.

  function show(filter) {
    let count = 0;
    for (const { section, level, rows, headings } of tables) {
      let any = false;
      for (const { line, name, cells, states } of rows) {
        const found = rowMatches(level.name, name, states, level.dtypes, filter);
        line.hidden = !found.shown;
        any ||= found.shown;
        cells.forEach((cell, at) => {
          cell.hidden = !filter.dtype.has(level.dtypes[at]);
          cell.classList.toggle("dim", !found.matching[at]);
          count += found.matching[at];
        });
      }
      headings.forEach((th, at) => { th.hidden = !filter.dtype.has(level.dtypes[at]); });
      section.hidden = !any;
    }
    document.getElementById("shown").textContent =
      `${count.toLocaleString("en")} of ${data.count.toLocaleString("en")} cells`;
  }

  function read() {
    const filter = everything(all);
    for (const key of ["state", "level", "dtype"]) {
      filter[key] = new Set(boxes(key).filter((box) => box.checked).map((box) => box.value));
    }
    filter.name = form.elements.name.value;
    filter.differ = form.elements.differ?.checked ?? false;
    return filter;
  }

  function write(filter) {
    for (const key of ["state", "level", "dtype"]) {
      for (const box of boxes(key)) box.checked = filter[key].has(box.value);
    }
    form.elements.name.value = filter.name;
    if (form.elements.differ) form.elements.differ.checked = filter.differ;
  }

  function changed() {
    const filter = read();
    const hash = toHash(filter, all);
    history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
    close();
    show(filter);
  }

  form.addEventListener("input", changed);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    write(everything(all));
    changed();
  });
  window.addEventListener("hashchange", () => {
    write(fromHash(location.hash, all));
    show(read());
  });

  // The card with one cell's details.

  let opened = null;
  let kept = false;
  let leaving = 0;

  const element = (tag, text = "") => {
    const made = document.createElement(tag);
    made.textContent = text;
    return made;
  };

  function pairs(list) {
    const made = document.createElement("dl");
    for (const [term, text] of list) made.append(element("dt", term), element("dd", text));
    return made;
  }

  function command(text) {
    const made = document.createElement("div");
    made.append(element("pre", text));
    const button = element("button", "Copy the command");
    button.type = "button";
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(text);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(made.firstChild);
        button.textContent = "Selected: copy it with the keyboard";
      }
    });
    made.append(button);
    return made;
  }

  // `cell.p` is what the id of the value or case to replay has after the cell's own.
  function part(cell, { label, device }, again, id, name) {
    const made = document.createElement("section");
    made.append(element("p", data.reports.length > 1 ? `${label}: ${cell.s}` : cell.s));
    if (cell.r !== undefined) made.append(element("p", data.texts[cell.r]));
    if (cell.e) {
      const [reason, link, expires] = cell.e;
      made.append(element("p", `${reason} (until ${expires})`));
      if (/^https?:/.test(link)) {
        const anchor = element("a", link);
        anchor.href = link;
        anchor.rel = "noreferrer";
        made.append(anchor);
      } else made.append(element("p", link));
    }
    if (cell.c) {
      const wrong = cell.f ? `, ${cell.f.toLocaleString("en")} of them wrong` : "";
      const runs = `${cell.c.toLocaleString("en")} cases`;
      made.append(element("p", `${cell.v.toLocaleString("en")} values in ${runs}${wrong}`));
    }
    if (cell.w) {
      const [ulp, bound, inputs, got, expected] = cell.w;
      made.append(pairs([
        ["largest error", `${ulp} ULP, ${bound} allowed`],
        ["of", inputs.join(", ") || "no operand"],
        ["result", got],
        ["right is", expected],
      ]));
    }
    for (const message of cell.x ?? []) made.append(element("p", message));
    if (cell.p !== undefined) {
      made.append(command(replayCommand(again, device, id + cell.p, name)));
    }
    return made;
  }

  function open(td) {
    clearTimeout(leaving);
    if (opened === td) return;
    close();
    const line = td.parentElement;
    const { level, rows } = tables.find(({ section }) => section.contains(td));
    const row = rows.find((one) => one.line === line);
    const at = td.cellIndex - 1;
    opened = td;
    td.classList.add("open");
    td.setAttribute("aria-describedby", "card");
    const id = `${level.ids[rows.indexOf(row)]}&dtype=${level.dtypes[at]}`;
    card.replaceChildren(element("h3", `${row.name}, ${level.dtypes[at]}`));
    row.details[at].forEach((cell, number) => {
      if (cell) card.append(part(cell, data.reports[number], level.again, id, row.name));
    });
    card.hidden = false;
    place(td);
  }

  function place(td) {
    card.style.left = card.style.top = "";
    if (getComputedStyle(card).position === "fixed") return;
    const box = td.getBoundingClientRect();
    const width = document.documentElement.clientWidth;
    const left = Math.max(8, Math.min(box.left, width - card.offsetWidth - 8));
    const below = box.bottom + card.offsetHeight + 8 < innerHeight || box.top < card.offsetHeight;
    const top = below ? box.bottom + 4 : box.top - card.offsetHeight - 4;
    card.style.left = `${left + scrollX}px`;
    card.style.top = `${top + scrollY}px`;
  }

  function close() {
    clearTimeout(leaving);
    opened?.classList.remove("open");
    opened?.removeAttribute("aria-describedby");
    opened = null;
    kept = false;
    card.hidden = true;
  }

  function leave() {
    // Long enough for the pointer to reach the card.
    clearTimeout(leaving);
    if (!kept) leaving = setTimeout(close, 250);
  }

  const cellOf = (event) => event.target.closest?.(".matrix td[tabindex]");
  // A finger does not hover: what opened under it would get its click.
  const byMouse = (event) => event.pointerType === "mouse";

  for (const { section, rows } of tables) {
    const grid = section.querySelector("table");
    for (const td of grid.querySelectorAll("td:has(i)")) td.tabIndex = -1;
    // One stop for the tabulator in each table; arrow keys go on from there.
    const first = grid.querySelector("td[tabindex]");
    if (first) first.tabIndex = 0;
    grid.addEventListener("pointerover", (event) => {
      const td = byMouse(event) && cellOf(event);
      if (td && !kept) open(td);
    });
    grid.addEventListener("pointerout", (event) => byMouse(event) && leave());
    grid.addEventListener("focusin", (event) => {
      const td = cellOf(event);
      if (!td) return;
      for (const other of grid.querySelectorAll('td[tabindex="0"]')) other.tabIndex = -1;
      td.tabIndex = 0;
      kept = false;
      open(td);
    });
    grid.addEventListener("focusout", leave);
    grid.addEventListener("click", (event) => {
      const td = cellOf(event);
      if (!td) return;
      const again = kept && opened === td;
      kept = false;
      td.focus({ preventScroll: true });
      if (again) close();
      else {
        open(td);
        kept = true;
      }
    });
    grid.addEventListener("keydown", (event) => {
      const td = cellOf(event);
      if (!td) return;
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        kept = true;
        card.querySelector("button")?.focus();
        return;
      }
      const move = {
        ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1],
      }[event.key];
      if (!move) return;
      event.preventDefault();
      const from = [rows.findIndex(({ line }) => line === td.parentElement), td.cellIndex - 1];
      const columns = rows[0].cells.length;
      const [row, column] = nextPlace(from, ...move, rows.length, columns, (r, c) =>
        !rows[r].line.hidden && !rows[r].cells[c].hidden && rows[r].cells[c].hasAttribute("tabindex"));
      rows[row].cells[column].focus();
    });
  }
  card.addEventListener("pointerover", () => clearTimeout(leaving));
  card.addEventListener("pointerout", (event) => byMouse(event) && leave());
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !opened) return;
    const td = opened;
    const inside = card.contains(document.activeElement);
    close();
    if (inside) {
      td.focus();
      close();
    }
  });
  document.addEventListener("click", (event) => {
    if (kept && !card.contains(event.target) && !cellOf(event)) close();
  });

  write(fromHash(location.hash, all));
  show(read());
})();
