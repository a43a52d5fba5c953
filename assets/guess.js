// @ts-check
// A guess is written down where it is asked for, kept in this browser alone, and shown again where it
// is settled: a paragraph of class "settles" answers the last guess before it that is still open.
//
//   class "guess"            a line to write on
//   … with a list inside     one of its items; class "outcome-2" on what settles it: the second came out
//   class "guess power"      a power of ten, or one for each item of a list; what settles it has the
//                            measured values in the same order, as its first glued numbers

/**
 * A guess as it is kept: what was said, in words, and `off`, in powers of ten or 1 for a wrong
 * outcome. `off` is left out where nothing can be compared.
 * @typedef {{ kind: "line" | "power" | "outcome", said: string[], words: string, off?: number, title: string }} Kept
 */

const ROOT = new URL("..", import.meta.url).pathname; // of the book, on a host that may have others
const PREFIX = "guess:";
const NUMBERS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** @param {number} n */
const key = (n) => `${PREFIX}${location.pathname}:${n}`;

/** @param {string} name @returns {Kept | undefined} */
function load(name) {
  try {
    const kept = JSON.parse(localStorage.getItem(name) ?? "");
    return Array.isArray(kept.said) && typeof kept.words === "string" ? kept : undefined;
  } catch {
    return undefined; // a browser that keeps nothing, or nothing kept
  }
}

/** @param {string} name @param {Kept} kept */
function save(name, kept) {
  try {
    if (kept.said.some((text) => text.trim())) localStorage.setItem(name, JSON.stringify(kept));
    else localStorage.removeItem(name);
  } catch {
    // nothing is kept, and the page still takes what is said
  }
}

/** @param {string} exponent */
const power = (exponent) => `10${exponent.replace("-", "⁻").replace(".", "·").replace(/\d/g, (d) => SUPERSCRIPTS[Number(d)])}`;

/** The number in a glued text such as "3 × 10⁻⁷", "1,200" or "12%", or NaN. @param {string} text */
function measured(text) {
  const found = /([\d,]*\.?\d+)(?:\s*×\s*10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))?\s*(%)?/.exec(text.replaceAll("−", "-"));
  if (!found) return NaN;
  const exponent = [...(found[2] ?? "⁰")].map((sign) => (sign === "⁻" ? "-" : SUPERSCRIPTS.indexOf(sign))).join("");
  return (Number(found[1].replaceAll(",", "")) * 10 ** Number(exponent)) / (found[3] ? 100 : 1);
}

/** @param {number} off */
function distance(off) {
  if (off < 0.6) return "as near as a power of ten can be"; // a factor of four
  const whole = Math.round(off);
  return `${NUMBERS[whole] ?? whole} ${whole === 1 ? "power" : "powers"} of ten off`;
}

/** @param {Element} guess */
function kindOf(guess) {
  if (guess.classList.contains("power")) return "power";
  return guess.querySelector("ul") ? "outcome" : "line";
}

/** The pairs of a guess and the paragraph that settles it. */
function pairs() {
  /** @type {{ guess: Element, settles?: Element }[]} */
  const all = [], open = [];
  for (const part of document.querySelectorAll(".guess.admonition, .settles")) {
    if (part.matches(".settles")) Object.assign(open.pop() ?? {}, { settles: part });
    else {
      const pair = { guess: part };
      all.push(pair);
      open.push(pair);
    }
  }
  return all;
}

