// The palette: jump to any id, or do what the page offers. Typed words go to /search.
const PLACES = [["Home", "/"], ["Incidents", "/incidents"], ["Board", "/board"], ["Approvals", "/approvals"], ["Clocks", "/clocks"], ["Assets", "/assets"], ["Findings", "/findings"], ["Events", "/events"], ["Report something odd", "/report"], ["Evidence", "/evidence"], ["Audit: who decided what", "/audit"], ["Playbook runs", "/runs"], ["Playbooks", "/playbooks"], ["Rules", "/rules"], ["Drills", "/drills"], ["Tabletops", "/drills/tabletops"], ["Measures", "/measures"], ["The tour", "/tour"], ["Your account", "/account"], ["Settings", "/settings"]];
let waiting = 0;
let asked = 0;

const parts = () => {
  const box = document.getElementById("palette");
  return { box, input: box.querySelector("input"), list: box.querySelector("ul") };
};

const item = ({ title, kind, href, act }, place) => {
  const row = document.createElement("li");
  row.setAttribute("role", "option");
  row.id = `palette-${place}`;
  const link = document.createElement("a");
  link.href = href ?? "#";
  link.tabIndex = -1;
  const name = document.createElement("bdi");
  name.textContent = title;
  const side = document.createElement("span");
  side.className = "kind";
  side.textContent = kind;
  link.append(name, side);
  if (act) link.addEventListener("click", (event) => { event.preventDefault(); parts().box.close(); act(); });
  row.append(link);
  return row;
};

const chosen = () => [...parts().list.children].findIndex((one) => one.getAttribute("aria-selected") === "true");

const mark = (place) => {
  const { list, input } = parts();
  const all = [...list.children];
  all.forEach((one, at) => one.setAttribute("aria-selected", String(at === place)));
  input.setAttribute("aria-activedescendant", all[place]?.id ?? "");
  return all[place];
};

// What is chosen stays chosen when more comes below it.
const show = (found, place = 0) => {
  parts().list.replaceChildren(...found.slice(0, 30).map(item));
  mark(place);
};

const deeds = () => [...document.querySelectorAll("main form button, main summary.button, main a.button")].filter((one) => one.offsetParent && !one.closest("[data-bulk]"))
  .map((one) => ({ title: one.textContent.trim(), kind: "on this page", act: () => { one.scrollIntoView({ block: "center" }); one.focus(); if (one.tagName !== "BUTTON") one.click(); } }));

const offer = (text) => {
  const low = text.toLowerCase();
  const places = PLACES.map(([title, href]) => ({ title, href, kind: "go" }));
  return [...places, ...deeds()].filter((one) => one.title.toLowerCase().includes(low));
};

const find = async (text) => {
  const mine = ++asked;
  const answer = text.trim().length > 1 ? await fetch(`/search.json?q=${encodeURIComponent(text)}`).catch(() => null) : null;
  const found = answer?.ok ? await answer.json() : [];
  if (mine === asked && found.length) show([...offer(text), ...found], Math.max(0, chosen()));
};

const choose = (step) => {
  const count = parts().list.children.length;
  if (count) mark((chosen() + step + count) % count).scrollIntoView({ block: "nearest" });
};

export const openPalette = () => {
  const { box, input } = parts();
  if (box.open) return;
  input.value = "";
  box.showModal();
  show(offer(""));
};

export const palette = () => {
  const { box, input, list } = parts();
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    asked += 1;
    show(offer(input.value));
    waiting = setTimeout(() => find(input.value), 90);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      choose(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter") {
      const link = list.querySelector('[aria-selected="true"] a');
      if (link) {
        event.preventDefault();
        link.click();
      }
    }
  });
  box.addEventListener("click", (event) => {
    if (event.target === box) box.close();
  });
};
