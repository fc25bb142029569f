// Live: what changed is told by the stream; the parts of the page that show it are fetched anew.
import { tick } from "./times.js";
import { relist } from "./lists.js";

const KINDS = ["incident", "approval", "finding", "evidence", "policy", "asset", "baseline", "clock", "run", "notice", "guard", "user", "key", "drill", "tabletop", "playbook", "rule"];
const WAIT = 120;
let source = null;
let pending = new Set();
let timer = 0;
let retry = 1000;
let seen = Number(document.querySelector('meta[name="seen"]')?.content ?? 0);
let fetching = null;

const say = (state, words) => {
  const shown = document.querySelector("[data-live-state]");
  if (!shown) return;
  shown.dataset.state = state;
  shown.firstElementChild.textContent = words;
};

const dirty = (part) => [...part.querySelectorAll("input, textarea, select")].some((one) =>
  one === document.activeElement || (["checkbox", "radio"].includes(one.type) ? one.checked !== one.defaultChecked : one.type !== "hidden" && one.tagName !== "SELECT" && one.value !== one.defaultValue));

const busy = (part) => dirty(part) || part.querySelector("details[open]") || part.contains(window.getSelection()?.rangeCount && !window.getSelection().isCollapsed ? window.getSelection().anchorNode : null);

// Who presses a button while it is replaced presses nothing: what is new waits until it is let go.
let pressed = false;
const letGo = [];
const press = () => { pressed = true; };
const release = () => setTimeout(() => { // after the click that this makes
  pressed = false;
  letGo.splice(0).forEach((go) => go());
});
const handsOff = () => (pressed ? new Promise((go) => { letGo.push(go); }) : null);

const stale = (part) => {
  if (part.querySelector(":scope > .notice[data-stale]")) return;
  const told = document.createElement("p");
  told.className = "notice";
  told.dataset.stale = "";
  const again = document.createElement("a");
  again.href = location.href;
  again.className = "button";
  again.textContent = "Show what is new";
  told.append("Something changed while you were busy here.", again);
  part.prepend(told);
};

const swap = (part, fresh) => {
  const focused = part.contains(document.activeElement) ? document.activeElement : null;
  const here = focused?.closest("[data-row]")?.dataset.row;
  const same = focused?.outerHTML;
  const known = new Set([...part.querySelectorAll("[data-row]")].map((row) => row.dataset.row));
  part.replaceChildren(...fresh.childNodes);
  for (const row of part.querySelectorAll("[data-row]")) if (!known.has(row.dataset.row)) row.classList.add("new");
  if (here) part.querySelector(`[data-row="${CSS.escape(here)}"] [data-open-row]`)?.focus();
  else if (same) [...part.querySelectorAll(focused.tagName)].find((one) => one.outerHTML === same)?.focus();
};

// Who cannot see the counts grow is told.
const counted = () => new Map([...document.querySelectorAll("#rail .count")].map((one) => [one.closest("a").title, one.textContent]));
const tell = (before) => {
  const more = [...counted()].filter(([name, words]) => Number.parseInt(words, 10) > Number.parseInt(before.get(name) ?? "0", 10));
  const told = document.querySelector("[data-news]");
  if (told && more.length) told.textContent = more.map(([name, words]) => `${name}: ${words}`).join(", ");
};

const refresh = async (kinds) => {
  const parts = [...document.querySelectorAll("[data-live]")].filter((part) => part.dataset.live.split(" ").some((kind) => kinds.has(kind) || kinds.has("*")));
  if (!parts.length) return;
  const answer = await fetch(location.href, { headers: { "x-live": "1" } }).catch(() => null);
  if (!answer?.ok) kinds.forEach((kind) => pending.add(kind));
  if (!answer?.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  await handsOff();
  const before = counted();
  for (const part of parts) {
    const fresh = page.getElementById(part.id);
    if (!fresh || fresh.innerHTML === part.dataset.was) continue;
    if (busy(part)) stale(part);
    else swap(part, fresh);
  }
  tell(before);
  tick();
  relist();
};

const later = (kind) => {
  pending.add(kind);
  if (timer) return;
  timer = setTimeout(async () => {
    await fetching;
    timer = 0;
    const kinds = pending;
    pending = new Set();
    fetching = refresh(kinds);
  }, WAIT);
};

const stop = () => {
  source?.close();
  source = null;
};

const again = async () => {
  stop();
  say("off", "reconnecting; what you see may be old");
  const me = await fetch("/api/v1/me").catch(() => null);
  if (me?.status === 401) {
    say("off", "your session ended; what you typed is kept when you send it");
    return;
  }
  setTimeout(start, retry);
  retry = Math.min(retry * 2, 8000);
};

const start = () => {
  if (source || document.hidden) return;
  source = new EventSource(`/api/v1/stream?after=${seen}`);
  source.onopen = () => {
    say("on", "live");
    retry = 1000;
    pending.forEach(later);
  };
  source.onerror = again;
  const told = (event) => {
    seen = Number(event.lastEventId) || seen;
    later(event.type === "gap" ? "*" : event.type);
  };
  for (const kind of ["gap", ...KINDS]) source.addEventListener(kind, told);
};

export const live = () => {
  // What was sent has no address to be fetched from again: its answer stays as it is.
  if (document.querySelector('meta[name="answer"]')) {
    say("still", "as it was when you asked");
    return;
  }
  for (const kind of ["pointerdown", "keydown"]) document.addEventListener(kind, press, true);
  for (const kind of ["pointerup", "pointercancel", "keyup"]) document.addEventListener(kind, release, true);
  window.addEventListener("blur", release);
  start();
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) stop();
    else start();
  });
  window.addEventListener("pagehide", stop);
  window.addEventListener("pageshow", start);
};
