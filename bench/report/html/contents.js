// The table of contents: beside the text on wide screens, folded above it on narrow ones.
const contents = document.querySelector("details.contents");
const wide = matchMedia("(min-width: 75rem)");

function placeContents() {
  contents.open = wide.matches;
}

wide.addEventListener("change", placeContents);
placeContents();

contents.addEventListener("click", (event) => {
  if (event.target.closest("a") && !wide.matches) contents.open = false;
});

// The section that reaches highest into the upper part of the window is the current one.
const contentsLinks = new Map(
  [...contents.querySelectorAll("a")].map((link) => [decodeURIComponent(link.hash.slice(1)), link]),
);
const seenSections = new Set();
const sectionObserver = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) seenSections.add(target);
      else seenSections.delete(target);
    }
    const current = [...document.querySelectorAll("main > section")].find((section) => seenSections.has(section));
    for (const [anchor, link] of contentsLinks) {
      if (anchor === current?.getAttribute("aria-labelledby")) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  },
  { rootMargin: "0px 0px -70% 0px" },
);
for (const section of document.querySelectorAll("main > section")) sectionObserver.observe(section);
