// Comfort for those who have JavaScript: copying, keys, the palette. Every page works without it.
(() => {
  "use strict";

  const all = (selector, root = document) => root.querySelectorAll(selector);
  const one = (selector, root = document) => root.querySelector(selector);

  // -- the menu is open where there is room for it ------------------------------------------------
  const menu = one("[data-menu]");
  const wide = matchMedia("(min-width: 62.01rem)");
  const fit = () => { if (menu) menu.open = wide.matches; };
  wide.addEventListener("change", fit);
  fit();

  // -- sheets close when the eye goes elsewhere ----------------------------------------------------
  const sheets = "details.view, details.me, details.confirm";
  document.addEventListener("click", (event) => {
    for (const sheet of all(sheets)) if (sheet.open && !sheet.contains(event.target)) sheet.open = false;
  });

  // -- copying ---------------------------------------------------------------------------------------
  const arm = (root) => {
    for (const button of all("[data-copy]", root)) {
      if (!navigator.clipboard) continue;
      button.hidden = false;
      const word = one("span", button);
      const said = word.textContent;
      button.onclick = async () => {
        await navigator.clipboard.writeText(one("[data-copied-from]", button.parentElement).textContent);
        word.textContent = button.dataset.copied;
        one("[data-live]").textContent = button.dataset.copied;
        setTimeout(() => { word.textContent = said; }, 1500);
      };
    }
  };
  arm(document);
  document.addEventListener("htmx:afterSwap", (event) => arm(event.target));

  // -- the palette: pages of the menu, or a search ---------------------------------------------------
  const palette = one("[data-palette]");
  const input = one("[data-palette-input]");
  const list = one("[data-palette-list]");
  const pages = [...all("[data-menu] a")].map((link) => [link.textContent.trim(), link.getAttribute("href")]);
  let chosen = 0;

  const offer = () => {
    const wanted = input.value.trim();
    const found = pages.filter(([text]) => text.toLowerCase().includes(wanted.toLowerCase()));
    if (wanted) found.push([`${one("[data-search]").placeholder}: ${wanted}`, `/panel/where?q=${encodeURIComponent(wanted)}`]);
    list.replaceChildren(...found.map(([text, href]) => {
      const row = document.createElement("li");
      const link = document.createElement("a");
      link.href = href;
      link.textContent = text;
      row.append(link);
      return row;
    }));
    choose(0);
  };
  const choose = (index) => {
    const links = [...all("a", list)];
    if (!links.length) return;
    chosen = (index + links.length) % links.length;
    links.forEach((link, at) => {
      if (at === chosen) link.className = "is-chosen";
      else link.className = "";
    });
    links[chosen].scrollIntoView({ block: "nearest" });
  };
  input?.addEventListener("input", offer);
  input?.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") choose(chosen + 1);
    else if (event.key === "ArrowUp") choose(chosen - 1);
    else if (event.key === "Enter") all("a", list)[chosen]?.click();
    else return;
    event.preventDefault();
  });

  // -- keys (never with Ctrl+Alt: that is AltGr, which writes Polish letters) -------------------------
  const keys = one("[data-keys]");
  const off = one("[data-keys-off]");
  const isOff = () => localStorage.getItem("keys") === "off";
  if (off) {
    off.checked = isOff();
    off.addEventListener("change", () => localStorage.setItem("keys", off.checked ? "off" : "on"));
  }
  const rows = () => [...all("[data-rows] tr")];
  const move = (step) => {
    const found = rows();
    if (!found.length) return;
    const at = found.findIndex((row) => "chosen" in row.dataset);
    const next = found[Math.max(0, Math.min(found.length - 1, at + step))];
    for (const row of found) delete row.dataset.chosen;
    next.dataset.chosen = "";
    one("a", next)?.focus();
    next.scrollIntoView({ block: "nearest" });
  };
  let leader = 0;
  document.addEventListener("keydown", (event) => {
    if ((event.metaKey || event.ctrlKey) && !event.altKey && event.key.toLowerCase() === "k" && menu) {
      event.preventDefault();
      input.value = "";
      offer();
      palette.showModal();
      return;
    }
    const isTyping = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping || isOff() || !menu) return;
    if (Date.now() - leader < 1200) {
      leader = 0;
      const link = one(`[data-menu] a[data-key="${CSS.escape(event.key)}"]`);
      if (link) link.click();
      return;
    }
    if (event.key === "g") leader = Date.now();
    else if (event.key === "/") { event.preventDefault(); (one("main [data-search]") ?? one("[data-search]"))?.focus(); }
    else if (event.key === "j") move(1);
    else if (event.key === "k") move(-1);
    else if (event.key === "?") keys.showModal();
  });
})();
