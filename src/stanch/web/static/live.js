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

// What a part says, without what time alone changes; taken before anything on the page was moved on.
const bare = (part) => part.innerHTML.replace(/(<(?:time|[^>]* data-due=)[^>]*>)[^<]*/g, "$1");
const said = new WeakMap([...document.querySelectorAll("[data-live]")].map((part) => [part, bare(part)]));

const say = (state, words) => {
  const shown = document.querySelector("[data-live-state]");
  if (!shown) return;
  shown.dataset.state = state;
  shown.firstElementChild.textContent = words;
};

const dirty = (part) => [...part.querySelectorAll("input, textarea, select")].some((one) =>
  one === document.activeElement || (["checkbox", "radio"].includes(one.type) ? one.checked !== one.defaultChecked : one.type !== "hidden" && one.tagName !== "SELECT" && one.value !== one.defaultValue));

const busy = (part) => dirty(part) || part.querySelector("details[open]") || part.contains(window.getSelection()?.rangeCount && !window.getSelection().isCollapsed ? window.getSelection().anchorNode : null);

// Who presses a button, or draws a card, while it is replaced presses nothing: what is new waits until it is let go.
const HOLDS = { pointerdown: "pointer", keydown: "key", dragstart: "card" };
const LETS_GO = { pointerup: "pointer", pointercancel: "pointer", keyup: "key", dragend: "card" };
const held = new Set();
const waiting = [];
const hold = (event) => { held.add(HOLDS[event.type]); };
const SENT = 5000;
const sent = (event) => { // its answer comes in place of the page
  if (event.defaultPrevented) return;
  held.add("form");
  setTimeout(() => letGo("form"), SENT);
};
const letGo = (...whats) => setTimeout(() => { // after the click or the drop that this makes
  whats.forEach((what) => held.delete(what));
  if (!held.size) waiting.splice(0).forEach((go) => go());
});
const handsOff = () => (held.size ? new Promise((go) => { waiting.push(go); }) : null);

// One who is busy is told so beside the page, where it moves nothing.
const tellOld = () => {
  const old = Boolean(document.querySelector("[data-old]"));
  const told = document.querySelector(".old");
  if (told) told.hidden = !old;
  if (told || !old) return;
  const made = document.createElement("p");
  made.className = "notice old no-print";
  made.role = "status";
  const again = document.createElement("a");
  again.href = location.href;
  again.className = "button";
  again.textContent = "Show what is new";
  made.append("Something changed while you were busy here.", again);
  document.querySelector(".frame").append(made);
};

const swap = (part, fresh) => {
  const focused = part.contains(document.activeElement) ? document.activeElement : null;
  const here = focused?.closest("[data-row]")?.dataset.row;
  const same = focused?.outerHTML;
  const known = new Set([...part.querySelectorAll("[data-row]")].map((row) => row.dataset.row));
  said.set(part, bare(fresh));
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
    if (!fresh || bare(fresh) === said.get(part)) continue;
    part.toggleAttribute("data-old", Boolean(busy(part)));
    if (!part.hasAttribute("data-old")) swap(part, fresh);
  }
  tellOld();
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
  for (const kind of Object.keys(HOLDS)) document.addEventListener(kind, hold, true);
  for (const [kind, what] of Object.entries(LETS_GO)) document.addEventListener(kind, () => letGo(what), true);
  document.addEventListener("submit", sent);
  window.addEventListener("blur", () => letGo("pointer", "key"));
  start();
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) stop();
    else start();
  });
  window.addEventListener("pagehide", stop);
  window.addEventListener("pageshow", () => {
    held.clear(); // what was pressed when the page was left was let go elsewhere
    start();
  });
};
