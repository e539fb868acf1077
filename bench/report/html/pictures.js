// All cells side by side on one test picture.
const compare = document.querySelector("section.compare");
const strips = new Map();

// The decoded strip of pictures at a data: address.
function decodeStrip(address) {
  if (!strips.has(address)) {
    const image = new Image();
    image.src = address;
    strips.set(address, image.decode().then(() => image));
  }
  return strips.get(address);
}

function drawPicture(strip, place, name) {
  const size = strip.naturalHeight;
  const canvas = document.createElement("canvas");
  canvas.className = name;
  canvas.width = canvas.height = size;
  canvas.getContext("2d").drawImage(strip, place * size, 0, size, size, 0, 0, size, size);
  return canvas;
}

function element(tag, text, name) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (name) made.className = name;
  return made;
}

function cellTitle(cell) {
  return [cell.architecture, cell.loss].filter((part) => part !== null).join(" with ");
}

function comparePictures() {
  const data = JSON.parse(document.querySelector("script.pictures").textContent);
  const [datasetField, orderField, filterField, thumbnails, grid, count] = [
    "select.dataset",
    "select.order",
    "input[type='search']",
    ".thumbnails",
    ".cells",
    ".count",
  ].map((selector) => compare.querySelector(selector));
  const slider = connectSlider(compare.querySelector(".slider"), compare);
  const dialog = document.querySelector("dialog.picture");
  const largeSlider = connectSlider(dialog.querySelector(".slider"), dialog);
  let shown = null; // the data set with its strips decoded
  let place = 0; // of the picture in them

  const openPicture = makeStepper(dialog, (cell) => {
    dialog.querySelector("h2").textContent = cellTitle(cell);
    dialog.querySelector(".stage").replaceChildren(tile(cell));
    dialog.querySelector(".caption").textContent = [`#${shown.numbers[place]} of ${shown.name}`, ...facts(cell)].join(" · ");
  });

  function facts(cell) {
    const score = cell.lpips[place];
    return [
      ...(cell.seed === null ? [] : [`seed ${cell.seed}`]),
      ...(typeof score === "number" ? [`LPIPS ${score.toFixed(3)}`] : []),
    ];
  }

  function tile(cell) {
    const made = element("div", undefined, "tile");
    made.append(
      drawPicture(shown.greyStrip, place, "grey"),
      drawPicture(cell.strip, place, "prediction"),
      drawPicture(shown.truthStrip, place, "truth"),
    );
    return made;
  }

  function card(cell, visible) {
    const made = element("figure", undefined, "cell");
    const caption = element("figcaption");
    caption.append(element("b", cell.architecture));
    for (const text of [...(cell.loss === null ? [] : [cell.loss]), ...facts(cell)]) caption.append(element("span", text));
    if (cell.strip) {
      const button = element("button", undefined, "enlarge");
      button.type = "button";
      button.setAttribute("aria-label", `Enlarge the picture of ${[cellTitle(cell), ...facts(cell)].join(", ")}`);
      button.append(tile(cell));
      button.addEventListener("click", () => {
        largeSlider.move(slider.value());
        openPicture(visible, cell);
      });
      made.append(button, caption);
    } else {
      made.append(element("div", cell.missing, "tile hole"), caption);
    }
    return made;
  }

  function reference(strip, name, text) {
    const made = element("figure", undefined, "cell reference");
    const frame = element("div", undefined, "tile");
    frame.append(drawPicture(strip, place, ""));
    const caption = element("figcaption");
    caption.append(element("b", name), element("span", text));
    made.append(frame, caption);
    return made;
  }

  function ordered(cells) {
    const keys = { report: () => 0, picture: (cell) => cell.lpips[place], mean: (cell) => cell.mean };
    const key = (cell) => keys[orderField.value](cell) ?? Infinity;
    return [...cells].sort((one, other) => (key(one) === key(other) ? 0 : key(one) - key(other)));
  }

  function showCells() {
    const words = wordsOf(filterField.value);
    const found = ordered(shown.cells).filter((cell) => {
      const text = [cellTitle(cell), ...facts(cell)].join(" ").toLowerCase();
      return words.every((word) => text.includes(word));
    });
    const visible = found.filter((cell) => cell.strip);
    grid.replaceChildren(
      reference(shown.greyStrip, "grey input", "what networks see"),
      reference(shown.truthStrip, "truth", "what they should paint"),
      ...found.map((cell) => card(cell, visible)),
    );
    count.textContent = `${found.length} of ${shown.cells.length} cells on ${shown.name}`;
  }

  function showThumbnails() {
    thumbnails.replaceChildren(
      ...shown.numbers.map((number, index) => {
        const label = element("label");
        const choice = element("input");
        Object.assign(choice, { type: "radio", name: "compare-picture", checked: index === place });
        choice.addEventListener("change", () => {
          place = index;
          showCells();
        });
        label.append(choice, drawPicture(shown.truthStrip, index, ""), element("span", `#${number}`));
        return label;
      }),
    );
  }

  async function showDataset() {
    const dataset = data[datasetField.selectedIndex];
    const [greyStrip, truthStrip, ...others] = await Promise.all(
      [dataset.grey, dataset.truth, ...dataset.cells.map((cell) => cell.pictures)].map((one) => one && decodeStrip(one)),
    );
    if (dataset !== data[datasetField.selectedIndex]) return; // another one was chosen meanwhile
    const cells = dataset.cells.map((cell, index) => ({ ...cell, strip: others[index] }));
    shown = { ...dataset, greyStrip, truthStrip, cells };
    place = Math.min(place, shown.numbers.length - 1);
    compare.classList.toggle("coarse", truthStrip.naturalHeight < 200);
    dialog.classList.toggle("coarse", truthStrip.naturalHeight < 400);
    showThumbnails();
    showCells();
  }

  datasetField.append(...data.map((dataset) => element("option", dataset.name)));
  datasetField.addEventListener("change", showDataset);
  orderField.addEventListener("change", showCells);
  filterField.addEventListener("input", showCells);
  showDataset();
}

if (compare) comparePictures();
