// Times: relative ones move on, absolute ones follow the choice between UTC and this place.
const STEPS = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];

const rough = (seconds) => {
  const [size, unit] = STEPS.find(([s]) => seconds >= s) ?? STEPS[3];
  return `${Math.floor(seconds / size)} ${unit}`;
};

const spell = (seconds) => {
  const parts = [];
  let rest = Math.floor(seconds);
  for (const [size, unit] of STEPS) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count) parts.push(`${count} ${unit}`);
    if (parts.length && (size <= 60 || parts.length === 2)) break;
  }
  return parts.join(" ") || "0 s";
};

const relative = (at, now) => {
  const seconds = (now - at) / 1000;
  if (Math.abs(seconds) < 5) return "now";
  return seconds > 0 ? `${rough(seconds)} ago` : `in ${rough(-seconds)}`;
};

const local = () => document.documentElement.dataset.zone === "local";
const style = { day: "2-digit", month: "short", hour: "2-digit", minute: "2-digit", hour12: false };
const clocks = {};
// To make one costs a thousand times as much as to ask one.
const clock = (fine) => (clocks[`${local()} ${fine}`] ??= new Intl.DateTimeFormat("en-GB", { ...style, ...(fine && { second: "2-digit" }), timeZone: local() ? undefined : "UTC" }));
const absolute = (at, fine) => clock(fine).format(at).replace(",", "");

const zoneName = () => {
  if (!local()) return "UTC";
  const parts = new Intl.DateTimeFormat("en-GB", { timeZoneName: "short" }).formatToParts(new Date());
  return parts.find((one) => one.type === "timeZoneName")?.value ?? "local";
};

const put = (element, text) => {
  if (element.textContent !== text) element.textContent = text;
};

export const tick = () => {
  const now = Date.now();
  for (const one of document.querySelectorAll("time[data-rel]")) put(one, relative(new Date(one.dateTime), now));
  for (const one of document.querySelectorAll("time[data-abs]")) put(one, absolute(new Date(one.dateTime), one.dataset.abs === "s"));
  for (const one of document.querySelectorAll("text[data-at]")) put(one, absolute(new Date(one.dataset.at), "fine" in one.dataset));
  for (const one of document.querySelectorAll("[data-zone-name]")) put(one, zoneName());
  for (const one of document.querySelectorAll("[data-due]")) {
    const seconds = (new Date(one.dataset.due) - now) / 1000;
    put(one, seconds >= 0 ? `${spell(seconds)} left` : `${spell(-seconds)} late`);
    one.classList.toggle("late", seconds < 0);
  }
};

const kept = () => (document.cookie.split("; ").find((one) => one.startsWith("stanch_look=")) ?? "").slice(12);

export const toggleZone = () => {
  const zone = local() ? "utc" : "local";
  document.documentElement.dataset.zone = zone;
  tick();
  const parts = kept().split("-").filter((one) => one && !one.startsWith("zone."));
  const tail = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `stanch_look=${[...parts, `zone.${zone}`].join("-")}; Path=/; Max-Age=31536000; SameSite=Lax${tail}`;
};

export const times = () => {
  tick();
  setInterval(tick, 1000);
};