const title = () => document.querySelector(".bd-article h1")?.textContent?.replace(/#$/, "").trim() ?? document.title;

/**
 * @param {{ guess: Element, settles?: Element }} pair
 * @param {number} n
 */
function install({ guess, settles }, n) {
  const kind = kindOf(guess), said = load(key(n))?.said ?? [];
  const list = guess.querySelector("ul"), items = [...(list?.children ?? [])].map((item) => item.textContent?.trim() ?? "");
  const echo = document.createElement("span");
  echo.className = "guess-echo";
  settles?.prepend(echo);

  /** What is said of it, and how far off it was. @param {string[]} given @returns {Omit<Kept, "kind" | "said" | "title">} */
  function judged(given) {
    if (kind === "line") return { words: `You guessed: ${given[0].trim()}` };
    if (kind === "outcome") {
      const right = Number(/\boutcome-(\d+)/.exec(settles?.className ?? "")?.[1]) - 1;
      if (!(right in items)) return { words: `You guessed: ${given[0]}` };
      const hit = given[0] === items[right];
      return { words: hit ? `You guessed “${given[0]}”, and so it is.` : `You guessed “${given[0]}”; it is “${items[right]}”.`, off: hit ? 0 : 1 };
    }
    const found = [...(settles?.querySelectorAll(".pasted-text") ?? [])].map((glued) => glued.textContent ?? "");
    const parts = given.flatMap(/** @returns {{ words: string, off?: number }[]} */ (exponent, k) => {
      if (!exponent.trim() || Number.isNaN(Number(exponent))) return [];
      const off = Math.abs(Number(exponent) - Math.log10(Math.abs(measured(found[k] ?? ""))));
      const you = items[k] ? `For ${items[k]} you` : "You";
      if (!Number.isFinite(off)) return [{ words: `${you} guessed ${power(exponent)}.` }];
      return [{ words: `${you} guessed ${power(exponent)}; it is ${found[k]}: ${distance(off)}.`, off }];
    });
    const offs = parts.flatMap(({ off }) => (off === undefined ? [] : [off]));
    const words = parts.map((part) => part.words).join(" ");
    return offs.length ? { words, off: offs.reduce((sum, off) => sum + off) / offs.length } : { words };
  }

  /** @param {string[]} given */
  function tell(given) {
    const blank = !given.some((text) => text.trim());
    const { words, off } = blank ? { words: "" } : judged(given);
    echo.hidden = !words;
    echo.textContent = words;
    return { words, off };
  }

  /** @param {string[]} given */
  function take(given) {
    save(key(n), { kind, said: given, title: title(), ...tell(given) });
    showAll();
  }

  if (kind === "outcome") outcomes(guess, n, items, said, take);
  else lines(guess, kind, items, said, take);
  if (list) list.remove();
  if (said.length) save(key(n), { kind, said, title: title(), ...tell(said) }); // what was measured may have changed
  else tell([]);
}

/** A line, or a power of ten for each item. @param {Element} guess @param {"line" | "power"} kind @param {string[]} items @param {string[]} said @param {(given: string[]) => void} take */
function lines(guess, kind, items, said, take) {
  const inputs = (kind === "power" && items.length ? items : [""]).map((item, k) => {
    const line = document.createElement("label"), input = document.createElement("input");
    line.className = "guess-line";
    Object.assign(input, kind === "line" ? { type: "text", maxLength: 60 } : { type: "number", min: "-300", max: "300", step: "any", inputMode: "text" });
    Object.assign(input, { autocomplete: "off", value: said[k] ?? "" });
    const asked = item ? `Your guess for ${item}` : "Your guess";
    line.append(kind === "line" ? asked : `${asked}: 10 to the power of`, input);
    guess.append(line);
    return input;
  });
  for (const input of inputs) input.addEventListener("input", () => take(inputs.map(({ value }) => value)));
}

/** A radio button for each item. @param {Element} guess @param {number} n @param {string[]} items @param {string[]} said @param {(given: string[]) => void} take */
function outcomes(guess, n, items, said, take) {
  const group = document.createElement("fieldset"), legend = document.createElement("legend");
  group.className = "guess-line";
  legend.textContent = "Your guess";
  group.append(legend);
  for (const item of items) {
    const label = document.createElement("label"), radio = document.createElement("input");
    Object.assign(radio, { type: "radio", name: `guess-${n}`, checked: said[0] === item });
    radio.addEventListener("change", () => take([item]));
    label.append(radio, item);
    group.append(label);
  }
  guess.append(group);
}

/** All guesses of the book that this browser has kept, in the order of its pages. @returns {Kept[]} */
function kept() {
  try {
    const names = Object.keys(localStorage).filter((name) => name.startsWith(PREFIX + ROOT));
    return names.sort().flatMap((name) => load(name) ?? []);
  } catch {
    return [];
  }
}

/** @param {Kept[]} powers */
const mean = (powers) => powers.reduce((sum, { off }) => sum + (off ?? 0), 0) / powers.length;

/** @param {Kept[]} all */
function summary(all) {
  const powers = all.filter(({ kind, off }) => kind === "power" && Number.isFinite(off));
  const outcome = all.filter(({ kind, off }) => kind === "outcome" && off !== undefined);
  const half = Math.ceil(powers.length / 2), parts = [];
  if (powers.length > 1) {
    parts.push(`Your first ${half === 1 ? "power of ten was" : `${NUMBERS[half] ?? half} powers of ten were`} off by ${mean(powers.slice(0, half)).toFixed(1)} powers `
      + `on average, the rest by ${mean(powers.slice(half)).toFixed(1)}.`);
  }
  const named = outcome.filter(({ off }) => off === 0).length;
  if (outcome.length) parts.push(`You named ${named || "none"} of ${outcome.length} ${outcome.length === 1 ? "outcome" : "outcomes"}.`);
  return parts.join(" ");
}

/** The list of the last chapter, behind a paragraph of class "guesses". */
function showAll() {
  for (const paragraph of document.querySelectorAll(".guesses")) {
    const old = paragraph.nextElementSibling, all = kept().filter(({ words }) => words);
    if (old?.matches(".guess-list")) old.remove();
    const shown = document.createElement("div"), list = document.createElement("ul"), said = document.createElement("p");
    shown.className = "guess-list";
    said.textContent = all.length ? summary(all) : "Nothing is kept here yet.";
    for (const { title: page, words } of all) {
      const item = document.createElement("li"), of = document.createElement("b");
      of.textContent = `${page}.`;
      item.append(of, ` ${words}`);
      list.append(item);
    }
    shown.append(said, ...(all.length ? [list] : []));
    paragraph.after(shown);
  }
}

pairs().forEach(install);
showAll();
