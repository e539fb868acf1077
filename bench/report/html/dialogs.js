// A dialog that steps through several things; the browser itself closes it on Escape and gives the focus back.
function makeStepper(dialog, show) {
  let things = [];
  let place = 0;

  function go(to) {
    place = (to + things.length) % things.length;
    show(things[place]);
  }

  dialog.querySelector(".previous").addEventListener("click", () => go(place - 1));
  dialog.querySelector(".next").addEventListener("click", () => go(place + 1));
  dialog.querySelector(".close").addEventListener("click", () => dialog.close());
  // Beside the dialog is its backdrop, which counts as the dialog itself.
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("keydown", (event) => {
    if (event.target.matches("input, .sheet")) return; // arrows move the slider or the picture there
    if (event.key === "ArrowLeft") go(place - 1);
    if (event.key === "ArrowRight") go(place + 1);
  });

  return function open(all, first) {
    things = all;
    for (const step of dialog.querySelectorAll(".previous, .next")) step.hidden = things.length < 2;
    dialog.showModal();
    go(things.indexOf(first));
  };
}
