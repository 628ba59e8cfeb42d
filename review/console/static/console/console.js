// What the console does in the browser beside htmx: keys by their place on the keyboard, marking, drafts, undo clock,
// keeping a lock alive. Every action works without it by Tab and Enter; nothing is sent anywhere but to this server.
"use strict";
(() => {
  const one = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  // What has the focus and goes leaves it to the page's content.
  const drop = (element) => {
    if (element.contains(document.activeElement)) one("#main").focus({ preventScroll: true });
    element.remove();
  };
  const isTyping = (target) => target.matches("input:not([type=checkbox]):not([type=radio]), textarea, select");

  // A form that opens takes the keys, unless somebody already types in it: the browser tells of opening only later.
  const focusFirst = (act) => {
    const first = one(".pick, textarea, input:not([type=hidden])", act);
    const within = document.activeElement.closest(".act-form");
    if (first && !act.contains(within)) first.focus();
  };

  // Parts that are read on demand: opening a fold loads it, once, unless it says again.
  document.addEventListener("toggle", (event) => {
    const part = event.target.open && one(":scope > [hx-get]", event.target);
    if (part && (part.dataset.again !== undefined || !part.dataset.loaded)) {
      part.dataset.loaded = "yes";
      window.htmx.trigger(part, "open-part");
    }
    if (event.target.open && event.target.dataset.flow) {
      window.htmx.ajax("GET", event.target.dataset.flow, { target: "#flow", swap: "outerHTML" });
    }
    if (event.target.open && event.target.matches(".act")) focusFirst(event.target);
  }, true);

  // Keys. An element with data-key is pressed, opened or focused by the key at that place, under any layout.
  const press = (element) => {
    if (element.matches("details")) {
      element.open = !element.open;
      if (element.open && element.matches(".act")) focusFirst(element);
    } else if (element.matches("input, select, textarea")) {
      element.focus();
      if (element.select) element.select();
    } else {
      element.click();
    }
  };
  const rows = () => all("[data-list] [data-row]");
  const link = (row) => one("[data-open]", row);
  const currentRow = () => {
    const focused = document.activeElement && document.activeElement.closest("[data-row]");
    return rows().indexOf(focused || one("[data-list] .is-current"));
  };
  const move = (by) => {
    const every = rows();
    if (!every.length) return;
    const next = every[Math.min(Math.max(currentRow() + by, 0), every.length - 1)];
    link(next).focus();
    next.scrollIntoView({ block: "nearest" });
  };
  const nextReason = () => {
    const every = all("details.reason");
    const next = every.find((reason) => !reason.open) || every[0];
    if (!next) return;
    next.open = true;
    one("summary", next).focus();
    next.scrollIntoView({ block: "nearest" });
  };
  const show = (selector) => {
    const found = one(selector);
    if (!found) return;
    found.scrollIntoView({ block: "start" });
    found.focus();
  };
  const pickReason = () => {
    const act = one("details.act[data-key=Digit1]");
    if (act) act.open = true;
    const picker = one("[data-pick]");
    if (picker) picker.focus();
  };
  const help = one("#help");
  const keys = {
    KeyJ: () => move(1),
    KeyK: () => move(-1),
    KeyE: nextReason,
    KeyR: pickReason,
    KeyG: () => show("#flow"),
    KeyT: () => show("#timeline"),
  };
  let lastMarked = -1;
  const mark = (isRange) => {
    const at = currentRow();
    const boxes = rows().map((row) => one("[data-mark]", row));
    if (at < 0 || !boxes[at]) return;
    if (isRange && lastMarked >= 0) {
      const [from, to] = [Math.min(lastMarked, at), Math.max(lastMarked, at)];
      boxes.slice(from, to + 1).forEach((box) => { box.checked = true; });
    } else {
      boxes[at].checked = !boxes[at].checked;
    }
    lastMarked = at;
    countMarked();
  };

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    const target = event.target;
    if (event.code === "Enter" && (event.ctrlKey || event.metaKey)) {
      const form = target.closest("form[data-send]");
      if (form) { event.preventDefault(); form.requestSubmit(); }
      return;
    }
    if (event.code === "Escape") { closeTop(target); return; }
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(target) || (help && help.open)) return;
    if (event.code === "Slash" && event.shiftKey || event.key === "?" || event.key === ",") {
      if (help && (event.shiftKey || event.key === "?")) { event.preventDefault(); help.showModal(); return; }
    }
    if (event.code === "KeyX") { event.preventDefault(); mark(event.shiftKey); return; }
    if (event.shiftKey) return;
    const pressed = one(`[data-key="${event.code}"]:not([disabled])`);
    if (pressed) { event.preventDefault(); press(pressed); return; }
    if (keys[event.code]) { event.preventDefault(); keys[event.code](); }
  });
  const closeTop = (target) => {
    const open = all("details.menu[open], details.act[open]")[0];
    if (isTyping(target) && !target.closest("details.act")) { target.blur(); return; }
    if (open) { open.open = false; one("summary", open).focus(); }
  };
  document.addEventListener("click", (event) => {
    const menu = one("details.menu[open]");
    if (menu && !menu.contains(event.target)) menu.open = false;
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.help !== undefined) { if (menu) menu.open = false; help.showModal(); }
    if (button.dataset.close !== undefined) drop(button.closest("[data-toast]"));
    if (button.dataset.unmark !== undefined) { all("[data-mark]").forEach((box) => { box.checked = false; }); countMarked(); }
    if (button.dataset.set) one(`#${button.dataset.set}`).value = button.dataset.value;
  });

  // The list: marks for closing several together, filters that need no button. With the keyboard they do: arrows pass
  // over choices that nobody wants.
  let isByKeys = false;
  document.addEventListener("keydown", () => { isByKeys = true; }, true);
  document.addEventListener("pointerdown", () => { isByKeys = false; }, true);
  const countMarked = () => {
    const bar = one("[data-bulk]");
    if (!bar) return;
    const count = all("[data-mark]:checked").length;
    bar.hidden = !count;
    one("[data-count]", bar).textContent = count;
  };
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-mark]")) {
      lastMarked = rows().indexOf(event.target.closest("[data-row]"));
      countMarked();
    }
    const form = event.target.closest("form[data-auto]");
    if (form && !isByKeys) form.requestSubmit();
  });

  // A decision by its letters: what is typed leaves the choices whose words, in either language, contain it.
  const has = (element, word) => element.dataset.words.split(/\s+/).some((known) => known.startsWith(word));
  const matches = (element, words) => words.every((word) => has(element, word));
  const reasonOf = (line, words) => all(".coded label", line).find(
    (label) => words.some((word) => has(label, word)) && words.every((word) => has(label, word) || has(line, word)));
  const filterChoices = (input) => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const form = input.closest("form");
    let first = null;
    all(".code-line", form).forEach((line) => {
      const reason = words.length ? reasonOf(line, words) : null;
      const isFound = !words.length || matches(line, words) || reason;
      line.classList.toggle("is-hidden", !isFound);
      if (words.length && isFound && !first) first = { line, reason };
    });
    return first;
  };
  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-pick]")) filterChoices(event.target);
  });
  document.addEventListener("keydown", (event) => {
    const input = event.target;
    if (!input.matches || !input.matches("[data-pick]") || event.key !== "Enter" || event.ctrlKey) return;
    event.preventDefault();
    const first = filterChoices(input);
    if (!first) return;
    one("input[name=code]", first.line).checked = true;
    const reason = first.reason && one("input", first.reason);
    if (reason) reason.checked = true;
    input.value = "";
    filterChoices(input);
    const missing = !reason && one(".coded input", first.line);
    (missing || one("textarea", input.closest("form"))).focus();
  }, true);

  // Drafts: what is typed about an alert outlives a reload or a sign-in in this tab, and goes when it was taken: not
  // where the session had ended meanwhile, or the answer is a refusal.
  const sent = sessionStorage.getItem("sent");
  if (sent) {
    if (!one("#error, body.is-door, [data-problem]")) sessionStorage.removeItem(sent);
    sessionStorage.removeItem("sent");
  }
  const alertId = (one("[data-alert]") || { dataset: {} }).dataset.alert;
  const draftKey = (area) => `draft:${alertId}:${area.dataset.draft}`;
  all("textarea[data-draft]").forEach((area) => {
    if (!area.value) area.value = sessionStorage.getItem(draftKey(area)) || "";
    area.addEventListener("input", () => sessionStorage.setItem(draftKey(area), area.value));
    area.form.addEventListener("submit", () => sessionStorage.setItem("sent", draftKey(area)));
  });
  all("form[action$='sign-out/']").forEach((form) => form.addEventListener("submit", () => sessionStorage.clear()));

  // Each form is sent once.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    window.setTimeout(() => { delete form.dataset.sent; }, 4000);
  });

  // Undo counts down, and goes when it is too late.
  const clock = one("[data-seconds]");
  if (clock) {
    let left = Number(clock.dataset.seconds);
    const timer = window.setInterval(() => {
      left -= 1;
      clock.textContent = left;
      if (left <= 0) { window.clearInterval(timer); drop(clock.closest("[data-undo]")); }
    }, 1000);
  }
  window.setTimeout(() => all("[data-toast]").forEach(drop), 12000);

  // Whoever works keeps the lock: a touch a minute while keys or the pointer move.
  const held = one("[data-touch]");
  if (held) {
    let last = Date.now();
    const touch = () => {
      if (Date.now() - last < 60000) return;
      last = Date.now();
      const token = one("input[name=csrfmiddlewaretoken]").value;
      fetch(held.dataset.touch, { method: "POST", headers: { "X-CSRFToken": token } });
    };
    ["keydown", "pointermove"].forEach((name) => document.addEventListener(name, touch, { passive: true }));
  }

  // The reasons of a decision open below it: they are moved into sight.
  all(".codes [name=code]").forEach((choice) => choice.addEventListener("change", () => {
    const list = choice.closest(".codes");
    const [line, seen] = [choice.closest(".code-line"), list].map((part) => part.getBoundingClientRect());
    list.scrollTop += Math.max(line.bottom - seen.bottom, 0) + Math.min(line.top - seen.top, 0);
  }));

  const current = one("[data-list] .is-current");
  // By its list's own scroll: scrollIntoView would also move where Tab begins, past the link to the content.
  if (current) {
    const list = current.closest("[data-list]");
    list.scrollTop = current.offsetTop - (list.clientHeight - current.offsetHeight) / 2;
  }
  const error = one("#error[tabindex]");
  if (error && !one("main [autofocus]")) error.focus();
  // Screen readers tell what changes in a live region: what came with the page is put in once more.
  all("#toasts, main [role=status]:not([data-flow-said])").filter((region) => region.textContent.trim()).forEach((region) => {
    const told = [...region.childNodes];
    region.replaceChildren();
    window.setTimeout(() => region.replaceChildren(...told), 150);
  });
})();
