// Money flow and time line: a node marks its bands and rows, a row marks its nodes, dragging over the bars picks days.
"use strict";

(() => {
  const LIT = "is-lit";
  let lit = null; // {nodes: Set of node ids, name}: survives the exchange of the picture

  const all = (selector) => document.querySelectorAll(selector);

  function paint() {
    const nodes = lit ? lit.nodes : new Set();
    for (const picture of all(".fl-picture")) picture.classList.toggle("has-lit", Boolean(lit));
    for (const card of all(".fl-card")) {
      const on = nodes.has(card.dataset.node);
      card.classList.toggle(LIT, on);
      card.setAttribute("aria-pressed", String(on));
    }
    const touches = (part) => {
      if (!lit) return false;
      if (lit.isPair) return nodes.has(part.dataset.src) && nodes.has(part.dataset.dst);
      return nodes.has(part.dataset.src) || nodes.has(part.dataset.dst);
    };
    for (const part of all(".fl-ribbon[data-src], .fl-arrow[data-src]")) part.classList.toggle(LIT, touches(part));
    let first = null;
    for (const row of all(".mv-table tr[data-src], .fl-pairs tr[data-src]")) {
      const on = touches(row);
      row.classList.toggle(LIT, on);
      if (on && !first && row.closest(".mv-table")) first = row;
    }
    for (const said of all("[data-flow-said]")) {
      if (lit) said.textContent = said.dataset.lit.replace("{name}", lit.name);
      else if (said.dataset.before !== undefined) said.textContent = said.dataset.before;
    }
    return first;
  }

  function light(next) {
    for (const said of all("[data-flow-said]")) if (said.dataset.before === undefined) said.dataset.before = said.textContent;
    lit = next;
    const first = paint();
    const box = first && first.closest(".scroll");
    if (box && box.scrollHeight > box.clientHeight) box.scrollTop = first.offsetTop - box.clientHeight / 3;
  }

  function toggleCard(card) {
    const node = card.dataset.node;
    const isOn = lit && !lit.isPair && lit.nodes.has(node);
    light(isOn ? null : { nodes: new Set([node]), name: card.dataset.name, isPair: false });
  }

  function toggleRow(row) {
    if (lit && lit.row === row) return light(null);
    const cells = row.classList.contains("is-folded") ? [] : row.cells;
    const at = row.closest(".fl-pairs") ? 1 : 2;
    const name = row.dataset.name || cells.length ? row.dataset.name || `${cells[at].textContent} → ${cells[at + 1].textContent}` : "";
    return light({ nodes: new Set([row.dataset.src, row.dataset.dst]), name, isPair: true, row });
  }

  document.addEventListener("click", (event) => {
    const card = event.target.closest(".fl-card");
    if (card) return toggleCard(card);
    if (event.target.closest("a, button, input, summary")) return undefined;
    const row = event.target.closest(".mv-table tr[data-src], .fl-pairs tr[data-src]");
    if (row && !String(window.getSelection())) toggleRow(row);
    return undefined;
  });
  document.addEventListener("keydown", (event) => {
    if (event.code === "Escape" && lit) return light(null);
    const card = event.target.closest && event.target.closest(".fl-card");
    if (card && (event.code === "Enter" || event.code === "Space") && !event.repeat) {
      event.preventDefault();
      event.stopPropagation();
      toggleCard(card);
    }
    return undefined;
  }, true);

  // An exchange takes away what had the focus, unless the same is there again: the heading of its part has it then.
  // Screen readers tell what changes in a live region, so what came with the exchange is put in once more.
  let left = null;
  document.addEventListener("htmx:beforeSwap", () => {
    left = document.activeElement.closest("#flow, #timeline, #movements");
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (left && document.activeElement === document.body) {
      document.getElementById(`${left.id}-heading`).focus({ preventScroll: true });
    }
    left = null;
    if (event.target.id !== "flow") return;
    for (const said of all("[data-flow-said]")) said.dataset.before = said.textContent;
    if (lit) paint();
    for (const said of all("[data-flow-said]")) {
      const text = said.textContent;
      said.textContent = "";
      window.setTimeout(() => { if (!said.textContent) said.textContent = text; }, 150);
    }
  });

  // Paper has no folds: what is there is opened for the print, and folded again after it. What was not read stays shut.
  let unfolded = [];
  window.addEventListener("beforeprint", () => {
    const unread = ":has(> [hx-get]:not([data-loaded]))";
    unfolded = [...all(`details.fold:not([data-part], [open], ${unread}), details.fl-table:not([open])`)];
    for (const fold of unfolded) fold.open = true;
  });
  window.addEventListener("afterprint", () => {
    for (const fold of unfolded) fold.open = false;
    unfolded = [];
  });

  // The brush: from the bar where the pointer went down to the bar where it comes up.
  let drag = null;

  function barAt(picture, clientX) {
    const frame = picture.getBoundingClientRect();
    const x = ((clientX - frame.left) / frame.width) * picture.viewBox.baseVal.width;
    const bars = [...picture.querySelectorAll(".tl-bar")];
    return bars.find((bar) => x < Number(bar.dataset.end)) || bars[bars.length - 1];
  }

  function span(one, other) {
    return Number(one.dataset.x) <= Number(other.dataset.x) ? [one, other] : [other, one];
  }

  document.addEventListener("pointerdown", (event) => {
    const picture = event.target.closest("[data-brush]");
    if (!picture || event.button !== 0) return;
    event.preventDefault();
    const bar = barAt(picture, event.clientX);
    drag = { picture, from: bar, to: bar };
    picture.setPointerCapture(event.pointerId);
  });
  document.addEventListener("pointermove", (event) => {
    if (!drag) return;
    drag.to = barAt(drag.picture, event.clientX);
    const [first, last] = span(drag.from, drag.to);
    const brush = drag.picture.querySelector(".tl-brush");
    brush.classList.remove("is-none");
    brush.setAttribute("x", first.dataset.x);
    brush.setAttribute("width", String(Number(last.dataset.end) - Number(first.dataset.x)));
  });
  document.addEventListener("pointercancel", () => { drag = null; });
  document.addEventListener("pointerup", () => {
    if (!drag) return;
    const [first, last] = span(drag.from, drag.to);
    drag = null;
    const form = document.getElementById("period");
    form.elements.from.value = first.dataset.first;
    form.elements.to.value = last.dataset.last;
    form.requestSubmit();
  });
})();
