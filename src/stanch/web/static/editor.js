// Editor: what is typed is checked beside it, a moment after the last key.
const WAIT = 500;

export const editor = () => {
  const form = document.querySelector("form[data-check]");
  const told = document.getElementById("told");
  if (!form || !told) return;
  let timer = 0;
  let asked = 0;
  const check = async () => {
    const mine = ++asked;
    const answer = await fetch(form.dataset.check, { method: "POST", body: new URLSearchParams(new FormData(form)) }).catch(() => null);
    if (!answer?.ok || mine !== asked) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("told");
    if (fresh) told.replaceChildren(...fresh.childNodes);
  };
  const box = form.querySelector("textarea");
  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(check, WAIT);
  });
  box.addEventListener("keydown", (event) => {
    if (event.key === "s" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
};
