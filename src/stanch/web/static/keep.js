// Keep: what is being written survives a reload, a crash, a lost connection; it is gone once sent.
const name = (form) => `stanch/${form.dataset.keep}`;

export const keep = () => {
  for (const form of document.querySelectorAll("form[data-keep]")) {
    const box = form.querySelector("textarea");
    const kept = sessionStorage.getItem(name(form));
    if (kept && !box.value) box.value = kept;
    box.addEventListener("input", () => sessionStorage.setItem(name(form), box.value));
    form.addEventListener("submit", () => sessionStorage.removeItem(name(form)));
    box.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
    });
  }
};
