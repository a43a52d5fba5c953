// @ts-check
// What a widget draws: a figure that is made anew, its legend, and the button for another draw.
import { element } from "./controls.js";

/**
 * A figure as SVG markup, with what it shows in words. `height` is in pixels, or depends on the width.
 * @template Shown
 * @param {{ height: number | ((width: number) => number), chart: (shown: Shown, width: number) => string,
 *   describe: (shown: Shown) => string }} what
 */
export function picture({ height, chart, describe }) {
  const figure = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  figure.setAttribute("role", "img");
  if (typeof height === "number") figure.setAttribute("height", String(height));
  return {
    figure,
    /** @param {Shown} shown @param {number} width */
    draw(shown, width) {
      const high = typeof height === "number" ? height : height(width);
      figure.setAttribute("height", String(high));
      figure.setAttribute("viewBox", `0 0 ${width} ${high}`);
      figure.innerHTML = chart(shown, width);
      figure.setAttribute("aria-label", describe(shown));
    },
  };
}

/**
 * The figure's signs and what they mean, and words that have no sign.
 * @param {[sign: string, meaning: string][]} items
 * @param {{ height: number, words?: string[] }} options
 */
export function legend(items, { height, words = [] }) {
  const list = element("div", { class: "legend" });
  list.innerHTML = items.map(([sign, meaning]) =>
    `<span><svg width="22" height="${height}" aria-hidden="true">${sign}</svg>${meaning}</span>`,
  ).join("") + words.map((text) => `<span>${text}</span>`).join("");
  return list;
}

/**
 * A button that takes the next seed.
 * @param {import("./live.js").Model<any>} model
 * @param {(name: "seed", value: number) => void} set
 * @param {{ max: number }} seed
 */
export function newDraw(model, set, { max }) {
  const button = element("button", { type: "button" }, "New draw");
  button.addEventListener("click", () => set("seed", (model.get("seed") + 1) % max));
  return button;
}
