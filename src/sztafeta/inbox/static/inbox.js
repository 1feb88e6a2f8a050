// Keeps the newest page of the list fresh and makes command lines copyable. The pages work without it.
(() => {
  "use strict";

  for (const button of document.querySelectorAll("button.copy")) {
    if (!navigator.clipboard) continue;
    button.hidden = false;
    const word = button.textContent;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.parentElement.querySelector("pre").textContent);
      button.textContent = button.dataset.copied;
      setTimeout(() => { button.textContent = word; }, 1500);
    });
  }

  const list = document.querySelector("#list[data-refresh]");
  const count = document.querySelector("[data-live]");
  const refresh = async () => {
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector("#list");
      if (!fresh || fresh.innerHTML === list.innerHTML) return;
      const focused = document.activeElement?.getAttribute("href");
      list.replaceChildren(...fresh.childNodes);
      count.textContent = page.querySelector("[data-live]").textContent;
      if (focused) list.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
    } catch {
      // the service is stopped or starting: look again later
    }
  };
  if (list) setInterval(() => { if (!document.hidden) refresh(); }, 1500);
})();
