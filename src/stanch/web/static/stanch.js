// Everything works without this. It adds keys, live change, times of this place, the palette.
import { times } from "./times.js";
import { live } from "./live.js";
import { keys } from "./keys.js";
import { lists } from "./lists.js";
import { palette } from "./palette.js";
import { keep } from "./keep.js";
import { brush } from "./brush.js";
import { editor } from "./editor.js";
import { file } from "./file.js";
import { board } from "./board.js";

const inside = Boolean(document.getElementById("main")?.closest(".frame"));
keep();
if (inside) {
  lists();
  palette();
  keys();
  brush();
  editor();
  file();
  board();
}
document.documentElement.dataset.js = "on";

// What measures, moves or asks waits until the page was painted once; a hidden page never is.
const painted = () => (document.hidden ? Promise.resolve() : new Promise((go) => requestAnimationFrame(() => setTimeout(go))));

painted().then(() => {
  times();
  if (!inside) return;
  live();
  // On a narrow screen the rail and the tabs are rows; where one is must not be outside of them.
  for (const one of document.querySelectorAll(":is(.rail, .tabs) [aria-current]")) one.scrollIntoView({ block: "nearest", inline: "center" });
});
