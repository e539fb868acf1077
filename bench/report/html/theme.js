// Light or dark: as the system has it, until the reader chooses otherwise.
const THEMES = ["system", "light", "dark"];
const themeButton = document.querySelector("button.theme");

function showTheme(theme) {
  document.documentElement.dataset.theme = theme;
  themeButton.textContent = `Theme: ${theme}`;
}

function storedTheme() {
  try {
    return localStorage.getItem("colorization-bench-theme");
  } catch {
    return null; // a browser may forbid it to a page that was opened as a file
  }
}

themeButton.addEventListener("click", () => {
  const theme = THEMES[(THEMES.indexOf(document.documentElement.dataset.theme) + 1) % THEMES.length];
  showTheme(theme);
  try {
    localStorage.setItem("colorization-bench-theme", theme);
  } catch {
    // it then holds until the page is closed
  }
});

showTheme(THEMES.includes(storedTheme()) ? storedTheme() : "system");
themeButton.hidden = false;
for (const part of document.querySelectorAll(".scripted")) part.hidden = false;
