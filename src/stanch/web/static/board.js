// Board: a card that is drawn to another lane does what the button of its menu does.
const way = (card, lane) => card?.querySelector(`button[name="to"][value="${CSS.escape(lane?.dataset.phase ?? "")}"]`);

const lower = () => document.querySelectorAll(".lane.over").forEach((one) => one.classList.remove("over"));

const put = (button) => {
  if (!button.hasAttribute("data-asks")) {
    button.form.requestSubmit(button);
    return;
  }
  // It wants a word first: its menu opens where that is given.
  button.closest("details").open = true;
  (button.form.querySelector("input:not([type=hidden])") ?? button).focus();
};

export const board = () => {
  const whole = document.getElementById("board");
  if (!whole) return;
  let drawn = null;
  whole.addEventListener("pointerdown", (event) => {
    const card = event.target.closest(".ticket");
    if (card && !event.target.closest("details")) card.draggable = Boolean(card.querySelector('button[name="to"]'));
  });
  whole.addEventListener("dragstart", (event) => {
    drawn = event.target.closest?.(".ticket");
    if (drawn) event.dataTransfer.effectAllowed = "move";
  });
  whole.addEventListener("dragover", (event) => {
    const lane = event.target.closest(".lane");
    lower();
    if (!way(drawn, lane)) return;
    event.preventDefault();
    lane.classList.add("over");
  });
  whole.addEventListener("drop", (event) => {
    const button = way(drawn, event.target.closest(".lane"));
    lower();
    if (!button) return;
    event.preventDefault();
    put(button);
  });
  whole.addEventListener("dragend", lower);
};
