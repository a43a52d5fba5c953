// @ts-check
// The buttons that end every widget's controls: back to the page's start, and the same as code.
import { element } from "./controls.js";

/**
 * Reset brings the `names` back to what `start` says; `program` writes the Python that prints the
 * shown numbers, and where something trains `torchProgram` the same with PyTorch.
 * @template {Record<string, any>} State
 * @param {{ names: readonly (keyof State)[], start: State, set: (name: any, value: any) => void,
 *   program: () => string | Promise<string>, torchProgram?: () => string | Promise<string> }} what
 */
export function actions({ names, start, set, program, torchProgram }) {
  const reset = element("button", { type: "button" }, "Reset");
  reset.addEventListener("click", () => {
    for (const name of names) set(name, start[name]);
  });
  const said = element("span", { class: "seed", role: "status" });
  const shown = element("textarea", {
    class: "program", readonly: "", rows: 8, spellcheck: "false", "aria-label": "The program", hidden: "",
  });
  /** @param {string} label @param {string} what @param {() => string | Promise<string>} written */
  const copier = (label, what, written) => {
    const copy = element("button", { type: "button" }, label);
    copy.addEventListener("click", async () => {
      const code = await written();
      shown.hidden = await copied(code);
      said.textContent = shown.hidden ? `Copied: a ${what} program.` : "Copy the program from here:";
      if (shown.hidden) return;
      shown.value = code;
      shown.focus();
      shown.select();
    });
    return copy;
  };
  const copies = [copier("Copy as code", "NumPy", program)];
  if (torchProgram) copies.push(copier("Copy as PyTorch", "PyTorch", torchProgram));
  return element("div", {}, element("div", { class: "again" }, reset, ...copies, said), shown);
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
