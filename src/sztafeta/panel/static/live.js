// News of mail: told beside the list, never put into it; can be paused. Without JavaScript it is a plain link.
(() => {
  "use strict";

  const SPOKEN_EVERY = 5000; // a screen reader is not talked over
  for (const box of document.querySelectorAll("[data-news]")) {
    const show = box.querySelector("[data-news-show]");
    const pause = box.querySelector("[data-news-pause]");
    const spoken = document.querySelector("[data-live]");
    let source = null;
    let timer = 0;
    let last = 0;

    const speak = (text) => {
      clearTimeout(timer);
      const wait = Math.max(0, last + SPOKEN_EVERY - Date.now());
      timer = setTimeout(() => { last = Date.now(); spoken.textContent = text; }, wait);
    };
    const listen = () => {
      source = new EventSource(box.dataset.news);
      source.addEventListener("news", (event) => {
        const news = JSON.parse(event.data);
        show.textContent = news.text;
        show.classList.add("has-news");
        speak(news.text);
      });
    };
    const rest = () => { source?.close(); source = null; };

    pause.hidden = false;
    pause.addEventListener("click", () => {
      if (source) rest(); else listen();
      pause.textContent = source ? pause.dataset.running : pause.dataset.paused;
    });
    addEventListener("pagehide", rest);
    listen();
  }
})();
