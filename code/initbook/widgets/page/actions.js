// @ts-check
// Two buttons that end every widget's controls: back to the page's start, and the same as code.
import { element } from "./controls.js";

/**
 * Reset brings the `names` back to what `start` says; `program` writes the Python that prints the shown numbers.
 * @template {Record<string, any>} State
 * @param {{ names: readonly (keyof State)[], start: State, set: (name: any, value: any) => void, program: () => string | Promise<string> }} what
 */
export function actions({ names, start, set, program }) {
  const reset = element("button", { type: "button" }, "Reset");
  reset.addEventListener("click", () => {
    for (const name of names) set(name, start[name]);
  });
  const copy = element("button", { type: "button" }, "Copy as code");
  const said = element("span", { class: "seed", role: "status" });
  const shown = element("textarea", {
    class: "program", readonly: "", rows: 8, spellcheck: "false", "aria-label": "The program", hidden: "",
  });
  copy.addEventListener("click", async () => {
    const code = await program();
    shown.hidden = await copied(code);
    said.textContent = shown.hidden ? "Copied: a NumPy program." : "Copy the program from here:";
    if (shown.hidden) return;
    shown.value = code;
    shown.focus();
    shown.select();
  });
  return element("div", {}, element("div", { class: "again" }, reset, copy, said), shown);
}

/** Whether the text is in the clipboard: a page that is not served safely has none. @param {string} text */
async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
