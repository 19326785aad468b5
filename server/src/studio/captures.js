// The times that a product was photographed: which one is worked on, and a new one.
import { call } from "./api.js";
import { element, t } from "./element.js";

const title = (capture) => [
  t(`Lần chụp ${capture.number}`, `Capture ${capture.number}`),
  capture.takenOn,
  capture.note.split("\n")[0].slice(0, 60),
].filter(Boolean).join(" · ");

/** A choice among the product's captures, and a form for a new one. `chosen` gets the one that is worked on from now on. */
export function captures(product, chosen) {
  const known = [...product.captures];
  const select = element("select", { name: "capture" });
  const fill = (id) => select.replaceChildren(...known.map((one) => element("option", { value: one.id, selected: one.id === id }, title(one))));
  fill(known[0].id);
  select.addEventListener("change", () => chosen(known.find((one) => one.id === select.value)));
  const answer = element("div", { "aria-live": "polite" });
  const form = element("form", { class: "fields" },
    element("label", {}, t("Ngày chụp", "Day of the photos"), element("input", { type: "date", name: "takenOn" })),
    element("label", { class: "wide" }, t("Ghi chú", "Note"), element("input", { name: "note", maxlength: 500, autocomplete: "off" })),
    element("div", { class: "actions" }, element("button", {}, t("Thêm lần chụp", "Add the capture"))), answer);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const data = new FormData(form);
    answer.replaceChildren();
    try {
      const made = await call("POST", `/api/products/${product.id}/captures`, { takenOn: data.get("takenOn") || undefined, note: data.get("note") });
      known.unshift(made);
      fill(made.id);
      form.reset();
      fresh.open = false;
      chosen(made);
    } catch (refusal) {
      answer.replaceChildren(element("p", { class: "problem", role: "alert" }, refusal.message));
    }
  });
  const fresh = element("details", {}, element("summary", {}, t("Chụp lại sản phẩm này", "Photograph it again")), form);
  return element("section", { class: "panel captures" }, element("label", {}, t("Lần chụp", "Capture"), select), fresh);
}
