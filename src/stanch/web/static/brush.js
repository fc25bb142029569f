// Brush: a stretch of the timeline that is drawn over with the pointer is shown nearer.
const LEFT = 84;
const WIDE = 1024;

const place = (svg, event) => {
  const box = svg.getBoundingClientRect();
  const x = (event.clientX - box.left) * (svg.viewBox.baseVal.width / box.width);
  return Math.max(0, Math.min(1, (x - LEFT) / WIDE));
};

const shade = (svg) => {
  const mark = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  mark.setAttribute("class", "brush");
  mark.setAttribute("y", "0");
  mark.setAttribute("height", String(svg.viewBox.baseVal.height - 20));
  svg.append(mark);
  return mark;
};

const go = (part, a, b) => {
  const first = Number(part.dataset.first);
  const span = Math.max(60, Number(part.dataset.last) - first);
  const at = (share) => new Date(1000 * (first + share * span)).toISOString();
  const to = new URL(location.href);
  for (const name of ["zoom", "skip"]) to.searchParams.delete(name);
  to.searchParams.set("from", at(a));
  to.searchParams.set("to", at(b));
  location.href = to.href;
};

export const brush = () => {
  document.addEventListener("pointerdown", (event) => {
    const svg = event.target.closest?.("[data-brush] svg");
    if (!svg || event.button !== 0 || event.pointerType === "touch") return;
    event.preventDefault();
    const start = place(svg, event);
    const mark = shade(svg);
    const move = (moved) => {
      const now = place(svg, moved);
      mark.setAttribute("x", String(LEFT + WIDE * Math.min(start, now)));
      mark.setAttribute("width", String(WIDE * Math.abs(now - start)));
    };
    const done = (ended) => {
      removeEventListener("pointermove", move);
      removeEventListener("pointerup", done);
      const end = place(svg, ended);
      mark.remove();
      if (Math.abs(end - start) > 0.01) go(svg.closest("[data-brush]"), Math.min(start, end), Math.max(start, end));
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", done);
  });
};
