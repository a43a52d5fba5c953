// @ts-check
// A guess is written down where it is asked for, kept in this browser alone, and shown again where it
// is settled: the nth paragraph of class "settles" answers the nth guess of the page.

/** @param {number} n */
const key = (n) => `guess:${location.pathname}:${n}`;

/** @param {number} n */
function load(n) {
  try {
    return localStorage.getItem(key(n)) ?? "";
  } catch {
    return ""; // a browser that keeps nothing
  }
}

/** @param {number} n @param {string} text */
function save(n, text) {
  try {
    localStorage.setItem(key(n), text);
  } catch {
    // nothing is kept, and the line still takes what is written
  }
}

const echoes = [...document.querySelectorAll(".settles")].map((paragraph) => {
  const echo = document.createElement("span");
  echo.className = "guess-echo";
  paragraph.prepend(echo);
  return echo;
});

/** @param {number} n @param {string} text */
function tell(n, text) {
  const echo = echoes[n];
  if (!echo) return;
  echo.hidden = !text.trim();
  echo.textContent = echo.hidden ? "" : `You guessed: ${text.trim()}`;
}

document.querySelectorAll(".guess.admonition").forEach((guess, n) => {
  const line = document.createElement("label");
  line.className = "guess-line";
  const input = document.createElement("input");
  Object.assign(input, { type: "text", maxLength: 60, autocomplete: "off", value: load(n) });
  input.addEventListener("input", () => {
    save(n, input.value);
    tell(n, input.value);
  });
  line.append("Your guess", input);
  guess.append(line);
  tell(n, input.value);
});
