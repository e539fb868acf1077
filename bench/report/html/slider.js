// A slider from the grey picture (0) over the prediction (100) to the truth (200).
function sliderWords(value) {
  if (value === 0) return "grey";
  if (value === 100) return "prediction";
  if (value === 200) return "truth";
  return value < 100 ? `${value} % prediction over grey` : `${value - 100} % truth over prediction`;
}

// The pictures below `root` follow the slider: how far they are uncovered is a matter of the stylesheet.
function connectSlider(slider, root) {
  const input = slider.querySelector("input");
  const stops = [...slider.querySelectorAll("button")];

  function show() {
    const value = input.valueAsNumber;
    input.setAttribute("aria-valuetext", sliderWords(value));
    root.style.setProperty("--prediction", `${Math.min(value, 100)}%`);
    root.style.setProperty("--truth", `${Math.max(value - 100, 0)}%`);
    root.style.setProperty("--edge", value % 100 === 0 ? "-1rem" : `${value % 100}%`);
    for (const stop of stops) stop.setAttribute("aria-pressed", String(Number(stop.value) === value));
  }

  function move(value) {
    input.value = value;
    show();
  }

  input.addEventListener("input", show);
  for (const stop of stops) stop.addEventListener("click", () => move(stop.value));
  show();
  return { move, value: () => input.valueAsNumber };
}
