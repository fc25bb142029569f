// Everything works without this. It adds keys, live change, times of this place, the palette.
import { times } from "./times.js";
import { live } from "./live.js";
import { keys } from "./keys.js";
import { lists } from "./lists.js";
import { palette } from "./palette.js";
import { keep } from "./keep.js";
import { brush } from "./brush.js";
import { editor } from "./editor.js";

document.documentElement.dataset.js = "on";
times();
keep();
if (document.getElementById("main")?.closest(".frame")) {
  lists();
  palette();
  keys();
  brush();
  live();
  editor();
  // On a narrow screen the rail is a row; where one is must not be outside of it.
  document.querySelector(".rail [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
}
