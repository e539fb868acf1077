// Figures that enlarge: to the window, or to their full size where the window is narrower.
const figureDialog = document.querySelector("dialog.figure");
const figureImages = [...document.querySelectorAll("main figure img")];

const openFigure = makeStepper(figureDialog, (image) => {
  const frame = image.closest("figure");
  const large = figureDialog.querySelector("img");
  figureDialog.querySelector("h2").textContent = figureTitle(frame);
  figureDialog.querySelector(".caption").textContent = frame.querySelector("figcaption")?.textContent ?? "";
  large.src = image.src;
  large.alt = image.alt;
  large.width = image.width;
  large.height = image.height;
  figureDialog.querySelector(".sheet").scrollTo(0, 0);
});

// The bold line above a figure, or the summary of what it is folded in.
function figureTitle(frame) {
  const above = frame.previousElementSibling;
  return above?.matches("p, summary") ? above.textContent : "Figure";
}

for (const image of figureImages) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "enlarge";
  button.title = "Enlarge";
  image.replaceWith(button);
  button.append(image);
  button.addEventListener("click", () => openFigure(figureImages, image));
}
