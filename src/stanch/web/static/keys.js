// Keys: one table, the same that the sheet shows. Nothing happens while somebody types.
import { close, look, pick, walk } from "./lists.js";
import { toggleZone } from "./times.js";
import { openPalette } from "./palette.js";

const PLACES = { h: "/", i: "/incidents", b: "/board", p: "/approvals", c: "/clocks", a: "/assets", f: "/findings", v: "/events", e: "/evidence", o: "/audit", r: "/runs", s: "/settings", l: "/playbooks", u: "/rules", m: "/measures", d: "/drills", t: "/drills/tabletops" };
let going = -Infinity;

const typing = (target) => target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) && !/^(checkbox|radio|button)$/.test(target.type ?? "");

const tabs = () => [...document.querySelectorAll("[data-tab]")];

const tab = (place) => tabs()[place]?.click();

const beside = (step) => {
  const all = tabs();
  const now = all.findIndex((one) => one.hasAttribute("aria-current"));
  tab(Math.max(0, Math.min(all.length - 1, now + step)));
};

const note = () => {
  const box = document.querySelector("[data-note]");
  if (box) return box.focus();
  const to = tabs().find((one) => one.pathname.endsWith("/notes"));
  if (to) location.href = `${to.pathname}#text`;
};

const DO = {
  "?": () => document.getElementById("keys").showModal(),
  "/": () => (document.querySelector("[data-query]") ?? document.getElementById("find"))?.focus(),
  j: () => walk(1),
  k: () => walk(-1),
  x: pick,
  " ": look,
  n: note,
  t: toggleZone,
  y: () => document.querySelector("[data-yes]")?.focus(),
  N: () => document.querySelector("[data-no]")?.focus(),
  "[": () => beside(-1),
  "]": () => beside(1),
  ".": () => document.querySelector("[data-next]")?.click(),
};

const pressed = (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") return openPalette;
  if (event.key === "Escape" && !document.querySelector("dialog[open]")) return close;
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || document.querySelector("dialog[open]")) return null;
  if (event.timeStamp - going < 1200 && PLACES[event.key]) return () => { location.href = PLACES[event.key]; };
  if (event.key === "g") return () => { going = event.timeStamp; };
  if (/^[0-9]$/.test(event.key) && tabs().length) return () => tab((Number(event.key) + 9) % 10);
  if (event.key === " " && !document.activeElement?.closest("[data-row]")) return null;
  return DO[event.key] ?? null;
};

export const keys = () => {
  document.addEventListener("keydown", (event) => {
    const act = pressed(event);
    if (!act) return;
    if (event.key !== "Escape") event.preventDefault();
    act();
    if (event.key !== "g") going = -Infinity;
  });
  for (const one of document.querySelectorAll("[data-open]")) {
    one.hidden = false;
    one.addEventListener("click", () => document.getElementById(one.dataset.open).showModal());
  }
};
