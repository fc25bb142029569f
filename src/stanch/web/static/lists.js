// Lists: j and k walk the rows, x picks, Space looks beside, Enter opens; the bulk bar counts.
const rows = () => [...document.querySelectorAll("tr[data-row], .ticket[data-row]")].filter((row) => row.offsetParent);
const opener = (row) => row?.querySelector("[data-open-row]");
const here = () => document.activeElement?.closest?.("[data-row]") ?? document.querySelector("[data-here]");

const mark = (row) => {
  for (const one of document.querySelectorAll("[data-here]")) delete one.dataset.here;
  if (row) row.dataset.here = "";
};

export const walk = (step) => {
  const all = rows();
  if (!all.length) return;
  const now = all.indexOf(here());
  const next = all[Math.max(0, Math.min(all.length - 1, now < 0 ? 0 : now + step))];
  mark(next);
  opener(next)?.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
};

export const pick = () => {
  const box = here()?.querySelector('input[name="pick"]');
  if (!box) return;
  box.checked = !box.checked;
  count();
};

const drawer = () => document.getElementById("drawer");

export const close = () => {
  const open = drawer();
  if (!open?.dataset.of) return false;
  open.hidden = true;
  open.dataset.of = "";
  open.replaceChildren();
  return true;
};

export const look = async () => {
  const link = opener(here());
  const into = drawer();
  if (!link || !into) return;
  if (into.dataset.of === link.href) return close();
  into.dataset.of = link.href;
  const answer = await fetch(link.href).catch(() => null);
  const page = new DOMParser().parseFromString(answer?.ok ? await answer.text() : "", "text/html");
  if (into.dataset.of !== link.href) return; // closed, or another one was asked for meanwhile
  const found = page.querySelector("[data-preview]");
  if (!found) return close();
  const rest = page.querySelector(".case ~ .columns .card");
  into.replaceChildren(...(rest ? [found, rest] : [found]));
  for (const one of into.querySelectorAll("form, details, .tabs")) one.remove();
  into.hidden = false;
};

const count = () => {
  const bar = document.querySelector("[data-bulk]");
  if (!bar) return;
  const picked = document.querySelectorAll('input[name="pick"]:checked').length;
  bar.hidden = picked === 0;
  bar.querySelector("[data-picked]").textContent = `${picked} picked:`;
};

export const relist = () => count();

export const lists = () => {
  count();
  document.addEventListener("change", (event) => {
    if (event.target.name === "pick") count();
  });
  document.addEventListener("focusin", (event) => {
    const row = event.target.closest?.("[data-row]");
    if (row) mark(row);
  });
};
