// File: a file that is chosen is read into the text box that it names; without this one pastes.
export const file = () => {
  for (const one of document.querySelectorAll("input[data-into]")) {
    const box = document.getElementById(one.dataset.into);
    one.addEventListener("change", async () => {
      if (!one.files.length) return;
      box.value = await one.files[0].text();
      box.dispatchEvent(new Event("input"));
    });
  }
};
