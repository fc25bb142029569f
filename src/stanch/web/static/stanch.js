// Everything works without scripts, so the page is painted first and the rest is fetched after.
const PATIENCE = 400;
let begun = false;

const begin = () => {
  if (begun) return;
  begun = true;
  import("./all.js");
};

if (document.hidden) begin();
else {
  new PerformanceObserver(begin).observe({ type: "paint", buffered: true });
  setTimeout(begin, PATIENCE);
}
