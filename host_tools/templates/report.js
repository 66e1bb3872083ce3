// Reads values off the plots: a line that follows the pointer in every plot, and each curve's value beside its name.
// The page is whole without it.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("samples").textContent);
  const areas = [...document.querySelectorAll(".area[data-panel]")];
  const reading = document.querySelector(".reading");
  document.documentElement.classList.remove("no-script");
  let share = null;

  function show(next) {
    share = next;
    for (const area of areas) {
      const cursor = area.querySelector(".cursor");
      cursor.style.display = share === null ? "none" : "block";
      cursor.style.left = 100 * share + "%";
      const outputs = area.closest("figure").querySelectorAll(".legend output");
      data.panels[area.dataset.panel].forEach((samples, i) => {
        const value = share === null ? undefined : samples[Math.round(share * (samples.length - 1))];
        outputs[i].textContent = value === undefined ? "" : value === null ? "bad" : value;
      });
    }
    if (share === null) {
      reading.textContent = reading.dataset.help;
      return;
    }
    const tenths = Math.round(share * data.end_s * 10);
    const clock = Math.floor(tenths / 600) + ":" + String(Math.floor(tenths / 10) % 60).padStart(2, "0");
    const states = [...document.querySelectorAll(".band.public span")];
    const now = states.find((one) => tenths < 10 * one.dataset.end) || states[states.length - 1];
    reading.textContent = "At " + clock + "." + tenths % 10 + (now ? " in " + now.dataset.name : "");
  }

  for (const area of areas) {
    area.tabIndex = 0;
    const follow = (event) => {
      const box = area.getBoundingClientRect();
      show(Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)));
    };
    area.addEventListener("pointermove", follow);
    area.addEventListener("pointerdown", follow);
    area.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && show(null));
    area.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (event.key === "Escape") show(null);
      if (step === undefined) return;
      event.preventDefault();
      show(Math.min(1, Math.max(0, (share === null ? 0 : share) + step * (event.shiftKey ? 0.02 : 0.002))));
    });
  }
  show(null);
})();
