// @ts-check
// Labeled native controls that the widgets share. Each returns { root, show(value) }.

let ids = 0;

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, string | number>} attributes
 * @param {(Node | string)[]} children
 */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  node.append(...children);
  return node;
}

const LOG_STEP = 0.005; // of a decade: 1.2 % a key press

/**
 * A slider and a number box for one value; `log` lays the slider's positions out in decades. The
 * box reaches down to `low`, and `say` is the value in words.
 * @param {{ label: string, min: number, max: number, step: number, low?: number, log?: boolean,
 *   say?: (value: number) => string, onInput: (value: number) => void }} options
 */
export function slider({ label, min, max, step, low = min, log = false, say = String, onInput }) {
  const id = `book-control-${++ids}`;
  const place = log ? Math.log10 : Number, value = log ? (/** @type {number} */ x) => 10 ** x : Number;
  const notch = log ? LOG_STEP : step;
  const range = element("input", { // with a notch at exactly 1 on a log slider
    type: "range", id, step: notch,
    min: notch * Math.floor(place(min) / notch), max: notch * Math.ceil(place(max) / notch),
  });
  const box = element("input", {
    type: "number", min: low, max, step, inputmode: "decimal",
    "aria-label": `${label}, as a number`,
  });
  range.addEventListener("input", () => {
    const rounded = log ? Number(value(range.valueAsNumber).toPrecision(3)) : range.valueAsNumber;
    onInput(Math.min(Math.max(rounded, min), max));
  });
  box.addEventListener("input", () => {
    if (box.valueAsNumber >= low && box.valueAsNumber <= max) onInput(box.valueAsNumber);
  });
  const settle = () => (box.value = String(Number(Number(box.dataset.value).toPrecision(4))));
  box.addEventListener("change", settle);
  return {
    root: element("div", { class: "slider" }, element("label", { for: id }, label), range, box),
    /** @param {number} shown */
    show(shown) {
      range.value = String(place(Math.max(shown, min)));
      range.setAttribute("aria-valuetext", say(shown));
      box.dataset.value = String(shown);
      if (document.activeElement !== box) settle();
    },
  };
}

/**
 * One of several, as radio buttons: each of the `choices` by its name, under its label.
 * @param {{ legend: string, choices: Record<string, { label: string }>, onInput: (value: string) => void }} options
 */
export function choice({ legend, choices, onInput }) {
  const group = `book-control-${++ids}`;
  const root = element("fieldset", { class: "choice" }, element("legend", {}, legend));
  for (const [value, { label }] of Object.entries(choices)) {
    const radio = element("input", { type: "radio", name: group, value });
    radio.addEventListener("change", () => onInput(value));
    root.append(element("label", {}, radio, element("span", {}, label)));
  }
  return {
    root,
    /** @param {string} value */
    show(value) {
      for (const radio of root.querySelectorAll("input")) radio.checked = radio.value === value;
    },
  };
}

/**
 * One of several, from a list that opens: for choices that would take too much room side by side.
 * @param {{ label: string, choices: Record<string, { label: string }>, onInput: (value: string) => void }} options
 */
export function selection({ label, choices, onInput }) {
  const list = element("select");
  for (const [value, { label: name }] of Object.entries(choices)) list.append(element("option", { value }, name));
  list.addEventListener("change", () => onInput(list.value));
  return {
    root: element("label", { class: "selection" }, element("span", {}, label), list),
    /** @param {string} value */
    show(value) {
      list.value = value;
    },
  };
}

/**
 * Buttons that set a value; the one whose value is shown is marked as pressed. `options` are pairs
 * of a text and its value now.
 * @param {{ label: string, options: [string, () => number][], onInput: (value: number) => void }} options
 */
export function presets({ label, options, onInput }) {
  const root = element("div", { class: "presets", role: "group", "aria-label": label });
  const buttons = options.map(([text, valueNow]) => {
    const button = element("button", { type: "button" }, text);
    button.addEventListener("click", () => onInput(valueNow()));
    root.append(button);
    return { button, valueNow };
  });
  return {
    root,
    /** @param {number} shown */
    show(shown) {
      for (const { button, valueNow } of buttons) {
        const same = Math.abs(shown - valueNow()) <= 1e-9 * shown;
        button.setAttribute("aria-pressed", String(same));
      }
    },
  };
}
